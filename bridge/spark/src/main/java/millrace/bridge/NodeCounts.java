package millrace.bridge;

import java.io.IOException;
import java.io.Serializable;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;

/** A plugin of Spark, through which executors send the driver the numbers of their Node processes. Tasks pay nothing for it. */
public final class NodeCounts implements SparkPlugin {
  /** The Node processes of an executor that run, and those that have ended. */
  record Counts(int running, int ended) implements Serializable {}

  private record Update(String executor, Counts counts) implements Serializable {}

  private static final Counts NONE = new Counts(0, 0);
  /** In the driver. An entry of an executor that is gone stays. */
  private static final Map<String, Counts> BY_EXECUTOR = new ConcurrentHashMap<>();
  /** In an executor. */
  private static volatile PluginContext context;

  /** Returns what the executor has sent last. */
  static Counts of(String executor) {
    return BY_EXECUTOR.getOrDefault(executor, NONE);
  }

  /** Sends the numbers of this executor. Calls must be in the order of the changes. */
  static void send(Counts counts) {
    PluginContext to = context;
    if (to == null) return;
    try {
      to.send(new Update(to.executorID(), counts));
    } catch (IOException | RuntimeException e) {
      // The driver is gone, and this executor ends.
    }
  }

  @Override
  public DriverPlugin driverPlugin() {
    return new DriverPlugin() {
      @Override
      public Object receive(Object message) {
        Update update = (Update) message;
        BY_EXECUTOR.put(update.executor, update.counts);
        return null;
      }
    };
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new ExecutorPlugin() {
      @Override
      public void init(PluginContext own, Map<String, String> configuration) {
        context = own;
      }
    };
  }
}
