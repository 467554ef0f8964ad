import { ArgumentError } from '../../errors.js'
import type { BlockId, SegmentId, WriterId } from '../../ids.js'
import type { MemoryReport, SegmentGrant } from '../protocol.js'
import { IdSequence } from './ids.js'
import { blockBytes, clearBlock } from './layout.js'
import { SEGMENT_BYTES, segmentSize } from './segment-size.js'

/**
 * The expected lifetime of a block. `short`: shuffle and collected data, which end with the job. `long`: persisted
 * datasets, snapshots and input. The two never share a segment, because one small persisted block would pin a megabyte
 * of finished shuffles.
 */
export type Lifetime = 'short' | 'long'

/** The space for a block: its header starts at `offset`, and it may extend to `end`. */
export interface Allocation {
  readonly segment: SegmentGrant
  readonly offset: number
  readonly end: number
}

interface Cursor {
  readonly segment: SegmentGrant
  used: number
}

/** A segment with less room than this is full, because it could only hold tiny blocks. */
const LEAST_ROOM = 128

/**
 * Allocates space for blocks by moving a cursor through segments that only this thread writes. Each thread and the
 * driver has one. Every `report()` must reach the pool, because it announces new segments: a handle into a segment that
 * the pool does not know cannot be read.
 */
export class SegmentWriter {
  readonly #blockIds: IdSequence<BlockId>
  readonly #segmentIds: IdSequence<SegmentId>
  readonly #cursors: { short?: Cursor; long?: Cursor } = {}
  #lent: SegmentGrant[] = []
  #created: SegmentGrant[] = []
  #returned: SegmentId[] = []

  /** `owner`: the number of the thread, which no other writer in the process has or had. */
  constructor(owner: WriterId) {
    this.#blockIds = new IdSequence(owner, 'block')
    this.#segmentIds = new IdSequence(owner, 'segment')
  }

  /** Adds free segments of the pool, into which this thread may write from now on. */
  lend(grants: readonly SegmentGrant[]): void {
    for (const grant of grants) this.#lent.push(grant)
  }

  nextBlockId(): BlockId {
    return this.#blockIds.next()
  }

  /**
   * Allocates space for a block of `payloadBytes`, marked as not sealed. Write and seal the block before the next
   * `report()`, which may return the segment; a longer write must first `retain` the segment in the pool. Throws
   * MemoryLimitError for blocks over 1 GiB.
   */
  allocate(payloadBytes: number, lifetime: Lifetime): Allocation {
    if (!Number.isInteger(payloadBytes) || payloadBytes < 0) {
      throw new ArgumentError(`A block's length must be a number of bytes, not ${payloadBytes}.`, { payloadBytes })
    }
    const bytes = blockBytes(payloadBytes)
    const current = this.#cursors[lifetime]
    const cursor = current && room(current) >= bytes ? current : { segment: this.#freshSegment(bytes), used: 0 }
    const offset = cursor.used
    cursor.used += bytes
    this.#keepRoomier(lifetime, current, cursor)
    clearBlock(cursor.segment.memory, offset)
    return { segment: cursor.segment, offset, end: cursor.used }
  }

  /** Frees the unused rest of the last allocation, for blocks whose length is known only when they are full. */
  trim(place: Allocation, payloadBytes: number): void {
    const end = place.offset + blockBytes(payloadBytes)
    if (end > place.end) {
      throw new ArgumentError(`The block of ${payloadBytes} bytes is larger than its space; allocate more.`, {
        payloadBytes,
        placeBytes: place.end - place.offset,
      })
    }
    for (const cursor of [this.#cursors.short, this.#cursors.long]) {
      if (cursor?.segment === place.segment && cursor.used === place.end) cursor.used = end
    }
  }

  /** Reports the segments created and returned since the last call. */
  report(): MemoryReport {
    // A large segment that was lent and not used would stay here forever, because few blocks have its size.
    const unneeded = this.#lent.filter(({ memory }) => memory.byteLength > SEGMENT_BYTES)
    if (unneeded.length > 0) {
      this.#lent = this.#lent.filter(({ memory }) => memory.byteLength === SEGMENT_BYTES)
      for (const { id } of unneeded) this.#returned.push(id)
    }
    const report = { created: this.#created, returned: this.#returned }
    this.#created = []
    this.#returned = []
    return report
  }

  #freshSegment(bytes: number): SegmentGrant {
    const size = segmentSize(bytes)
    const lent = this.#lent.findIndex(({ memory }) => memory.byteLength === size)
    if (lent >= 0) return this.#lent.splice(lent, 1)[0]!
    const segment = { id: this.#segmentIds.next(), memory: new SharedArrayBuffer(size) }
    this.#created.push(segment)
    return segment
  }

  /** Keeps the segment with more room. Returns the other one to the pool, and both if they are nearly full. */
  #keepRoomier(lifetime: Lifetime, current: Cursor | undefined, used: Cursor): void {
    const [kept, left] = current === undefined || room(used) > room(current) ? [used, current] : [current, used]
    this.#cursors[lifetime] = room(kept) >= LEAST_ROOM ? kept : undefined
    if (left !== undefined && left !== kept) this.#returned.push(left.segment.id)
    if (room(kept) < LEAST_ROOM) this.#returned.push(kept.segment.id)
  }
}

function room({ segment, used }: Cursor): number {
  return segment.memory.byteLength - used
}
