package peers.spark;

import static org.apache.spark.sql.functions.*;

import java.time.Instant;
import java.util.*;
import org.apache.spark.sql.*;
import org.apache.spark.sql.streaming.*;
import peers.Serve;

/**
 * Triggers over lines from a socket. A trigger is due at the next multiple of the interval after the one before it has
 * begun, and its scheduling delay counts from then: what falls behind does not queue, but begins late each time.
 */
final class StructuredIntervals {
  /** A trigger takes longer than any of the intervals asked for: a step lasts until there are so many. */
  private static final int LEAST_TRIGGERS = 5;
  private static final long LONGEST_MS = 60_000;

  static Ladder.Step run(long interval, int port, long ms) throws Exception {
    Ladder.Step step = new Ladder.Step();
    long begun = System.nanoTime(), from = begun + (long) (ms * Ladder.WARM_SHARE * 1e6);
    SparkSession session = SparkSession.builder().config(SparkPeer.conf(Serve.number("threads"))).getOrCreate();
    Delays delays = new Delays(step, interval, from);
    session.streams().addListener(delays);
    // Counts go on from trigger to trigger: of a moment's lines, those are new that were not in its last count.
    Map<String, Long> known = new HashMap<>();
    StreamingQuery query = session.readStream().format("socket").option("host", "127.0.0.1").option("port", port).load()
        .select(explode(split(col("value"), " ")).as("word")).groupBy("word").count()
        .writeStream().outputMode("update").trigger(Trigger.ProcessingTime(interval))
        .foreachBatch((Dataset<Row> batch, Long id) -> {
          List<Row> counts = batch.collectAsList();
          long now = System.nanoTime();
          for (Row count : counts) {
            if (!count.getString(0).startsWith("@")) continue;
            Long before = known.put(count.getString(0), count.getLong(1));
            if (now < from) continue;
            for (long i = before == null ? 0 : before; i < count.getLong(1); i++) step.arrivals.add(now / 1e6 - Long.parseLong(count.getString(0).substring(1)) / 1e3);
          }
        }).start();
    for (long took = 0; took < ms || (step.processing.size() < LEAST_TRIGGERS && took < LONGEST_MS); took = (System.nanoTime() - begun) / 1_000_000)
      if (query.awaitTermination(Math.max(1, Math.min(100, ms - took)))) throw new IllegalStateException("the query has ended");
    query.stop();
    session.streams().removeListener(delays);
    return step;
  }

  private static final class Delays extends StreamingQueryListener {
    private final Ladder.Step step;
    private final long interval, from;
    private long due = Long.MAX_VALUE;

    Delays(Ladder.Step step, long interval, long from) { this.step = step; this.interval = interval; this.from = from; }

    @Override public void onQueryStarted(QueryStartedEvent event) {}
    @Override public void onQueryProgress(QueryProgressEvent event) {
      long started = Instant.parse(event.progress().timestamp()).toEpochMilli();
      long late = Math.max(0, started - due);
      due = (started / interval + 1) * interval;
      if (System.nanoTime() < from || event.progress().numInputRows() == 0) return;
      step.processing.add(event.progress().durationMs().get("triggerExecution").doubleValue());
      step.scheduling.add((double) late);
    }
    @Override public void onQueryTerminated(QueryTerminatedEvent event) {}
  }
}
