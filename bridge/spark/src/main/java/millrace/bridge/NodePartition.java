package millrace.bridge;

import java.io.IOException;
import java.io.ObjectOutputStream;
import org.apache.spark.Partition;
import org.apache.spark.rdd.RDD;

/** One partition of a NodeRDD: its program, its inputs as opaque bytes, and the partitions of other RDDs that it reads. */
final class NodePartition implements Partition {
  /** Kinds of reads: records of a dataset, parts of a shuffle, a version of state, and its late records. */
  static final int RECORDS = 0;
  static final int SHUFFLE = 1;
  static final int STATE = 2;
  static final int LATE = 3;

  /** A read of a partition of a parent, for an input of the program. `state`: the name of the partition of state, or null. */
  record Read(int input, int kind, int parent, int partition, String state) implements java.io.Serializable {}

  final int index;
  final int program;
  final byte[] inputs;
  final Read[] reads;
  /** The name of the partition of state that the task computes, or null. */
  final String state;
  private final transient RDD<?>[] parents;
  private Partition[] parentPartitions;

  NodePartition(int index, int program, byte[] inputs, Read[] reads, String state, RDD<?>[] parents) {
    this.index = index;
    this.program = program;
    this.inputs = inputs;
    this.reads = reads;
    this.state = state;
    this.parents = parents;
  }

  @Override
  public int index() {
    return index;
  }

  @Override
  public int hashCode() {
    return index;
  }

  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  /** Returns the partition of the parent for `reads[i]`. Only in an executor. */
  Partition parentOf(int i) {
    return parentPartitions[i];
  }

  /** Parents' partitions are looked up as late as the task is sent, because a checkpoint replaces them. */
  private void writeObject(ObjectOutputStream out) throws IOException {
    parentPartitions = new Partition[reads.length];
    for (int i = 0; i < reads.length; i++) {
      parentPartitions[i] = parents[reads[i].parent()].partitions()[reads[i].partition()];
    }
    out.defaultWriteObject();
  }
}
