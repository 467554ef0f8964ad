package millrace.bridge;

import java.io.NotSerializableException;
import java.nio.ByteBuffer;
import java.util.Base64;

/** The failure of a task. The message carries for the driver: i32 RDD, i32 partition, i32 attempt, u8 kind, what the kind says. */
final class NodeTaskException extends RuntimeException {
  private static final String MARK = "MILLRACE:";
  /** The function failed: the failure as the process has serialized it. */
  private static final byte FAILED = 0;
  /** The process ended: JSON of a NodeLoss. */
  private static final byte LOST = 1;

  /** An attempt to compute a partition. */
  record Place(int rdd, int partition, int attempt) {}

  private NodeTaskException(String message) {
    super(message);
  }

  static NodeTaskException lost(Place place, NodeLoss loss) {
    return new NodeTaskException(message(place, LOST, loss.json()));
  }

  /**
   * Returns the exception of a function that failed. If a repetition cannot succeed, it has the one class after which Spark does not
   * repeat a task: the scheduler compares its exact name.
   */
  static Exception failed(Place place, boolean isFinal, byte[] failure) {
    String message = message(place, FAILED, failure);
    return isFinal ? new NotSerializableException(message) : new NodeTaskException(message);
  }

  private static String message(Place place, byte kind, byte[] rest) {
    ByteBuffer bytes = ByteBuffer.allocate(13 + rest.length);
    bytes.putInt(place.rdd).putInt(place.partition).putInt(place.attempt).put(kind).put(rest);
    return MARK + Base64.getEncoder().encodeToString(bytes.array());
  }
}
