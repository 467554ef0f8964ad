import type { BlockHandle } from '../pool/blocks/handle.js'
import { HEADER_BYTES, payloadSpace, sealBlock } from '../pool/blocks/layout.js'
import { SEGMENT_BYTES } from '../pool/blocks/segment-size.js'
import type { Allocation } from '../pool/blocks/segments.js'
import type { DriverWriter } from './driver-writer.js'
import type { Engine } from './engine.js'
import { linesIn } from './lines-in.js'

/**
 * Bytes of a block while it is filled: the first after a cut takes a quarter of a segment, header included, later ones all
 * of one, as each block is told to threads and entered in books. What is not used goes back at the cut.
 */
const FIRST_BYTES = SEGMENT_BYTES / 4 - HEADER_BYTES
const NEXT_BYTES = SEGMENT_BYTES - HEADER_BYTES
/**
 * Bytes of the longest line that stays whole, without its newline. A longer one becomes several, with a report: a sender
 * without newlines must not fill the memory. The bytes of these lines together are those of the long one.
 */
const MAX_LINE = 16 * 1024 * 1024
const NEWLINE = 10
const CARRIAGE_RETURN = 13
/** What a source is given to read into at a time. */
const VIEW_BYTES = 64 * 1024

interface Open {
  readonly place: Allocation
  readonly bytes: Buffer
  /** Bytes filled. */
  used: number
}

/** A view that a source may write into at any moment, until it asks for another. */
interface View {
  readonly bytes: Buffer
  readonly segment: number
  /** Its block was sealed meanwhile: what arrives in it must be copied. */
  stale: boolean
}

/**
 * Turns a stream of bytes into sealed text blocks, in place: the source writes into shared memory, a cut seals what is
 * complete up to the last newline, and only the unfinished line is copied into the next block.
 *
 * A socket takes its next view right after each read and may hold it for hours. A cut therefore leaves the view's
 * memory alone, holds its segment, and copies what arrives in it later:
 *
 * ```
 *   | header | sealed lines | unfinished line | view of the source | next block ...
 *            0              end               used                 used + view
 * ```
 */
export class TextBuffer {
  readonly #engine: Engine
  readonly #writer: DriverWriter
  readonly #report: (message: string) => void
  #open: Open | undefined
  #view: View | undefined
  #sealed: BlockHandle[] = []

  constructor(engine: Engine, writer: DriverWriter, report: (message: string) => void) {
    this.#engine = engine
    this.#writer = writer
    this.#report = report
  }

  /** Free space, never empty; valid until the next call. */
  space(): Buffer {
    this.#letGo()
    const open = this.#room()
    const bytes = open.bytes.subarray(open.used, open.used + VIEW_BYTES)
    this.#view = { bytes, segment: open.place.segment.id, stale: false }
    return bytes
  }

  advance(bytes: number): void {
    const view = this.#view
    if (view?.stale) {
      const arrived = Buffer.from(view.bytes.subarray(0, bytes))
      this.#letGo()
      this.text(arrived)
      return
    }
    this.#view = undefined
    this.#open!.used += bytes
  }

  text(bytes: Uint8Array): void {
    // The source may still write where these bytes would go.
    if (this.#view && !this.#view.stale && this.#open) this.#open = this.#moved(this.#open, this.#open.bytes.length)
    for (let at = 0; at < bytes.length; ) {
      const open = this.#room()
      const piece = bytes.subarray(at, at + open.bytes.length - open.used)
      open.bytes.set(piece, open.used)
      open.used += piece.length
      at += piece.length
    }
  }

  endOfText(): void {
    const open = this.#open
    if (!open || open.used === 0 || open.bytes[open.used - 1] === NEWLINE) return
    this.text(Uint8Array.of(NEWLINE))
  }

  /** Seals the complete lines and hands over all sealed blocks. */
  cut(): BlockHandle[] {
    if (this.#open && this.#open.used > 0) this.#seal(this.#open)
    const sealed = this.#sealed
    this.#sealed = []
    return sealed
  }

  /** Seals up to the last newline; the rest of the bytes begins the next block. Does nothing without a newline. */
  #seal(open: Open): void {
    const end = open.bytes.lastIndexOf(NEWLINE, open.used - 1) + 1
    if (end === 0) return
    const { place, bytes, used } = open
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
        count: linesIn(bytes.subarray(0, end)),
      }),
    )
    // The block keeps the hold that was taken when its place was allocated.
    if (tail) this.text(tail)
  }

  #letGo(): void {
    if (this.#view?.stale) this.#engine.segments.release(this.#view.segment)
    this.#view = undefined
  }

  /** An open block with at least one free byte. */
  #room(): Open {
    let open = this.#open
    if (open && open.used === open.bytes.length) {
      this.#seal(open)
      open = this.#open
    }
    return open && open.used < open.bytes.length ? open : this.#grow(open)
  }

  /** A new place; a line that filled the old one moves along. */
  #grow(full: Open | undefined): Open {
    if (full && full.used > MAX_LINE) {
      this.#report(`a line is longer than ${MAX_LINE} bytes; it is split into lines that are not`)
      return this.#splitLine(full)
    }
    this.#open = full
      ? this.#moved(full, Math.min(full.bytes.length * 2, MAX_LINE + 1))
      : this.#allocate(this.#sealed.length === 0 ? FIRST_BYTES : NEXT_BYTES)
    return this.#open
  }

  /** Ends the line before the character that passes the limit; that character begins the next line. */
  #splitLine(full: Open): Open {
    const { bytes, used } = full
    // Leaves room for two bytes.
    const end = characterStart(bytes, MAX_LINE - 1)
    const rest = Buffer.from(bytes.subarray(end, used))
    // Readers drop one carriage return at the end of a line: one that belongs to the line gets another to be dropped.
    const lineEnd = bytes[end - 1] === CARRIAGE_RETURN ? [CARRIAGE_RETURN, NEWLINE] : [NEWLINE]
    bytes.set(lineEnd, end)
    full.used = end + lineEnd.length
    this.#seal(full)
    this.text(rest)
    return this.#open!
  }

  /** The same bytes in another place; a view into the old one stays valid. */
  #moved(old: Open, length: number): Open {
    this.#holdView()
    const open = this.#allocate(length)
    open.bytes.set(old.bytes.subarray(0, old.used))
    open.used = old.used
    this.#engine.segments.release(old.place.segment.id)
    return open
  }

  #allocate(length: number): Open {
    const place = this.#writer.allocate(length, 'long')
    // Filled over time: the segment must not be recycled before the block is sealed. It is held in the same call, as what
    // fills it to the end has handed it back already.
    this.#writer.settle([{ segment: place.segment.id }])
    return { place, bytes: payloadSpace(place.segment.memory, place.offset, length), used: 0 }
  }

  /** The block under the view is about to go: what arrives in the view from now on is copied. */
  #holdView(): View | undefined {
    if (this.#view && !this.#view.stale) {
      this.#view.stale = true
      this.#engine.segments.retain(this.#view.segment)
    }
    return this.#view
  }
}

/** The start of the UTF-8 character that the byte at `at` belongs to; `at` itself in bytes that are not UTF-8. */
function characterStart(bytes: Uint8Array, at: number): number {
  for (let start = at; start > at - 4; start--) if ((bytes[start]! & 0xc0) !== 0x80) return start
  return at
}
