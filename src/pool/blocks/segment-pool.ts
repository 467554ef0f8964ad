import { ArgumentError, StateError } from '../../errors.js'
import type { SegmentId, ThreadId, WriterId } from '../../ids.js'
import type { MemoryReport, SegmentGrant } from '../protocol.js'
import type { BlockHandle } from './handle.js'
import { segmentSize } from './segment-size.js'

interface Segment extends SegmentGrant {
  /** The thread that may write into it, until it returns the segment or has exited. */
  writer: WriterId | undefined
  live: number
  free: boolean
}

export interface SegmentPoolOptions {
  /** Bytes of free segments kept for reuse, 256 MiB by default; beyond that they are dropped. */
  readonly maxFreeBytes?: number
  readonly listener?: SegmentListener
}

export interface SegmentListener {
  /** Called when a segment has lost its last live block. */
  segmentFreed(): void
}

/**
 * The driver's registry of all segments. A segment is reused when it contains no live block and no thread may write
 * into it. The second condition covers terminated threads that have not exited yet, and threads that died while
 * writing.
 *
 * ```
 *   created by a thread ──accept──▶ written ──returned, or its thread gone──▶ left ──no live block──▶ free
 *                                      ▲                                                               │
 *                                      └──────────────────────────── take ─────────────────────────────┘
 * ```
 */
export class SegmentPool {
  readonly #maxFreeBytes: number
  readonly #listener: SegmentListener | undefined
  readonly #segments = new Map<SegmentId, Segment>()
  /** By size class. A stack, because the most recently used segment is still in the processor's caches. */
  readonly #free = new Map<number, Segment[]>()
  readonly #writing = new Map<WriterId, Set<Segment>>()
  readonly #gone = new Set<WriterId>()
  #dropped: SegmentId[] = []
  #bytes = 0
  #freeBytes = 0
  #liveBytes = 0
  #liveBlocks = 0

  constructor({ maxFreeBytes = 256 * 1024 * 1024, listener }: SegmentPoolOptions = {}) {
    if (!(maxFreeBytes >= 0)) {
      throw new ArgumentError(`maxFreeBytes must be a number of bytes from 0 on, not ${maxFreeBytes}.`, {
        maxFreeBytes,
      })
    }
    this.#maxFreeBytes = maxFreeBytes
    this.#listener = listener
  }

  /** Bytes of all segments known. */
  get bytes(): number {
    return this.#bytes
  }

  /** Bytes of segments that wait for reuse. */
  get freeBytes(): number {
    return this.#freeBytes
  }

  /** Bytes of segments that hold live blocks, which no other thread can use. */
  get liveBytes(): number {
    return this.#liveBytes
  }

  get liveBlocks(): number {
    return this.#liveBlocks
  }

  /**
   * Registers the report of a thread. `blocks` are the blocks that it wrote and that live on; each counts as one
   * `retain`. One call registers both, because a task can create, fill and return a segment: its blocks must be counted
   * before its return.
   */
  accept(thread: WriterId, report: MemoryReport, blocks: readonly Pick<BlockHandle, 'segment'>[] = []): void {
    for (const { id, memory } of report.created) {
      if (this.#segments.has(id))
        throw new StateError(`Segment ${id} was reported as new twice.`, { segment: id, thread })
      // The last report of a thread may arrive after its exit.
      const writer = this.#gone.has(thread) ? undefined : thread
      const segment: Segment = { id, memory, writer: undefined, live: 0, free: false }
      this.#segments.set(id, segment)
      if (writer !== undefined) this.#give(segment, writer)
      this.#bytes += memory.byteLength
    }
    for (const { segment } of blocks) this.retain(segment)
    for (const id of report.returned) {
      const segment = this.#segments.get(id)
      // A late report may name a segment that was recycled after the thread's exit and now belongs to another thread.
      if (segment?.writer === thread) this.#leave(segment)
    }
    if (this.#gone.has(thread)) for (const { id } of report.created) this.#recycle(this.#segment(id))
  }

  /** Counts one more live block in the segment. */
  retain(segmentId: SegmentId): void {
    const segment = this.#segment(segmentId)
    if (segment.free) {
      throw new StateError(`Segment ${segmentId} is free; a block in it was released or never reported.`, {
        segment: segmentId,
      })
    }
    if (segment.live++ === 0) this.#liveBytes += segment.memory.byteLength
    this.#liveBlocks++
  }

  /** Counts one live block less. */
  release(segmentId: SegmentId): void {
    const segment = this.#segment(segmentId)
    if (segment.live === 0) {
      throw new StateError(`Segment ${segmentId} has no live block; one was released twice.`, { segment: segmentId })
    }
    segment.live--
    this.#liveBlocks--
    if (segment.live === 0) this.#liveBytes -= segment.memory.byteLength
    this.#recycle(segment)
    if (segment.live === 0) this.#listener?.segmentFreed()
  }

  /** Takes a free segment for `thread`, of the size class for `bytes` (header included); undefined if there is none. */
  take(bytes: number, thread: WriterId): SegmentGrant | undefined {
    if (this.#gone.has(thread))
      throw new StateError(`Thread ${thread} has exited and cannot be lent a segment.`, { thread })
    const segment = this.#free.get(segmentSize(bytes))?.pop()
    if (segment === undefined) return undefined
    segment.free = false
    this.#give(segment, thread)
    this.#freeBytes -= segment.memory.byteLength
    return { id: segment.id, memory: segment.memory }
  }

  /**
   * Frees the segments of a thread that has exited. Must not be called earlier, because a terminated thread may still
   * write.
   */
  threadGone(thread: ThreadId): void {
    this.#gone.add(thread)
    for (const segment of this.#writing.get(thread) ?? []) this.#leave(segment)
    this.#writing.delete(thread)
  }

  /** Returns the segments into which the thread may write, as far as the pool knows. */
  writtenBy(thread: ThreadId): Iterable<SegmentGrant> {
    return this.#writing.get(thread) ?? []
  }

  has(segmentId: SegmentId): boolean {
    return this.#segments.has(segmentId)
  }

  /**
   * Returns the memory of a segment. Throws StateError if the pool does not have it, because then it cannot contain a
   * live block.
   */
  memory(segmentId: SegmentId): SharedArrayBuffer {
    return this.#segment(segmentId).memory
  }

  /** Returns the ids of segments dropped since the last call. Threads must forget their memory, or it is never freed. */
  takeDropped(): readonly SegmentId[] {
    const dropped = this.#dropped
    this.#dropped = []
    return dropped
  }

  #segment(id: SegmentId): Segment {
    const segment = this.#segments.get(id)
    if (segment === undefined) {
      throw new StateError(`Segment ${id} is not known: its thread has not reported it, or it was dropped.`, {
        segment: id,
      })
    }
    return segment
  }

  #give(segment: Segment, writer: WriterId): void {
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
