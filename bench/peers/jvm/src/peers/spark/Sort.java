package peers.spark;

import java.util.Collections;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import peers.Serve;

/** A batch job. The digest of the sorted partitions is not part of the measured time, as with the other peers. */
final class Sort {
  private static JavaRDD<String> sorted;

  static void serve() throws Exception {
    int threads = Serve.number("threads");
    JavaSparkContext context = new JavaSparkContext(SparkPeer.conf(threads));
    String file = Serve.word("file");
    Serve.serve(() -> {
      long begun = System.nanoTime();
      sorted = context.textFile(file, threads).sortBy(line -> line, true, threads);
      sorted.count();
      return Serve.millis(begun);
    }, () -> {
      List<long[]> parts = sorted.mapPartitions(lines -> {
        long count = 0, total = 0, inversions = 0; String last = "";
        while (lines.hasNext()) {
          String line = lines.next();
          count++; total = (total + Long.parseLong(line)) & 0xffffffffL;
          if (line.compareTo(last) < 0) inversions++;
          last = line;
        }
        return Collections.singleton(new long[] {count, total, inversions}).iterator();
      }).collect();
      long keys = 0, total = 0, inversions = 0;
      for (long[] part : parts) { keys += part[0]; total = (total + part[1]) & 0xffffffffL; inversions += part[2]; }
      return "{\"keys\":" + keys + ",\"total\":" + total + ",\"inversions\":" + inversions + "}";
    });
  }
}
