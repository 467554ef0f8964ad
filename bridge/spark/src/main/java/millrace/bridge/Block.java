package millrace.bridge;

import java.nio.ByteBuffer;

/**
 * The header of a block, the only part of it that the JVM reads: i32 map partition, i32 records, u8 codec, then the payload.
 */
final class Block {
  /** The key of a block with the result of a task. Other keys are numbers of reduce partitions. */
  static final int RESULT = -1;

  private Block() {}

  /** Returns the map partition that wrote a block. */
  static int map(byte[] block) {
    return ByteBuffer.wrap(block).getInt(0);
  }
}
