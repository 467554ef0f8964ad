import { BlockCorruptError, BlockLostError } from '../../../errors.js'
import type { BlockHandle } from '../../blocks/handle.js'
import { openBlock, verifyBlock } from '../../blocks/layout.js'
import type { SegmentGrant } from '../../protocol.js'

/** The shared memory that this thread has received, by segment number. */
export class SegmentTable {
  readonly #memory = new Map<number, SharedArrayBuffer>()

  add(grants: readonly SegmentGrant[]): void {
    for (const { id, memory } of grants) this.#memory.set(id, memory)
  }

  forget(ids: readonly number[]): void {
    for (const id of ids) this.#memory.delete(id)
  }

  /** Whether this thread has the block's memory. */
  reaches({ segment }: BlockHandle): boolean {
    return this.#memory.has(segment)
  }

  /** Returns the payload of a block. */
  open(handle: BlockHandle): Buffer {
    return openBlock(this.#segment(handle), handle)
  }

  /**
   * Decodes the payload. If `decode` throws, the checksum decides: wrong bytes throw BlockCorruptError with the block's
   * id, so that the driver uses another copy or recomputes the block; for right bytes the error is thrown unchanged.
   */
  read<T>(handle: BlockHandle, decode: (payload: Buffer) => T): T {
    const payload = this.open(handle)
    try {
      return decode(payload)
    } catch (cause) {
      if (verifyBlock(this.#segment(handle), handle)) throw cause
      throw corrupt(handle, cause)
    }
  }

  /** Like `read`, but verifies the checksum first: for bytes whose errors decoding cannot detect. */
  readVerified<T>(handle: BlockHandle, decode: (payload: Buffer) => T): T {
    if (!this.verify(handle)) throw corrupt(handle)
    return decode(this.open(handle))
  }

  /** Copies the payload into this thread's own memory; undefined if the header is not the block's. Does not verify the bytes. */
  copyOf(handle: BlockHandle): Buffer | undefined {
    try {
      return Buffer.from(this.open(handle))
    } catch (error) {
      if (error instanceof BlockCorruptError) return undefined
      throw error
    }
  }

  verify(handle: BlockHandle): boolean {
    return verifyBlock(this.#segment(handle), handle)
  }

  #segment(handle: BlockHandle): SharedArrayBuffer {
    const memory = this.#memory.get(handle.segment)
    if (!memory) {
      throw new BlockLostError(
        `Block ${handle.id} is in segment ${handle.segment}, which this thread has never received.`,
        {
          block: handle.id,
          segment: handle.segment,
        },
      )
    }
    return memory
  }
}

function corrupt({ id, segment, offset, length }: BlockHandle, cause?: unknown): BlockCorruptError {
  const found = cause instanceof Error ? `: ${cause.message}` : ''
  return new BlockCorruptError(`The bytes of block ${id} are not those that were written${found}`, {
    block: id,
    segment,
    offset,
    length,
  })
}
