import { BlockLostError } from '../../errors.js'
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

  /** The payload of a block. */
  open(handle: BlockHandle): Buffer {
    return openBlock(this.#segment(handle), handle)
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
