package peers.spark;

import static org.apache.spark.sql.functions.*;

import java.util.*;
import org.apache.spark.HashPartitioner;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.*;
import org.apache.spark.sql.SparkSession;
import peers.Serve;
import scala.Tuple2;

/** One job over a file by Spark itself, on a standalone cluster: by RDDs or by SQL. */
final class Cluster {
  private static List<Map.Entry<String, Long>> pairs;

  static void serve() throws Exception {
    int parts = Serve.number("threads");
    String file = Serve.word("file");
    SparkConf conf = SparkPeer.conf(parts);
    Job job = Serve.word("peer").equals("spark-sql") ? sql(SparkSession.builder().config(conf).getOrCreate(), file)
        : Serve.word("job").equals("count") ? count(new JavaSparkContext(conf), file, Serve.number("parts"))
        : Serve.word("job").equals("lines") ? lines(new JavaSparkContext(conf), file, parts)
        : words(new JavaSparkContext(conf), file, parts);
    Serve.serve(() -> {
      long begun = System.nanoTime();
      pairs = job.run();
      return Serve.millis(begun);
    }, () -> Serve.digest(pairs));
  }

  private interface Job { List<Map.Entry<String, Long>> run(); }

  private static Job words(JavaSparkContext context, String file, int parts) {
    return () -> entries(context.textFile(file, parts).flatMap(line -> Arrays.asList(line.split(" ")).iterator())
        .mapToPair(word -> new Tuple2<>(word, 1L)).reduceByKey(Long::sum, parts).collect());
  }

  private static Job count(JavaSparkContext context, String file, int parts) {
    return () -> List.of(Map.entry("lines", context.textFile(file, parts).count()));
  }

  /** Every line travels. */
  private static Job lines(JavaSparkContext context, String file, int parts) {
    return () -> List.of(Map.entry("lines", context.textFile(file, parts)
        .mapToPair(line -> new Tuple2<>(line.substring(0, Math.min(8, line.length())), line)).partitionBy(new HashPartitioner(parts)).count()));
  }

  private static Job sql(SparkSession session, String file) {
    return () -> entries(session.read().text(file).select(explode(split(col("value"), " ")).as("word")).groupBy("word").count()
        .collectAsList().stream().map(row -> new Tuple2<>(row.getString(0), row.getLong(1))).toList());
  }

  private static List<Map.Entry<String, Long>> entries(List<Tuple2<String, Long>> all) {
    List<Map.Entry<String, Long>> entries = new ArrayList<>();
    for (Tuple2<String, Long> each : all) entries.add(new AbstractMap.SimpleEntry<>(each._1(), each._2()));
    return entries;
  }
}
