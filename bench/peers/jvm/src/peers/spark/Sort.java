package peers.spark;

import java.util.Collections;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import peers.Serve;

/** A batch job: each partition of the sorted file says what it holds. */
final class Sort {
  private static List<long[]> parts;

  static void serve() throws Exception {
    int threads = Serve.number("threads");
    JavaSparkContext context = new JavaSparkContext(SparkPeer.conf(threads));
    String file = Serve.word("file");
    Serve.serve(() -> {
      long begun = System.nanoTime();
      parts = context.textFile(file, threads).sortBy(line -> line, true, threads).mapPartitions(lines -> {
        long count = 0, total = 0, inversions = 0; String last = "";
        while (lines.hasNext()) {
          String line = lines.next();
          count++; total = (total + Long.parseLong(line)) & 0xffffffffL;
          if (line.compareTo(last) < 0) inversions++;
          last = line;
        }
        return Collections.singleton(new long[] {count, total, inversions}).iterator();
      }).collect();
      return Serve.millis(begun);
    }, () -> {
      long keys = 0, total = 0, inversions = 0;
      for (long[] part : parts) { keys += part[0]; total = (total + part[1]) & 0xffffffffL; inversions += part[2]; }
      return "{\"keys\":" + keys + ",\"total\":" + total + ",\"inversions\":" + inversions + "}";
    });
  }
}
