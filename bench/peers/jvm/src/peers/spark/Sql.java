package peers.spark;

import static org.apache.spark.sql.functions.*;

import java.util.AbstractMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.sql.*;
import peers.Serve;

/** Batch queries of Spark SQL over the file in the page cache. */
final class Sql {
  private static List<Row> rows;

  static void serve() throws Exception {
    SparkSession session = SparkSession.builder().config(SparkPeer.conf(Serve.number("threads"))).getOrCreate();
    String file = Serve.word("file"), workload = Serve.word("workload");
    Serve.serve(() -> {
      long begun = System.nanoTime();
      rows = query(session, workload, file).collectAsList();
      return Serve.millis(begun);
    }, () -> workload.equals("grep") ? Serve.total(rows.get(0).getLong(0)) : Serve.digest(pairs()));
  }

  private static Dataset<Row> query(SparkSession session, String workload, String file) {
    switch (workload) {
      case "wordcount": return session.read().text(file).select(explode(split(col("value"), " ")).as("word")).groupBy("word").count();
      case "grep": return session.read().text(file).filter(col("value").contains(Serve.word("word"))).agg(count(lit(1)));
      case "json": return session.read().schema("country string").json(file).groupBy("country").count();
      default: throw new IllegalArgumentException(workload);
    }
  }

  private static List<Map.Entry<String, Long>> pairs() {
    return rows.stream().map(r -> new AbstractMap.SimpleEntry<>(r.getString(0), r.getLong(1))).collect(Collectors.toList());
  }
}
