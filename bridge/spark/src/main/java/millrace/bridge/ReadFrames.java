package millrace.bridge;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import scala.Tuple2;

/** What a task reads of other RDDs, as its process gets it. */
final class ReadFrames {
  /** After the blocks of a shuffle, whose number is not known before the last one. */
  private static final int NO_MORE = -1;

  private ReadFrames() {}

  /** Sends each block as it arrives, in any order: the process sorts them by their map partitions. */
  static void shuffled(NodeProcess process, scala.collection.Iterator<Tuple2<Integer, byte[]>> blocks) throws IOException {
    while (blocks.hasNext()) {
      Wire.write(process.out, blocks.next()._2());
      process.heartbeats.blockMoved();
    }
    process.out.writeInt(NO_MORE);
  }

  /**
   * Tells the process of which snapshot the state is that it must read. Returns whether it holds that already, which the name of the last
   * snapshot shows: another attempt of a task may have computed another one for the same time.
   */
  static boolean state(
      NodeProcess process, NodePartition part, NodePartition.Read read, List<Tuple2<Integer, byte[]>> chain) throws IOException {
    String last = StateChain.last(chain);
    boolean isHot = last.equals(process.states.get(read.state()));
    // What only reads an old version must not replace the newest one.
    boolean isHeld = read.state().equals(part.state) || !process.states.containsKey(read.state());
    Wire.write(process.out, last.getBytes(StandardCharsets.ISO_8859_1));
    process.out.writeBoolean(isHot);
    process.out.writeBoolean(isHeld);
    if (isHeld && !read.state().equals(part.state)) process.states.put(read.state(), last);
    return isHot;
  }
}
