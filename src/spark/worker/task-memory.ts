import type { BlockId, ThreadId } from '../../ids.js'
import type { BlockCodec, BlockHandle } from '../../pool/blocks/handle.js'
import { openBlock, payloadSpace, sealBlock } from '../../pool/blocks/layout.js'
import { SegmentLending } from '../../pool/blocks/segment-lending.js'
import { type Lifetime, SegmentPool, SegmentWriter } from '../../pool/blocks/segments.js'
import { DRIVER } from '../../pool/blocks/writers.js'
import type { MemoryReport, SegmentGrant, TaskMessage } from '../../pool/protocol.js'

/** The writer of input blocks, and the runtime that runs tasks: the two writers of segments in this process. */
const HOST = DRIVER
export const RUNTIME = 1 as ThreadId

type Grants = Pick<TaskMessage, 'segments' | 'lend' | 'release' | 'forget'>

/** The segments of this process, as a driver would keep them for its threads. A task's inputs and outputs live until the task ends. */
export class TaskMemory {
  readonly #pool = new SegmentPool()
  readonly #lending = new SegmentLending(this.#pool)
  readonly #writer = new SegmentWriter(HOST)
  /** Blocks of the task, and those that live as long as the process. */
  #blocks: BlockHandle[] = []
  #lasting: BlockHandle[] = []
  #owned: BlockId[] = []

  constructor() {
    this.#lending.addThread(RUNTIME)
  }

  /** Copies bytes into a block. `lasts`: it is not freed after the task. */
  put(codec: BlockCodec, count: number, payload: Uint8Array, lasts = false): BlockHandle {
    const { memory, seal } = this.#space(codec, count, payload.length, lasts ? 'long' : 'short')
    memory.set(payload)
    const block = seal()
    if (lasts) this.#lasting.push(block)
    else this.#blocks.push(block)
    return block
  }

  /** Like `put`, where `fill` writes the payload. */
  async receive(
    codec: BlockCodec,
    count: number,
    length: number,
    fill: (payload: Buffer) => Promise<void>,
  ): Promise<BlockHandle> {
    const { memory, seal } = this.#space(codec, count, length, 'short')
    await fill(memory)
    const block = seal()
    this.#blocks.push(block)
    return block
  }

  /** Returns the segments that a task needs, and free ones to write into. */
  grants(): Grants {
    const blocks = [...this.#blocks, ...this.#lasting]
    const report = this.#writer.report()
    this.#pool.accept(HOST, report, blocks)
    this.#lending.note(HOST, report)
    this.#lasting = []
    const ids = new Set(blocks.map(({ segment }) => segment))
    const segments = [...ids].map((id): SegmentGrant => ({ id, memory: this.#pool.memory(id) }))
    const lend = this.#lending.take(RUNTIME) ?? []
    const release = this.#owned
    this.#owned = []
    return { segments, lend, release, forget: this.#pool.takeDropped() }
  }

  /** Accepts what a task wrote, and frees what it read. */
  ended(report: MemoryReport, written: readonly BlockHandle[]): void {
    this.#pool.accept(RUNTIME, report, written)
    this.#lending.note(RUNTIME, report)
    for (const { segment } of this.#blocks) this.#pool.release(segment)
    this.#blocks = []
    const free = this.#lending.take(HOST)
    if (free) this.#writer.lend(free)
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

  /** Allocates a block. Its payload must be written before `seal` is called. */
  #space(codec: BlockCodec, count: number, length: number, lifetime: Lifetime) {
    const { segment, offset } = this.#writer.allocate(length, lifetime)
    const facts = { id: this.#writer.nextBlockId(), codec, length, count }
    return { memory: payloadSpace(segment.memory, offset, length), seal: () => sealBlock(segment, offset, facts) }
  }
}
