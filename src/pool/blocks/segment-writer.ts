import { ArgumentError } from '../../errors.js'
import type { MemoryReport, SegmentGrant } from '../protocol.js'
import { IdSequence } from './ids.js'
import { blockBytes, clearBlock } from './layout.js'
import { SEGMENT_BYTES, segmentSize } from './segment-size.js'

/**
 * How long a block will live, roughly. `short`: shuffle and collected data, gone with the job. `long`: kept datasets,
 * snapshots and input. They never share a segment, or one small kept block would pin a megabyte of finished shuffles.
 */
export type Lifetime = 'short' | 'long'

/** A place for a block: its header goes to `offset`, and it may grow up to `end`. */
export interface Allocation {
  readonly segment: SegmentGrant
  readonly offset: number
  readonly end: number
}

interface Cursor {
  readonly segment: SegmentGrant
  used: number
}

/** Less room than this in a segment holds no block worth waiting for. */
const LEAST_ROOM = 128

/**
 * Gives out places for blocks, by moving a cursor through segments that only this thread writes. One a thread, one for
 * the driver. Every `report()` must reach the pool: it is how the pool learns of segments made here, and a handle
 * into a segment that the pool does not know is worth nothing.
 */
export class SegmentWriter {
  readonly #blockIds: IdSequence
  readonly #segmentIds: IdSequence
  readonly #cursors: { short?: Cursor; long?: Cursor } = {}
  #lent: SegmentGrant[] = []
  #created: SegmentGrant[] = []
  #returned: number[] = []

  /** `owner`: the thread's number, which no other writer in the process has or had. */
  constructor(owner: number) {
    this.#blockIds = new IdSequence(owner, 'block')
    this.#segmentIds = new IdSequence(owner, 'segment')
  }

  /** Free segments of the pool that this thread may write from now on. */
  lend(grants: readonly SegmentGrant[]): void {
    for (const grant of grants) this.#lent.push(grant)
  }

  nextBlockId(): number {
    return this.#blockIds.next()
  }

  /**
   * A place for a block of so many payload bytes, marked as not sealed. Write and seal the block before the next
   * `report()`, which may hand the segment back; who writes for longer must `retain` the segment in the pool first.
   * Throws MemoryLimitError for blocks over 1 GiB.
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

  /** Gives back the unused rest of the last allocation, for blocks whose length is known only when they are full. */
  trim(place: Allocation, payloadBytes: number): void {
    const end = place.offset + blockBytes(payloadBytes)
    if (end > place.end) {
      throw new ArgumentError(`The block of ${payloadBytes} bytes is bigger than its place; allocate a bigger one.`, {
        payloadBytes,
        placeBytes: place.end - place.offset,
      })
    }
    for (const cursor of [this.#cursors.short, this.#cursors.long]) {
      if (cursor?.segment === place.segment && cursor.used === place.end) cursor.used = end
    }
  }

  /** What happened to segments since the last call. */
  report(): MemoryReport {
    // A big segment that was lent and not needed would lie here for ever: few blocks are of its size.
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

  /** Of the old segment and the one just used, the one with more room stays; a nearly full one is left too. */
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
