const LF = 10
const CR = 13
const BLANK = Buffer.from('\n\n')
const BLANK_CR = Buffer.from('\n\r\n')

/**
 * Passes whole, non-blank lines. Chunks may be cut anywhere. Bytes after the last newline are held back until their
 * line is whole. So a broken connection leaves no half line behind, and a `\r\n` split over two chunks still counts as
 * a blank line. Only these bytes are copied; a chunk without blank lines passes as one view of itself.
 *
 * A line longer than the limit is dropped as a whole, and reported to `dropped` with its length in bytes.
 */
export class LineGate {
  readonly #maxLineBytes: number
  readonly #dropped: (bytes: number) => void
  #held = Buffer.alloc(0)
  #length = 0
  /** Bytes seen so far of a line that is too long; 0 if there is none. */
  #skipped = 0

  constructor(maxLineBytes: number, dropped: (bytes: number) => void) {
    this.#maxLineBytes = maxLineBytes
    this.#dropped = dropped
  }

  /** Yields the pieces of the chunk that may pass now. Each view is valid until the next call of the generator. */
  *pieces(chunk: Buffer): Generator<Uint8Array, void, undefined> {
    const first = chunk.indexOf(LF)
    if (first === -1) return this.#hold(chunk)
    let start = 0
    if (this.#length + this.#skipped > 0) {
      const length = this.#skipped + this.#length + first
      if (length > this.#maxLineBytes) this.#dropped(length)
      else if (length > 1 || this.#held[0] !== CR) {
        yield this.#held.subarray(0, this.#length)
        yield chunk.subarray(0, first + 1)
      }
      this.#length = this.#skipped = 0
      start = first + 1
    }
    const end = chunk.lastIndexOf(LF) + 1
    if (end > start) yield* this.#lines(chunk.subarray(start, end))
    this.#hold(chunk.subarray(end))
  }

  /** Returns and forgets the unfinished last line, if there is one. */
  rest(): Uint8Array | undefined {
    const rest = this.#held.subarray(0, this.#length)
    if (this.#skipped > 0) this.#dropped(this.#skipped)
    this.#length = this.#skipped = 0
    return rest.length === 0 || (rest.length === 1 && rest[0] === CR) ? undefined : rest
  }

  *#lines(lines: Buffer): Generator<Uint8Array, void, undefined> {
    const blankFirst = lines[0] === LF || (lines[0] === CR && lines[1] === LF)
    if (!blankFirst && lines.length <= this.#maxLineBytes && !lines.includes(BLANK) && !lines.includes(BLANK_CR)) {
      return yield lines
    }
    // Start of the current run of good lines.
    let run = 0
    for (let at = 0; at < lines.length; ) {
      const end = lines.indexOf(LF, at)
      const length = end - at
      const long = length > this.#maxLineBytes
      if (long || length === 0 || (length === 1 && lines[at] === CR)) {
        if (at > run) yield lines.subarray(run, at)
        if (long) this.#dropped(length)
        run = end + 1
      }
      at = end + 1
    }
    if (run < lines.length) yield lines.subarray(run)
  }

  #hold(bytes: Buffer): void {
    const length = this.#length + bytes.length
    if (this.#skipped > 0 || length > this.#maxLineBytes) {
      this.#skipped += length
      this.#length = 0
      return
    }
    if (length > this.#held.length) {
      const grown = Buffer.alloc(Math.max(1024, length, this.#held.length * 2))
      this.#held.copy(grown, 0, 0, this.#length)
      this.#held = grown
    }
    bytes.copy(this.#held, this.#length)
    this.#length = length
  }
}
