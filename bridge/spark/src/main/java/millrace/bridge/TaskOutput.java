package millrace.bridge;

import java.io.IOException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.Function;
import org.apache.spark.TaskContext;
import scala.Tuple2;

/** The blocks that a task has written, each read from its process when Spark takes it. The last one frees the process. */
final class TaskOutput implements Iterator<Tuple2<Integer, byte[]>> {
  private final NodeProcess process;
  private final Function<IOException, RuntimeException> ended;
  private int left;

  /** `ended`: returns the exception for a connection that ends before the last block. */
  TaskOutput(NodeProcess process, int blocks, TaskContext task, Function<IOException, RuntimeException> ended) {
    this.process = process;
    this.ended = ended;
    left = blocks;
    if (left == 0) free();
    else task.addTaskCompletionListener(this::close);
  }

  @Override
  public boolean hasNext() {
    return left > 0;
  }

  @Override
  public Tuple2<Integer, byte[]> next() {
    if (left == 0) throw new NoSuchElementException();
    try {
      var block = new Tuple2<>((Integer) process.in.readInt(), Wire.read(process.in));
      process.heartbeats.blockMoved();
      if (--left == 0) free();
      return block;
    } catch (IOException e) {
      left = 0;
      process.heartbeats.taskEnded();
      NodePool.discard(process);
      throw ended.apply(e);
    }
  }

  /** Reads what a task that succeeded has left, such as blocks beside its result, so that its process stays. */
  private void close(TaskContext task) {
    if (!task.isFailed() && !task.isInterrupted()) while (hasNext()) next();
    if (left == 0) return;
    left = 0;
    process.heartbeats.taskEnded();
    NodePool.discard(process);
  }

  private void free() {
    process.heartbeats.taskEnded();
    NodePool.giveBack(process);
  }
}
