package millrace.bridge;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;

/** Byte arrays with their length, as every message of the bridge has them: u32 length, bytes. */
final class Wire {
  /** Java copies what a channel reads or writes at once through memory of that size, which it keeps for each thread. */
  private static final int CHUNK_BYTES = 1 << 20;

  private Wire() {}

  static void write(DataOutputStream out, byte[] bytes) throws IOException {
    out.writeInt(bytes.length);
    for (int at = 0; at < bytes.length; at += CHUNK_BYTES) out.write(bytes, at, Math.min(CHUNK_BYTES, bytes.length - at));
  }

  static byte[] read(DataInputStream in) throws IOException {
    int length = in.readInt();
    // Not readNBytes, which reads parts and copies them.
    byte[] bytes = new byte[length];
    try {
      for (int at = 0; at < length; at += CHUNK_BYTES) in.readFully(bytes, at, Math.min(CHUNK_BYTES, length - at));
    } catch (EOFException e) {
      throw new EOFException("the other side closed the connection in the middle of a message");
    }
    return bytes;
  }
}
