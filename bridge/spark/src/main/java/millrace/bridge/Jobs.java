package millrace.bridge;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.util.CollectionAccumulator;
import scala.Tuple2;
import scala.collection.Iterator;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractFunction1;

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

  Outcome run(RDD<Tuple2<Integer, byte[]>> rdd, JsonNode partitions, String group, String label) {
    List<Object> wanted = new ArrayList<>();
    for (JsonNode partition : partitions) wanted.add(partition.asInt());
    spark.setJobGroup(group, label, true);
    try {
      var numbers = ScalaLists.of(wanted);
      byte[][] results = (byte[][]) spark.sc().runJob(rdd, new ResultOf(), numbers, ClassTag$.MODULE$.apply(byte[].class));
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

  private static final class ResultOf extends AbstractFunction1<Iterator<Tuple2<Integer, byte[]>>, byte[]>
      implements Serializable {
    @Override
    public byte[] apply(Iterator<Tuple2<Integer, byte[]>> blocks) {
      while (blocks.hasNext()) {
        Tuple2<Integer, byte[]> block = blocks.next();
        if (block._1() == Block.RESULT) return block._2();
      }
      throw new IllegalStateException("A task of a job returned no result.");
    }
  }
}
