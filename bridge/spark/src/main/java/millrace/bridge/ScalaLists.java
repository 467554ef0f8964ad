package millrace.bridge;

import java.util.Iterator;
import scala.collection.JavaConverters;

/** Collections of Scala from Java's, for Scala 2.12 and 2.13 alike: the newer converters are in 2.13 only. */
final class ScalaLists {
  private ScalaLists() {}

  /** A List is a Seq of both: in 2.13 only immutable ones are. */
  static <T> scala.collection.immutable.List<T> of(Iterable<T> all) {
    return iterator(all.iterator()).toList();
  }

  @SuppressWarnings("deprecation")
  static <T> scala.collection.Iterator<T> iterator(Iterator<T> all) {
    return JavaConverters.asScalaIterator(all);
  }
}
