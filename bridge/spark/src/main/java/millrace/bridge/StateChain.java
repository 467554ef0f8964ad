package millrace.bridge;

import java.util.ArrayList;
import java.util.List;
import scala.Tuple2;

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
}
