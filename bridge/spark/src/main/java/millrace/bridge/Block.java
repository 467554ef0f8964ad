package millrace.bridge;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The header of a block: i32 map partition, i32 records, u8 codec. The JVM reads only what follows it in blocks of versions of state. */
final class Block {
  /** The key of a block with the result of a task. Other keys are numbers of reduce partitions. */
  static final int RESULT = -1;

  /** Keys of the blocks of a version of state: keys of its entries, and snapshots of their values. */
  static final int KEYS = -2;
  static final int SNAPSHOT = -3;

  /** The key of the late records of a version of state, which are no part of its chain. */
  static final int LATE = -4;

  private static final int HEADER_BYTES = 9;

  private Block() {}

  /** Returns whether a block of a version of state replaces those of its kind before it. */
  static boolean isFull(byte[] block) {
    return block[HEADER_BYTES] == 1;
  }

  /** Returns the name of a block of a version of state. */
  static String name(byte[] block) {
    return new String(block, HEADER_BYTES + 3, nameBytes(block), StandardCharsets.ISO_8859_1);
  }

  /** Returns the length of what is before the payload of a block of a version of state. */
  static int headBytes(byte[] block) {
    return HEADER_BYTES + 3 + nameBytes(block);
  }

  private static int nameBytes(byte[] block) {
    return ByteBuffer.wrap(block).getShort(HEADER_BYTES + 1) & 0xffff;
  }
}
