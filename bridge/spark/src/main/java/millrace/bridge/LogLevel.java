package millrace.bridge;

import java.util.Map;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;

/**
 * A plugin of Spark, by which spark.log.level holds for executors too. Spark itself applies it to the driver only, and an executor writes
 * seven lines for each of its tasks.
 */
public final class LogLevel implements SparkPlugin {
  @Override
  public DriverPlugin driverPlugin() {
    return null;
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new ExecutorPlugin() {
      @Override
      public void init(PluginContext context, Map<String, String> configuration) {
        Configurator.setRootLevel(Level.valueOf(context.conf().get("spark.log.level")));
      }
    };
  }
}
