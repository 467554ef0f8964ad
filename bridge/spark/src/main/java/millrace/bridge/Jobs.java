package millrace.bridge;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.util.CollectionAccumulator;
import scala.Tuple2;
import scala.collection.Iterator;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractFunction2;

/** Runs jobs, and collects the results and the reports of their tasks. */
final class Jobs {
  /** One block for each partition, then the reports of the tasks that have ended since the last job. */
  record Outcome(List<byte[]> results, List<byte[]> reports) {}

  private final JavaSparkContext spark;
  private final CollectionAccumulator<byte[]> reports;

  Jobs(JavaSparkContext spark, CollectionAccumulator<byte[]> reports) {
    this.spark = spark;
    this.reports = reports;
  }

  /** `chains`: null for the results of the tasks; otherwise collects chains of state, without the bytes of the blocks that have these names. */
  Outcome run(RDD<Tuple2<Integer, byte[]>> rdd, JsonNode partitions, String group, String label, Set<String> chains) {
    List<Object> wanted = new ArrayList<>();
    for (JsonNode partition : partitions) wanted.add(partition.asInt());
    spark.setJobGroup(group, label, true);
    try {
      var numbers = ScalaLists.of(wanted);
      byte[][] results = (byte[][]) spark.sc().runJob(rdd, chains == null ? new ResultOf() : new ChainOf(chains), numbers, ClassTag$.MODULE$.apply(byte[].class));
      return new Outcome(Arrays.asList(results), takeReports());
    } finally {
      spark.clearJobGroup();
    }
  }

  void cancel(String group) {
    spark.sc().cancelJobGroup(group);
  }

  private List<byte[]> takeReports() {
    // A task that ends between the two calls would be lost.
    synchronized (reports) {
      List<byte[]> taken = new ArrayList<>(reports.value());
      reports.reset();
      return taken;
    }
  }

  /**
   * What a task does with its blocks. Spark cleans functions that it takes for closures, also those that it wraps around functions without
   * a TaskContext: it parses the class that has them, for each job.
   */
  private abstract static class OfTask extends AbstractFunction2<TaskContext, Iterator<Tuple2<Integer, byte[]>>, byte[]>
      implements Serializable {}

  private static final class ResultOf extends OfTask {
    @Override
    public byte[] apply(TaskContext task, Iterator<Tuple2<Integer, byte[]>> blocks) {
      while (blocks.hasNext()) {
        Tuple2<Integer, byte[]> block = blocks.next();
        if (block._1() == Block.RESULT) return block._2();
      }
      throw new IllegalStateException("A task of a job returned no result.");
    }
  }

  private static final class ChainOf extends OfTask {
    private final Set<String> known;

    ChainOf(Set<String> known) {
      this.known = known;
    }

    @Override
    public byte[] apply(TaskContext task, Iterator<Tuple2<Integer, byte[]>> blocks) {
      return StateChain.packed(blocks, known);
    }
  }
}
