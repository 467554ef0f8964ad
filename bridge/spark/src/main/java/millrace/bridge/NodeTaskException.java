package millrace.bridge;

import java.util.Base64;

/** The failure of a task in its Node process. The message carries what the process reported, for the driver to decode. */
final class NodeTaskException extends RuntimeException {
  static final String MARK = "MILLRACE:";

  NodeTaskException(byte[] report) {
    super(MARK + Base64.getEncoder().encodeToString(report));
  }
}
