package peers.spark;

import static org.apache.spark.sql.functions.*;

import java.nio.file.*;
import java.util.*;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Collectors;
import org.apache.spark.sql.*;
import org.apache.spark.sql.streaming.*;
import peers.Serve;

/**
 * Structured Streaming over a folder: each iteration puts one more link to the file there, which is a trigger's whole
 * input. Its time is that of the trigger, as the progress report has it. An aggregation without a window is of all that
 * has come so far: the answer is what the last trigger said, divided by how many there were.
 */
final class Structured {
  /** Between two looks into the folder while it is empty; no part of any trigger. Spark's own, 10 ms, keeps a core from the others' turns. */
  private static final String POLLING_MS = "200";
  private static final BlockingQueue<Object> COMPLETED = new LinkedBlockingQueue<>();
  private static volatile List<Row> rows;
  private static int number;

  static void serve() throws Exception {
    String workload = Serve.word("workload");
    SparkSession session = SparkSession.builder()
        .config(SparkPeer.conf(Serve.number("threads")).set("spark.sql.streaming.pollingDelay", POLLING_MS)).getOrCreate();
    Path file = Paths.get(Serve.word("file")), folder = Files.createDirectories(Paths.get(Serve.word("scratch"), "in"));
    session.streams().addListener(new Completed());
    query(workload, session.readStream().text(folder.toString())).writeStream().outputMode("update")
        .option("checkpointLocation", Serve.word("scratch") + "/checkpoint")
        .foreachBatch((Dataset<Row> batch, Long id) -> { rows = batch.collectAsList(); }).start();
    Serve.serve(() -> {
      Files.createSymbolicLink(folder.resolve(String.format("%06d.txt", number++)), file);
      Object said = COMPLETED.take();
      if (said instanceof Exception e) throw e;
      return (Double) said;
    }, () -> workload.equals("grep") ? Serve.total(each(rows.get(0).getLong(0))) : Serve.digest(pairs()));
  }

  private static Dataset<Row> query(String workload, Dataset<Row> lines) {
    switch (workload) {
      case "wordcount": return lines.select(explode(split(col("value"), " ")).as("word")).groupBy("word").count();
      case "grep": return lines.filter(col("value").contains(Serve.word("word"))).groupBy().count();
      default: throw new IllegalArgumentException(workload);
    }
  }

  private static long each(long total) {
    if (total % number != 0) throw new IllegalStateException(total + " in " + number + " triggers of the same file");
    return total / number;
  }

  private static List<Map.Entry<String, Long>> pairs() {
    return rows.stream().map(r -> new AbstractMap.SimpleEntry<>(r.getString(0), each(r.getLong(1)))).collect(Collectors.toList());
  }

  private static final class Completed extends StreamingQueryListener {
    @Override public void onQueryStarted(QueryStartedEvent event) {}
    @Override public void onQueryProgress(QueryProgressEvent event) {
      // Looks that found nothing are reported now and then.
      if (event.progress().numInputRows() > 0) COMPLETED.add(event.progress().durationMs().get("triggerExecution").doubleValue());
    }
    @Override public void onQueryTerminated(QueryTerminatedEvent event) {
      if (event.exception().isDefined()) COMPLETED.add(new Exception(event.exception().get()));
    }
  }
}
