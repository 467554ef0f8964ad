package peers.spark;

import java.util.*;
import java.util.stream.Collectors;
import peers.Serve;

/**
 * Almost empty batches at shorter and shorter intervals. A line begins with the moment at which it was due, in
 * microseconds of the machine's monotonic clock.
 */
final class Ladder {
  /** Of each step this share of its time is not counted. */
  static final double WARM_SHARE = 0.25;
  private static final long WARM_UP_MS = 12_000;
  private static double first;
  private static String ladder = "";

  interface Runner { Step run(long interval, int port, long ms) throws Exception; }

  static void serve(Runner runner) throws Exception {
    int port = Serve.number("port");
    long ms = (long) (Double.parseDouble(Serve.word("seconds")) * 1000);
    List<Long> intervals = Arrays.stream(Serve.word("intervals").split("-")).map(Long::parseLong).collect(Collectors.toList());
    // A cold JVM falls behind at any of these: the code is compiled first, at an interval that it can keep.
    runner.run(200, port, WARM_UP_MS);
    Serve.serve(() -> {
      List<String> steps = new ArrayList<>();
      boolean stable = true;
      for (long interval : intervals) {
        Step step = stable ? runner.run(interval, port, ms) : new Step();
        if (steps.isEmpty() && step.processing.isEmpty()) throw new IllegalStateException("no batch of " + interval + " ms has ended");
        stable = stable && step.stable(interval);
        steps.add(step.json(interval, stable));
        if (steps.size() == 1) first = Step.quantile(step.processing, 0.5);
      }
      ladder = ",\"ladder\":[" + String.join(",", steps) + "]";
      return first;
    }, () -> "null", () -> ladder);
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
