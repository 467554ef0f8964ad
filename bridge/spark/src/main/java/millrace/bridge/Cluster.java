package millrace.bridge;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import org.apache.spark.SparkContext;
import org.apache.spark.status.api.v1.ExecutorSummary;
import scala.collection.Iterator;

/** The executors of the application that are alive, and the address of Spark's own page, as JSON. */
final class Cluster {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** The id under which Spark lists the driver. It runs tasks only with a local master. */
  private static final String DRIVER = "driver";

  private Cluster() {}

  static byte[] statusOf(SparkContext spark) {
    ObjectNode status = JSON.createObjectNode();
    if (spark.uiWebUrl().isDefined()) status.put("ui", spark.uiWebUrl().get());
    ArrayNode executors = status.putArray("executors");
    Iterator<ExecutorSummary> all = spark.statusStore().executorList(true).iterator();
    while (all.hasNext()) {
      ExecutorSummary executor = all.next();
      if (executor.id().equals(DRIVER) && !spark.isLocal()) continue;
      NodeCounts.Counts processes = NodeCounts.of(executor.id());
      executors
          .addObject()
          .put("id", executor.id())
          .put("address", executor.hostPort())
          .put("cores", executor.totalCores())
          .put("tasks", executor.activeTasks())
          .put("completed", executor.completedTasks())
          .put("failed", executor.failedTasks())
          .put("processes", processes.running())
          .put("endedProcesses", processes.ended())
          .put("storedBytes", executor.memoryUsed());
    }
    return status.toString().getBytes(StandardCharsets.UTF_8);
  }
}
