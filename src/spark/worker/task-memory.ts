import type { BlockId, ThreadId } from '../../ids.js'
import type { BlockCodec, BlockHandle } from '../../pool/blocks/handle.js'
import { openBlock } from '../../pool/blocks/layout.js'
import { SEGMENT_BYTES, SegmentPool, SegmentWriter } from '../../pool/blocks/segments.js'
import { writeBlock } from '../../pool/blocks/write-block.js'
import { DRIVER } from '../../pool/blocks/writers.js'
import type { MemoryReport, SegmentGrant, TaskMessage } from '../../pool/protocol.js'

/** The writer of input blocks, and the runtime that runs tasks: the two writers of segments in this process. */
const HOST = DRIVER
export const RUNTIME = 1 as ThreadId
/** Free segments that a task gets at once. */
const LENT = 8

type Grants = Pick<TaskMessage, 'segments' | 'lend' | 'release' | 'forget'>

/** The segments of this process, as a driver would keep them for its threads. A task's inputs and outputs live until the task ends. */
export class TaskMemory {
  readonly #pool = new SegmentPool()
  readonly #writer = new SegmentWriter(HOST)
  /** Blocks of the task, and those that live as long as the process. */
  #blocks: BlockHandle[] = []
  #lasting: BlockHandle[] = []
  #owned: BlockId[] = []

  /** Copies bytes into a block. `lasts`: it is not freed after the task. */
  put(codec: BlockCodec, count: number, payload: Uint8Array, lasts = false): BlockHandle {
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length)
    const block = writeBlock(this.#writer, bytes, { codec, count, lifetime: lasts ? 'long' : 'short' })
    if (lasts) this.#lasting.push(block)
    else this.#blocks.push(block)
    return block
  }

  /** Returns the segments that a task needs, and free ones to write into. */
  grants(): Grants {
    const blocks = [...this.#blocks, ...this.#lasting]
    this.#pool.accept(HOST, this.#writer.report(), blocks)
    this.#lasting = []
    const ids = new Set(blocks.map(({ segment }) => segment))
    const segments = [...ids].map((id): SegmentGrant => ({ id, memory: this.#pool.memory(id) }))
    const lend: SegmentGrant[] = []
    for (let free: SegmentGrant | undefined; lend.length < LENT; lend.push(free)) {
      free = this.#pool.take(SEGMENT_BYTES, RUNTIME)
      if (!free) break
    }
    const release = this.#owned
    this.#owned = []
    return { segments, lend, release, forget: this.#pool.takeDropped() }
  }

  /** Accepts what a task wrote, and frees what it read. */
  ended(report: MemoryReport, written: readonly BlockHandle[]): void {
    this.#pool.accept(RUNTIME, report, written)
    for (const { segment } of this.#blocks) this.#pool.release(segment)
    this.#blocks = []
  }

  /** Returns the bytes of a block that the last task wrote; valid until `free`. */
  bytesOf(block: BlockHandle): Buffer {
    return openBlock(this.#pool.memory(block.segment), block)
  }

  /** Frees blocks that the last task wrote. */
  free(written: readonly BlockHandle[]): void {
    for (const { id, segment } of written) {
      this.#pool.release(segment)
      this.#owned.push(id)
    }
  }
}
