package millrace.bridge;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.NarrowDependency;
import org.apache.spark.rdd.RDD;
import scala.Tuple2;
import scala.collection.immutable.Seq;

/** The partitions of one parent that each partition of a NodeRDD reads: any of them, as often as the plan says. */
final class ReadPartitions extends NarrowDependency<Tuple2<Integer, byte[]>> {
  private final int[][] of;

  ReadPartitions(RDD<Tuple2<Integer, byte[]>> parent, int[][] of) {
    super(parent);
    this.of = of;
  }

  @Override
  public Seq<Object> getParents(int partition) {
    List<Object> parents = new ArrayList<>();
    for (int parent : of[partition]) parents.add(parent);
    return ScalaLists.of(parents);
  }
}
