import { checkLines, checkStart, LONGEST_LINE, lineTooLong, START } from './text-form.js'

/** Bytes of the first request behind the end of a range, for the rest of its last line. */
const TAIL = 64 * 1024
const NEWLINE = 10
const NONE = Buffer.alloc(0)

/** A range of a file. */
export interface LineRange {
  readonly path: string
  /** Bytes of the whole file. */
  readonly size: number
  readonly start: number
  readonly end: number
}

/**
 * A request for `length` bytes from `at` on, or complete lines, which begin at the offset `position` of the file. The answer to a
 * request consists of the bytes in `kept`, the beginning of a line, and the requested bytes.
 */
export type LineStep =
  | { readonly at: number; readonly length: number; readonly kept: Buffer }
  | { readonly text: Buffer; readonly position: number }

/**
 * Reads the lines that begin in [start, end) of a file: a line that begins before `end` is read to its end; one that
 * began before `start` belongs to the previous range. Skips a byte order mark. The caller answers requests, and so decides whether
 * it waits for bytes, and where they are stored: it may reuse the memory of lines with its next answer. Fewer bytes than requested
 * mean the end of the file. `chunk`: the most bytes of a request in the range. `longest`: the most bytes of a line.
 *
 * @throws SourceError for a line that is too long, or a text that is not UTF-8.
 */
export function* linesOf(
  range: LineRange,
  chunk = Number.POSITIVE_INFINITY,
  longest = LONGEST_LINE,
): Generator<LineStep, void, Buffer> {
  const { path, size, start } = range
  let { end } = range
  if (start >= end) return
  // Starts one byte earlier: if that byte is a newline, a line begins exactly at `start`.
  let position = Math.max(0, start - 1)
  let isFirst = start === 0
  let skipping = start > 0
  let bytes: Buffer = NONE
  for (let isEnd = false; ; ) {
    const at = position + bytes.length
    if (at < size) {
      if (bytes.length > longest) lineTooLong(path, position, longest)
      const inside = isFirst ? Math.max(end, START) : end - at
      const least = inside > 0 ? Math.min(chunk, inside) : TAIL
      // Requests double with a long line, so that its bytes are copied only a few times, up to the length of a line.
      const double = Math.min(bytes.length, longest + 1 - bytes.length)
      const length = Math.min(Math.max(least, double), size - at)
      const wanted = bytes.length + length
      bytes = yield { at, length, kept: bytes }
      isEnd = bytes.length < wanted
    }
    isEnd ||= position + bytes.length >= size
    if (isFirst) {
      isFirst = false
      const mark = checkStart(bytes.subarray(0, START), path)
      // The first line begins after the byte order mark, and belongs to the first range even if that ends before it.
      if (mark > 0) end = Math.max(end, mark + 1)
      position = mark
      bytes = bytes.subarray(mark)
    }
    if (skipping) {
      const newline = bytes.indexOf(NEWLINE)
      const skipped = newline < 0 ? bytes.length : newline + 1
      position += skipped
      bytes = bytes.subarray(skipped)
      skipping = newline < 0
    }
    if (position >= end || (isEnd && bytes.length === 0)) return
    const complete = skipping ? 0 : endOfLines(bytes, end - position, isEnd)
    if (complete > 0) {
      checkLines(bytes.subarray(0, complete), path, position, longest)
      yield { text: bytes.subarray(0, complete), position }
    }
    position += complete
    bytes = bytes.subarray(complete)
    if (position >= end || isEnd) return
  }
}

/** Returns the end of the complete lines that begin before `within`. */
function endOfLines(bytes: Buffer, within: number, isEnd: boolean): number {
  const newline = bytes.length >= within ? bytes.indexOf(NEWLINE, within - 1) : -1
  if (newline >= 0) return newline + 1
  return isEnd ? bytes.length : bytes.subarray(0, within).lastIndexOf(NEWLINE) + 1
}

/** Returns the answer to a request, in memory of its own. */
export function joined(kept: Buffer, more: Buffer): Buffer {
  return kept.length === 0 ? more : Buffer.concat([kept, more])
}
