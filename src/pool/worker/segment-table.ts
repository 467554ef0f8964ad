import { BlockCorruptError, BlockLostError } from '../../errors.js'
import type { BlockHandle } from '../blocks/handle.js'
import { openBlock, verifyBlock } from '../blocks/layout.js'
import type { SegmentGrant } from '../protocol.js'

/** The shared memory that this thread has been told of, by segment number. */
export class SegmentTable {
  readonly #memory = new Map<number, SharedArrayBuffer>()

  add(grants: readonly SegmentGrant[]): void {
    for (const { id, memory } of grants) this.#memory.set(id, memory)
  }

  forget(ids: readonly number[]): void {
    for (const id of ids) this.#memory.delete(id)
  }

  /** Whether this thread has been given the block's memory. */
  reaches({ segment }: BlockHandle): boolean {
    return this.#memory.has(segment)
  }

  /** The payload of a block. */
  open(handle: BlockHandle): Buffer {
    return openBlock(this.#segment(handle), handle)
  }

  /**
   * What `decode` makes of the payload. Where it throws, the checksum decides whose fault that is: BlockCorruptError with
   * the block's id, so that the driver takes another copy or has the block made again, or the error as it is.
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

  /** As `read`, but computes the checksum before: for bytes that nobody can check by their sense. */
  readVerified<T>(handle: BlockHandle, decode: (payload: Buffer) => T): T {
    if (!this.verify(handle)) throw corrupt(handle)
    return decode(this.open(handle))
  }

  verify(handle: BlockHandle): boolean {
    return verifyBlock(this.#segment(handle), handle)
  }

  #segment(handle: BlockHandle): SharedArrayBuffer {
    const memory = this.#memory.get(handle.segment)
    if (!memory) {
      throw new BlockLostError(
        `Block ${handle.id} is in segment ${handle.segment}, which this thread was never given.`,
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
