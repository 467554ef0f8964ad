package peers.spark;

import java.util.*;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.apache.spark.streaming.*;
import org.apache.spark.streaming.api.java.*;
import org.apache.spark.streaming.scheduler.*;
import peers.Serve;
import scala.Tuple2;

/**
 * Lines from a socket at shorter and shorter intervals. The receiver has a core of its own, beside those of the tasks.
 * A line begins with the moment at which it was due, in microseconds of the machine's monotonic clock.
 */
final class Intervals {
  private static final double WARM_SHARE = 0.25;
  private static final long WARM_UP_MS = 12_000;
  private static double first;
  private static String ladder = "";

  static void serve() throws Exception {
    int port = Serve.number("port");
    long ms = (long) (Double.parseDouble(Serve.word("seconds")) * 1000);
    List<Long> intervals = Arrays.stream(Serve.word("intervals").split("-")).map(Long::parseLong).collect(Collectors.toList());
    // A cold JVM falls behind at any of these: the code is compiled first, at an interval that it can keep.
    run(200, port, WARM_UP_MS);
    Serve.serve(() -> {
      List<String> steps = new ArrayList<>();
      boolean stable = true;
      for (long interval : intervals) {
        Step step = stable ? run(interval, port, ms) : new Step();
        stable = stable && step.stable(interval);
        steps.add(step.json(interval, stable));
        if (steps.size() == 1) first = Step.quantile(step.processing, 0.5);
      }
      ladder = ",\"ladder\":[" + String.join(",", steps) + "]";
      return first;
    }, () -> "null", () -> ladder);
  }

  private static Step run(long interval, int port, long ms) throws Exception {
    Step step = new Step();
    long from = System.nanoTime() + (long) (ms * WARM_SHARE * 1e6);
    JavaStreamingContext ssc = new JavaStreamingContext(SparkPeer.conf(Serve.number("threads") + 1)
        .set("spark.streaming.blockInterval", Math.max(5, interval / 2) + "ms"), Durations.milliseconds(interval));
    words(ssc.socketTextStream("127.0.0.1", port)).reduceByKey(Long::sum).foreachRDD(rdd -> {
      List<Tuple2<String, Long>> counts = rdd.collect();
      long now = System.nanoTime();
      if (now < from) return;
      for (Tuple2<String, Long> count : counts)
        if (count._1.startsWith("@")) for (long i = 0; i < count._2; i++) step.arrivals.add(now / 1e6 - Long.parseLong(count._1.substring(1)) / 1e3);
    });
    ssc.addStreamingListener(new StreamingListener() {
      @Override public void onBatchCompleted(StreamingListenerBatchCompleted event) {
        if (System.nanoTime() < from) return;
        step.processing.add((double) (Long) event.batchInfo().processingDelay().get());
        step.scheduling.add((double) (Long) event.batchInfo().schedulingDelay().get());
      }
    });
    ssc.start();
    Thread.sleep(ms);
    ssc.stop(true, false);
    return step;
  }

  private static JavaPairDStream<String, Long> words(JavaDStream<String> lines) {
    return lines.flatMap(line -> Arrays.asList(line.split(" ")).iterator()).mapToPair(word -> new Tuple2<>(word, 1L));
  }

  static final class Step {
    final List<Double> processing = Collections.synchronizedList(new ArrayList<>());
    final List<Double> scheduling = Collections.synchronizedList(new ArrayList<>());
    final List<Double> arrivals = Collections.synchronizedList(new ArrayList<>());

    boolean stable(long interval) { return !scheduling.isEmpty() && quantile(scheduling, 0.99) < interval; }

    static double quantile(List<Double> values, double q) {
      List<Double> sorted = new ArrayList<>(values);
      Collections.sort(sorted);
      return sorted.isEmpty() ? -1 : sorted.get(Math.max(0, (int) Math.ceil(q * sorted.size()) - 1));
    }
    private static String centiles(List<Double> values) {
      return String.format(Locale.ROOT, "{\"p50\":%.3f,\"p99\":%.3f}", quantile(values, 0.5), quantile(values, 0.99));
    }
    String json(long interval, boolean stable) {
      return "{\"interval\":" + interval + ",\"batches\":" + processing.size() + ",\"lines\":" + arrivals.size() + ",\"stable\":" + stable + ",\"processing\":" + centiles(processing)
          + ",\"scheduling\":" + centiles(scheduling) + ",\"arrivalToOutput\":" + centiles(arrivals) + "}";
    }
  }
}
