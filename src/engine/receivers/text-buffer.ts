import type { SegmentId } from '../../ids.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import { HEADER_BYTES, payloadSpace, sealBlock } from '../../pool/blocks/layout.js'
import { SEGMENT_BYTES } from '../../pool/blocks/segment-size.js'
import type { Allocation, SegmentPool } from '../../pool/blocks/segments.js'
import type { DriverWriter } from '../storage/driver-writer.js'
import { linesIn } from './lines-in.js'

/**
 * Bytes of a block while it is filled. The first block after a cut takes a quarter of a segment, header included. Later
 * blocks take a whole segment, because every block costs a registration. A cut returns the unused part.
 */
const FIRST_BYTES = SEGMENT_BYTES / 4 - HEADER_BYTES
const NEXT_BYTES = SEGMENT_BYTES - HEADER_BYTES
/**
 * Bytes of the longest line that stays whole, without its newline. A longer line is split and reported, so that a
 * sender without newlines cannot fill the memory. The pieces together have the bytes of the line.
 */
const MAX_LINE = 16 * 1024 * 1024
const NEWLINE = 10
const CARRIAGE_RETURN = 13
/** Bytes of the view into which a source reads. */
const VIEW_BYTES = 64 * 1024

interface Open {
  readonly place: Allocation
  readonly bytes: Buffer
  /** Bytes filled. */
  used: number
  /** Newlines in the filled bytes. Bytes are counted once, on arrival. */
  lines: number
}

/** A view into which a source may write at any time, until it requests the next one. */
interface View {
  readonly bytes: Buffer
  readonly segment: SegmentId
  /** Whether its block has been sealed. Bytes that arrive in the view must then be copied. */
  stale: boolean
}

/**
 * Turns a stream of bytes into sealed text blocks, in place: the source writes into shared memory. A cut seals the
 * bytes up to the last newline, and copies only the unfinished line into the next block.
 *
 * A socket requests its next view right after each read and may keep it for hours. A cut therefore retains the view's
 * segment, and copies bytes that arrive in it later:
 *
 * ```
 *   | header | sealed lines | unfinished line | view of the source | next block ...
 *            0              end               used                 used + view
 * ```
 */
export class TextBuffer {
  readonly #segments: SegmentPool
  readonly #writer: DriverWriter
  readonly #listener: { report(message: string): void }
  #open: Open | undefined
  #view: View | undefined
  #sealed: BlockHandle[] = []

  constructor(segments: SegmentPool, writer: DriverWriter, listener: { report(message: string): void }) {
    this.#segments = segments
    this.#writer = writer
    this.#listener = listener
  }

  /** Bytes that are not sealed; after a cut, those of the unfinished line. */
  get openBytes(): number {
    return this.#open?.used ?? 0
  }

  /** Returns free space into which the source may write; never empty, valid until the next call. */
  space(): Buffer {
    this.#releaseView()
    const open = this.#room()
    const bytes = open.bytes.subarray(open.used, open.used + VIEW_BYTES)
    this.#view = { bytes, segment: open.place.segment.id, stale: false }
    return bytes
  }

  /** Accepts bytes that a source has written into the view. Returns the number of newlines in them. */
  advance(bytes: number): number {
    const view = this.#view
    if (view?.stale) {
      const arrived = Buffer.from(view.bytes.subarray(0, bytes))
      this.#releaseView()
      return this.text(arrived)
    }
    const lines = linesIn(view!.bytes.subarray(0, bytes))
    this.#view = undefined
    this.#open!.used += bytes
    this.#open!.lines += lines
    return lines
  }

  /** Copies bytes. Returns the number of newlines in them. */
  text(bytes: Uint8Array): number {
    // The source may still write to the space where these bytes would go.
    if (this.#view && !this.#view.stale && this.#open) this.#open = this.#moved(this.#open, this.#open.bytes.length)
    let lines = 0
    for (let at = 0; at < bytes.length; ) {
      const open = this.#room()
      const piece = bytes.subarray(at, at + open.bytes.length - open.used)
      open.bytes.set(piece, open.used)
      open.used += piece.length
      at += piece.length
      const found = linesIn(piece)
      open.lines += found
      lines += found
    }
    return lines
  }

  endOfText(): void {
    const open = this.#open
    if (!open || open.used === 0 || open.bytes[open.used - 1] === NEWLINE) return
    this.text(Uint8Array.of(NEWLINE))
  }

  /** Seals the complete lines. Returns all sealed blocks. */
  cut(): BlockHandle[] {
    if (this.#open && this.#open.used > 0) this.#seal(this.#open)
    const sealed = this.#sealed
    this.#sealed = []
    return sealed
  }

  /** Seals up to the last newline. The remaining bytes start the next block. Does nothing without a newline. */
  #seal(open: Open): void {
    const end = open.bytes.lastIndexOf(NEWLINE, open.used - 1) + 1
    if (end === 0) return
    const { place, bytes, used, lines } = open
    const tail = end < used ? Buffer.from(bytes.subarray(end, used)) : undefined
    this.#open = undefined
    const view = this.#holdView()
    this.#writer.trim(place, view ? Math.min(bytes.length, used + VIEW_BYTES) : end)
    const id = this.#writer.nextBlockId()
    this.#sealed.push(
      sealBlock(place.segment, place.offset, {
        id,
        codec: 'text',
        length: end,
        count: lines,
      }),
    )
    // The block keeps the reference to its segment that #allocate acquired.
    if (tail) this.text(tail)
  }

  #releaseView(): void {
    if (this.#view?.stale) this.#segments.release(this.#view.segment)
    this.#view = undefined
  }

  /** Returns an open block with at least one free byte. */
  #room(): Open {
    let open = this.#open
    if (open && open.used === open.bytes.length) {
      this.#seal(open)
      open = this.#open
    }
    return open && open.used < open.bytes.length ? open : this.#grow(open)
  }

  /** Allocates a new block. A line that filled the old block moves to the new one. */
  #grow(full: Open | undefined): Open {
    if (full && full.used > MAX_LINE) {
      this.#listener.report(`a line is longer than ${MAX_LINE} bytes and was split into shorter lines`)
      return this.#splitLine(full)
    }
    this.#open = full
      ? this.#moved(full, Math.min(full.bytes.length * 2, MAX_LINE + 1))
      : this.#allocate(this.#sealed.length === 0 ? FIRST_BYTES : NEXT_BYTES)
    return this.#open
  }

  /** Ends the line before the character that exceeds the limit. That character starts the next line. */
  #splitLine(full: Open): Open {
    const { bytes, used } = full
    // Two bytes are reserved for the line end.
    const end = characterStart(bytes, MAX_LINE - 1)
    const rest = Buffer.from(bytes.subarray(end, used))
    // Readers drop one carriage return at the end of a line. If the line's last byte is one, it needs another for them
    // to drop.
    const lineEnd = bytes[end - 1] === CARRIAGE_RETURN ? [CARRIAGE_RETURN, NEWLINE] : [NEWLINE]
    bytes.set(lineEnd, end)
    full.used = end + lineEnd.length
    full.lines++
    this.#seal(full)
    this.text(rest)
    return this.#open!
  }

  /** Copies the bytes into a new block. A view into the old block stays valid. */
  #moved(old: Open, length: number): Open {
    this.#holdView()
    const open = this.#allocate(length)
    open.bytes.set(old.bytes.subarray(0, old.used))
    open.used = old.used
    open.lines = old.lines
    this.#segments.release(old.place.segment.id)
    return open
  }

  #allocate(length: number): Open {
    const place = this.#writer.allocate(length, 'long')
    // The segment must not be recycled before the block is sealed. The same call acquires the reference, because an
    // allocation that filled the segment has already returned it.
    this.#writer.settle([{ segment: place.segment.id }])
    return { place, bytes: payloadSpace(place.segment.memory, place.offset, length), used: 0, lines: 0 }
  }

  /**
   * Retains the segment of the view, whose block is about to be sealed. From now on, bytes that arrive in the view are
   * copied.
   */
  #holdView(): View | undefined {
    if (this.#view && !this.#view.stale) {
      this.#view.stale = true
      this.#segments.retain(this.#view.segment)
    }
    return this.#view
  }
}

/**
 * Returns the start of the UTF-8 character that contains the byte at `at`; in bytes that are not UTF-8, `at` itself.
 */
function characterStart(bytes: Uint8Array, at: number): number {
  for (let start = at; start > at - 4; start--) if ((bytes[start]! & 0xc0) !== 0x80) return start
  return at
}
