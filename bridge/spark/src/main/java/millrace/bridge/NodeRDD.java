package millrace.bridge;

import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.apache.spark.Dependency;
import org.apache.spark.Partition;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.rdd.RDD;
import org.apache.spark.util.CollectionAccumulator;
import scala.Tuple2;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag$;

/**
 * What Node processes compute between two shuffles. An element is a block with its key: the number of a reduce partition, or RESULT.
 * The JVM knows which partitions of which parents a task reads, and nothing of programs and records.
 */
final class NodeRDD extends RDD<Tuple2<Integer, byte[]>> {
  private final int number;
  private final transient NodePartition[] parts;
  private final Map<Integer, byte[]> programs;
  private final Map<Integer, Broadcast<byte[]>> broadcasts;
  private final CollectionAccumulator<byte[]> reports;

  NodeRDD(
      SparkContext context,
      int number,
      NodePartition[] parts,
      List<Dependency<?>> dependencies,
      Map<Integer, byte[]> programs,
      Map<Integer, Broadcast<byte[]>> broadcasts,
      CollectionAccumulator<byte[]> reports) {
    super(context, CollectionConverters.asScala(dependencies).toSeq(), ClassTag$.MODULE$.apply(Tuple2.class));
    this.number = number;
    this.parts = parts;
    this.programs = programs;
    this.broadcasts = broadcasts;
    this.reports = reports;
  }

  @Override
  public Partition[] getPartitions() {
    return parts;
  }

  @Override
  public scala.collection.Iterator<Tuple2<Integer, byte[]>> compute(Partition split, TaskContext task) {
    NodePartition part = (NodePartition) split;
    try {
      List<List<byte[]>> reads = new ArrayList<>();
      for (int i = 0; i < part.reads.length; i++) reads.add(read(part, i, task));
      return CollectionConverters.asScala(run(part, reads).iterator());
    } catch (IOException e) {
      throw new RuntimeException("The Node process of a task ended before it answered: " + e.getMessage(), e);
    }
  }

  private List<byte[]> read(NodePartition part, int i, TaskContext task) {
    @SuppressWarnings("unchecked")
    RDD<Tuple2<Integer, byte[]>> parent = (RDD<Tuple2<Integer, byte[]>>) dependencies().apply(part.reads[i].parent()).rdd();
    List<byte[]> blocks = new ArrayList<>();
    var elements = parent.iterator(part.parentOf(i), task);
    while (elements.hasNext()) blocks.add(elements.next()._2());
    // Spark fetches the parts of a shuffle in any order. Records keep the order of their map partitions.
    if (part.reads[i].isShuffle()) blocks.sort(Comparator.comparingInt(Block::map));
    return blocks;
  }

  private List<Tuple2<Integer, byte[]>> run(NodePartition part, List<List<byte[]>> reads) throws IOException {
    NodeProcess process = NodePool.borrow();
    boolean answered = false;
    try {
      send(process, part, reads);
      boolean succeeded = process.in.readBoolean();
      byte[] report = Wire.read(process.in);
      List<Tuple2<Integer, byte[]>> blocks = new ArrayList<>();
      for (int n = process.in.readInt(); n > 0; n--) blocks.add(new Tuple2<>(process.in.readInt(), Wire.read(process.in)));
      answered = true;
      byte[] placed = ByteBuffer.allocate(8 + report.length).putInt(number).putInt(part.index).put(report).array();
      if (!succeeded) throw new NodeTaskException(placed);
      if (report.length > 0) reports.add(placed);
      return blocks;
    } finally {
      if (answered) NodePool.giveBack(process);
      else NodePool.discard(process);
    }
  }

  private void send(NodeProcess process, NodePartition part, List<List<byte[]>> reads) throws IOException {
    DataOutputStream out = process.out;
    out.writeInt(part.program);
    Wire.write(out, process.programs.add(part.program) ? programs.get(part.program) : new byte[0]);
    out.writeInt(part.index);
    Wire.write(out, part.inputs);
    List<Integer> missing = broadcasts.keySet().stream().filter(process.broadcasts::add).toList();
    out.writeInt(missing.size());
    for (int id : missing) {
      out.writeInt(id);
      Wire.write(out, broadcasts.get(id).value());
    }
    out.writeInt(reads.size());
    for (int i = 0; i < reads.size(); i++) {
      out.writeInt(part.reads[i].input());
      out.writeBoolean(part.reads[i].isShuffle());
      out.writeInt(reads.get(i).size());
      for (byte[] block : reads.get(i)) Wire.write(out, block);
    }
    out.flush();
  }
}
