import { ArgumentError, StateError } from '../../errors.js'
import type { MemoryReport, SegmentGrant } from '../protocol.js'
import type { BlockHandle } from './handle.js'
import { segmentSize } from './segment-size.js'

interface Segment extends SegmentGrant {
  /** The thread that may write into it, until it says that it left or until it has exited. */
  writer: number | undefined
  live: number
  free: boolean
}

export interface SegmentPoolOptions {
  /** Bytes of free segments kept for reuse, 256 MiB by default; beyond that they are dropped. */
  readonly maxFreeBytes?: number
}

/**
 * The driver's book of all segments. A segment is reused when it holds no live block and no thread may write into it:
 * the second matters for threads that were given up but still run, and for threads killed while they wrote.
 *
 * ```
 *   created by a thread ──accept──▶ written ──returned, or its thread gone──▶ left ──no live block──▶ free
 *                                      ▲                                                               │
 *                                      └──────────────────────────── take ─────────────────────────────┘
 * ```
 */
export class SegmentPool {
  readonly #maxFreeBytes: number
  readonly #segments = new Map<number, Segment>()
  /** By size class. Used as a stack: what was used last is still in the caches. */
  readonly #free = new Map<number, Segment[]>()
  readonly #writing = new Map<number, Set<Segment>>()
  readonly #gone = new Set<number>()
  #dropped: number[] = []
  #bytes = 0
  #freeBytes = 0
  #liveBytes = 0
  #liveBlocks = 0

  /** Called each time a segment has lost its last live block. */
  onFreed: () => void = () => {}

  constructor({ maxFreeBytes = 256 * 1024 * 1024 }: SegmentPoolOptions = {}) {
    if (!(maxFreeBytes >= 0)) {
      throw new ArgumentError(`maxFreeBytes must be a number of bytes from 0 on, not ${maxFreeBytes}.`, {
        maxFreeBytes,
      })
    }
    this.#maxFreeBytes = maxFreeBytes
  }

  /** Bytes of all segments known. */
  get bytes(): number {
    return this.#bytes
  }

  /** Bytes of segments that wait for reuse. */
  get freeBytes(): number {
    return this.#freeBytes
  }

  /** Bytes of segments that hold live blocks: what cannot be used for others. */
  get liveBytes(): number {
    return this.#liveBytes
  }

  get liveBlocks(): number {
    return this.#liveBlocks
  }

  /**
   * Takes over what a thread reports. `blocks` are those it wrote that shall live; each counts as one `retain`. They
   * come in the same call because a segment can be created, filled and left in one task: its blocks must be counted
   * before it is known to be left.
   */
  accept(thread: number, report: MemoryReport, blocks: readonly Pick<BlockHandle, 'segment'>[] = []): void {
    for (const { id, memory } of report.created) {
      if (this.#segments.has(id))
        throw new StateError(`Segment ${id} was reported as new twice.`, { segment: id, thread })
      // The last report of a thread may come after its exit.
      const writer = this.#gone.has(thread) ? undefined : thread
      const segment: Segment = { id, memory, writer: undefined, live: 0, free: false }
      this.#segments.set(id, segment)
      if (writer !== undefined) this.#give(segment, writer)
      this.#bytes += memory.byteLength
    }
    for (const { segment } of blocks) this.retain(segment)
    for (const id of report.returned) {
      const segment = this.#segments.get(id)
      // A late report may name a segment that was recycled after the thread's exit and belongs to another thread now.
      if (segment?.writer === thread) this.#leave(segment)
    }
    if (this.#gone.has(thread)) for (const { id } of report.created) this.#recycle(this.#segment(id))
  }

  /** One more live block in the segment. */
  retain(segmentId: number): void {
    const segment = this.#segment(segmentId)
    if (segment.free) {
      throw new StateError(`Segment ${segmentId} is free; a block in it was released or never reported.`, {
        segment: segmentId,
      })
    }
    if (segment.live++ === 0) this.#liveBytes += segment.memory.byteLength
    this.#liveBlocks++
  }

  /** One live block less. */
  release(segmentId: number): void {
    const segment = this.#segment(segmentId)
    if (segment.live === 0) {
      throw new StateError(`Segment ${segmentId} has no live block; one was released twice.`, { segment: segmentId })
    }
    segment.live--
    this.#liveBlocks--
    if (segment.live === 0) this.#liveBytes -= segment.memory.byteLength
    this.#recycle(segment)
    if (segment.live === 0) this.onFreed()
  }

  /** A free segment for `thread` to write, of the size class that fits so many bytes (header included), or none. */
  take(bytes: number, thread: number): SegmentGrant | undefined {
    if (this.#gone.has(thread))
      throw new StateError(`Thread ${thread} has exited and cannot be lent a segment.`, { thread })
    const segment = this.#free.get(segmentSize(bytes))?.pop()
    if (segment === undefined) return undefined
    segment.free = false
    this.#give(segment, thread)
    this.#freeBytes -= segment.memory.byteLength
    return { id: segment.id, memory: segment.memory }
  }

  /** The thread has exited: call it only then, because a thread that was merely given up may still write. */
  threadGone(thread: number): void {
    this.#gone.add(thread)
    for (const segment of this.#writing.get(thread) ?? []) this.#leave(segment)
    this.#writing.delete(thread)
  }

  /** The segments that the thread may write into, as far as is known here. */
  writtenBy(thread: number): Iterable<SegmentGrant> {
    return this.#writing.get(thread) ?? []
  }

  has(segmentId: number): boolean {
    return this.#segments.has(segmentId)
  }

  /** The memory of a segment. Throws StateError where the pool does not have it: no live block can be in it. */
  memory(segmentId: number): SharedArrayBuffer {
    return this.#segment(segmentId).memory
  }

  /** Ids of segments dropped since the last call. Threads that know their memory should forget it, or it stays. */
  takeDropped(): readonly number[] {
    const dropped = this.#dropped
    this.#dropped = []
    return dropped
  }

  #segment(id: number): Segment {
    const segment = this.#segments.get(id)
    if (segment === undefined) {
      throw new StateError(`Segment ${id} is not known: its thread has not reported it, or it was dropped.`, {
        segment: id,
      })
    }
    return segment
  }

  #give(segment: Segment, writer: number): void {
    segment.writer = writer
    const writing = this.#writing.get(writer)
    if (writing) writing.add(segment)
    else this.#writing.set(writer, new Set([segment]))
  }

  #leave(segment: Segment): void {
    if (segment.writer !== undefined) this.#writing.get(segment.writer)?.delete(segment)
    segment.writer = undefined
    this.#recycle(segment)
  }

  #recycle(segment: Segment): void {
    if (segment.live > 0 || segment.writer !== undefined || segment.free) return
    const size = segment.memory.byteLength
    if (this.#freeBytes + size > this.#maxFreeBytes) {
      this.#segments.delete(segment.id)
      this.#dropped.push(segment.id)
      this.#bytes -= size
      return
    }
    segment.free = true
    this.#freeBytes += size
    const free = this.#free.get(size)
    if (free === undefined) this.#free.set(size, [segment])
    else free.push(segment)
  }
}
