package millrace.bridge;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import scala.Tuple2;
import scala.collection.Iterator;

/**
 * The blocks of one partition of a version of state: keys and values, each from the last full block on. The next version has the same
 * byte arrays and those that its task has written.
 */
final class StateChain {
  private StateChain() {}

  static boolean isPart(Tuple2<Integer, byte[]> element) {
    return element._1() == Block.KEYS || element._1() == Block.SNAPSHOT;
  }

  /** Returns the name of the last snapshot among elements; null if there is none. */
  static String last(List<Tuple2<Integer, byte[]>> elements) {
    String last = null;
    for (var element : elements) if (element._1() == Block.SNAPSHOT) last = Block.name(element._2());
    return last;
  }

  /** Returns a chain with what a task has written, which may be output beside the snapshot. */
  static List<Tuple2<Integer, byte[]>> grown(List<Tuple2<Integer, byte[]>> chain, List<Tuple2<Integer, byte[]>> written) {
    List<Tuple2<Integer, byte[]>> all = new ArrayList<>();
    for (var element : chain) if (!isReplaced(element._1(), written)) all.add(element);
    all.addAll(written);
    return all;
  }

  private static boolean isReplaced(int key, List<Tuple2<Integer, byte[]>> written) {
    return written.stream().anyMatch(element -> element._1() == key && isPart(element) && Block.isFull(element._2()));
  }

  /** Packs a chain for the driver: i32 key, i32 length, block, for each block; of those with a known name only the head. */
  static byte[] packed(Iterator<Tuple2<Integer, byte[]>> elements, Set<String> known) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    try {
      while (elements.hasNext()) {
        Tuple2<Integer, byte[]> element = elements.next();
        if (!isPart(element)) continue;
        byte[] block = element._2();
        int length = known.contains(Block.name(block)) ? Block.headBytes(block) : block.length;
        out.writeInt(element._1());
        out.writeInt(length);
        out.write(block, 0, length);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
