package millrace.bridge;

import org.apache.spark.Partitioner;

/** Sends a block to the reduce partition that is its key. */
final class IdPartitioner extends Partitioner {
  private final int partitions;

  IdPartitioner(int partitions) {
    this.partitions = partitions;
  }

  @Override
  public int numPartitions() {
    return partitions;
  }

  @Override
  public int getPartition(Object key) {
    return (Integer) key;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof IdPartitioner that && that.partitions == partitions;
  }

  @Override
  public int hashCode() {
    return partitions;
  }
}
