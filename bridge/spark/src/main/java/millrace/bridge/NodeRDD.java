package millrace.bridge;

import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.spark.Dependency;
import org.apache.spark.Partition;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.rdd.RDD;
import org.apache.spark.util.CollectionAccumulator;
import scala.Tuple2;
import scala.reflect.ClassTag$;

/**
 * What Node processes compute between two shuffles. An element is a block with its key: the number of a reduce partition, RESULT, or one
 * of those of versions of state.
 * The JVM knows which partitions of which parents a task reads, and nothing of programs and records.
 */
final class NodeRDD extends RDD<Tuple2<Integer, byte[]>> {
  /** Attempts of a task after which the end of its Node process by a signal counts as a failure. As in threads. */
  private static final int MOST_SETBACKS = 100;
  /** Outcomes of a task, as its process sends them. */
  private static final byte SUCCEEDED = 1;
  private static final byte FAILED_FINALLY = 2;
  private static final byte FAILED_WITH_PROCESS = 3;

  /** `report`: a TaskReport, or a TaskFailure; both are opaque here. */
  private record Answer(byte outcome, byte[] report, Iterator<Tuple2<Integer, byte[]>> blocks) {}

  private final int number;
  private transient NodePartition[] parts;
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
    super(context, ScalaLists.of(dependencies), ClassTag$.MODULE$.apply(Tuple2.class));
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

  /** A checkpoint replaces the partitions, which refer to all versions of state before. */
  @Override
  public void clearDependencies() {
    super.clearDependencies();
    parts = null;
  }

  @Override
  public scala.collection.Iterator<Tuple2<Integer, byte[]>> compute(Partition split, TaskContext task) {
    NodePartition part = (NodePartition) split;
    List<List<Tuple2<Integer, byte[]>>> reads = new ArrayList<>();
    for (int i = 0; i < part.reads.length; i++) reads.add(part.reads[i].kind() == NodePartition.SHUFFLE ? null : read(part, i, task));
    Answer answer = run(part, reads, task);
    if (answer.outcome != SUCCEEDED) {
      var place = new NodeTaskException.Place(number, part.index, task.attemptNumber());
      throw unchecked(NodeTaskException.failed(place, answer.outcome == FAILED_FINALLY, answer.report));
    }
    if (answer.report.length > 0) {
      reports.add(ByteBuffer.allocate(8 + answer.report.length).putInt(number).putInt(part.index).put(answer.report).array());
    }
    return ScalaLists.iterator(outputOf(part, reads, answer.blocks));
  }

  /** A version of state continues the chain of the version that its task has read. */
  private static Iterator<Tuple2<Integer, byte[]>> outputOf(
      NodePartition part, List<List<Tuple2<Integer, byte[]>>> reads, Iterator<Tuple2<Integer, byte[]>> written) {
    if (part.state == null) return written;
    List<Tuple2<Integer, byte[]>> chain = List.of();
    for (int i = 0; i < part.reads.length; i++) if (part.state.equals(part.reads[i].state())) chain = reads.get(i);
    List<Tuple2<Integer, byte[]>> all = new ArrayList<>();
    written.forEachRemaining(all::add);
    return StateChain.grown(chain, all).iterator();
  }

  private List<Tuple2<Integer, byte[]>> read(NodePartition part, int i, TaskContext task) {
    int kind = part.reads[i].kind();
    List<Tuple2<Integer, byte[]>> blocks = new ArrayList<>();
    var elements = elements(part, i, task);
    while (elements.hasNext()) {
      Tuple2<Integer, byte[]> element = elements.next();
      if (isWanted(element, kind)) blocks.add(element);
    }
    return blocks;
  }

  @SuppressWarnings("unchecked")
  private scala.collection.Iterator<Tuple2<Integer, byte[]>> elements(NodePartition part, int i, TaskContext task) {
    RDD<Tuple2<Integer, byte[]>> parent = (RDD<Tuple2<Integer, byte[]>>) dependencies().apply(part.reads[i].parent()).rdd();
    return parent.iterator(part.parentOf(i), task);
  }

  /** A version of state has the blocks of its chain, its records and its late records. */
  private static boolean isWanted(Tuple2<Integer, byte[]> element, int kind) {
    if (StateChain.isPart(element)) return kind == NodePartition.STATE;
    return kind != NodePartition.STATE && (element._1() == Block.LATE) == (kind == NodePartition.LATE);
  }

  private Answer run(NodePartition part, List<List<Tuple2<Integer, byte[]>>> reads, TaskContext task) {
    Map<String, String> wanted = new HashMap<>();
    for (int i = 0; i < part.reads.length; i++) {
      if (part.reads[i].kind() == NodePartition.STATE) wanted.put(part.reads[i].state(), StateChain.last(reads.get(i)));
    }
    NodeProcess process = borrow(wanted, task);
    boolean answered = false;
    boolean isRead = true;
    try {
      process.heartbeats.taskStarted();
      send(process, part, reads, task);
      byte outcome = process.in.readByte();
      byte[] report = Wire.read(process.in);
      for (int n = process.in.readInt(); n > 0; n--) process.states.remove(new String(Wire.read(process.in), StandardCharsets.ISO_8859_1));
      int count = process.in.readInt();
      if (outcome == SUCCEEDED && part.state == null) {
        isRead = false;
        return new Answer(outcome, report, new TaskOutput(process, count, task, e -> ended(process, part, task, e)));
      }
      List<Tuple2<Integer, byte[]>> blocks = new ArrayList<>();
      for (int n = count; n > 0; n--) {
        blocks.add(new Tuple2<>(process.in.readInt(), Wire.read(process.in)));
        process.heartbeats.blockMoved();
      }
      answered = outcome != FAILED_WITH_PROCESS;
      // A task that failed may have changed the state that the process holds.
      if (outcome != SUCCEEDED) process.states.keySet().removeIf(state -> state.equals(part.state) || wanted.containsKey(state));
      else if (part.state != null) process.states.put(part.state, StateChain.last(blocks));
      return new Answer(outcome, report, blocks.iterator());
    } catch (IOException e) {
      throw ended(process, part, task, e);
    } finally {
      if (isRead) {
        process.heartbeats.taskEnded();
        if (answered) NodePool.giveBack(process);
        else NodePool.discard(process);
      }
    }
  }

  private static NodeProcess borrow(Map<String, String> states, TaskContext task) {
    try {
      return NodePool.borrow(states);
    } catch (NodeProcess.KilledException e) {
      throw setBack(task, e.getMessage());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the exception for a connection that ended before the answer. */
  private RuntimeException ended(NodeProcess process, NodePartition part, TaskContext task, IOException cause) {
    // Spark interrupts the threads of tasks that it cancels, which closes the connection.
    if (task.isInterrupted()) return new TaskKilledException("cancelled");
    try {
      NodeLoss loss = process.loss();
      if (loss.isKill() && task.attemptNumber() < MOST_SETBACKS) return setBack(task, "A signal ended its Node process.");
      RuntimeException lost = NodeTaskException.lost(new NodeTaskException.Place(number, part.index, task.attemptNumber()), loss);
      lost.initCause(cause);
      return lost;
    } catch (InterruptedException e) {
      return new TaskKilledException("interrupted");
    }
  }

  /** Returns an exception after which Spark repeats the task and counts no failure, unless that has happened too often. */
  private static RuntimeException setBack(TaskContext task, String why) {
    return task.attemptNumber() < MOST_SETBACKS ? new TaskKilledException(why) : new IllegalStateException(why);
  }

  /** Throws a checked exception that Spark must see as it is. */
  @SuppressWarnings("unchecked")
  private static <E extends Throwable> RuntimeException unchecked(Exception error) throws E {
    throw (E) error;
  }

  private void send(NodeProcess process, NodePartition part, List<List<Tuple2<Integer, byte[]>>> reads, TaskContext task) throws IOException {
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
      // The process reads late records like others.
      out.writeInt(part.reads[i].kind() == NodePartition.LATE ? NodePartition.RECORDS : part.reads[i].kind());
      if (part.reads[i].kind() == NodePartition.SHUFFLE) {
        ReadFrames.shuffled(process, elements(part, i, task));
        continue;
      }
      boolean isHot = part.reads[i].kind() == NodePartition.STATE && ReadFrames.state(process, part, part.reads[i], reads.get(i));
      List<Tuple2<Integer, byte[]>> blocks = isHot ? List.of() : reads.get(i);
      out.writeInt(blocks.size());
      for (Tuple2<Integer, byte[]> block : blocks) {
        Wire.write(out, block._2());
        process.heartbeats.blockMoved();
      }
    }
    out.flush();
  }
}
