import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.BytesWritable;
import org.apache.hadoop.io.IntWritable;
import org.apache.hadoop.io.LongWritable;
import org.apache.hadoop.io.NullWritable;
import org.apache.hadoop.io.SequenceFile;
import org.apache.hadoop.io.SequenceFile.CompressionType;
import org.apache.hadoop.io.SequenceFile.Writer;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.io.Writable;
import org.apache.hadoop.io.compress.DefaultCodec;

/** Writes SequenceFiles of each compression by Hadoop's own writer. args: folder, records */
public class WriteSequences {
  public static void main(String[] args) throws Exception {
    int records = Integer.parseInt(args[1]);
    for (CompressionType type : CompressionType.values()) {
      try (Writer writer = open(args[0] + "/text-" + type, type, Text.class, LongWritable.class)) {
        for (int i = 0; i < records; i++) writer.append(new Text("key ü " + i), new LongWritable(i * 1_000_003L - 7));
      }
      try (Writer writer = open(args[0] + "/bytes-" + type, type, IntWritable.class, BytesWritable.class)) {
        for (int i = 0; i < records; i++) writer.append(new IntWritable(-i), new BytesWritable(new byte[i % 300]));
      }
      try (Writer writer = open(args[0] + "/null-" + type, type, NullWritable.class, Text.class)) {
        for (int i = 0; i < records; i++) writer.append(NullWritable.get(), new Text("x".repeat(i % 200)));
      }
    }
  }

  private static Writer open(String path, CompressionType type, Class<? extends Writable> key, Class<? extends Writable> value)
      throws Exception {
    DefaultCodec codec = new DefaultCodec();
    codec.setConf(new Configuration());
    return SequenceFile.createWriter(
        new Configuration(),
        Writer.file(new Path("file://" + path)),
        Writer.keyClass(key),
        Writer.valueClass(value),
        Writer.compression(type, codec));
  }
}
