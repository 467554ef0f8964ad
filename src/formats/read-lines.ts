import { checkStart, LONGEST_LINE, lineTooLong, START } from '../files/text-form.js'
import type { FileSlice, Reading } from './format.js'

/** Bytes that are requested at a time. */
export const CHUNK = 1 << 20
const NEWLINE = 10
const NONE = Buffer.alloc(0)

/** Returns the records of complete lines. `position`: the offset of the text in the file. */
export type EachLines = (text: Buffer, position: number) => readonly unknown[]

/**
 * Reads the lines that begin in [start, end) of a file: a line that begins before `end` is read to its end; one that
 * began before `start` is not read. A byte order mark is skipped.
 */
export function* readLines({ path, size, start, end: given }: FileSlice, each: EachLines): Reading {
  if (start >= given) return
  const mark = start === 0 ? checkStart(yield { at: 0, length: Math.min(START, size) }, path) : 0
  // The first line begins after the byte order mark, and belongs to the first range even if the range ends before it.
  const end = mark > 0 ? Math.max(given, mark + 1) : given
  // Starts one byte earlier: if that byte is a newline, a line begins exactly at `start`.
  let position = Math.max(mark, start - 1)
  let skipping = start > 0
  let bytes: Buffer = NONE
  for (;;) {
    const next = position + bytes.length
    if (next < size) {
      if (bytes.length > LONGEST_LINE) lineTooLong(path, position)
      // Doubles the bytes of a long line with each request, so that they are copied only a few times.
      const more = yield { at: next, length: Math.min(Math.max(CHUNK, bytes.length), size - next) }
      bytes = bytes.length === 0 ? more : Buffer.concat([bytes, more])
    }
    const isEnd = position + bytes.length >= size
    if (skipping) {
      const newline = bytes.indexOf(NEWLINE)
      const skipped = newline < 0 ? bytes.length : newline + 1
      position += skipped
      bytes = bytes.subarray(skipped)
      skipping = newline < 0
      if (skipping && !isEnd) continue
    }
    if (position >= end || bytes.length === 0) return
    const cut = cutAfterLines(bytes, end - position, isEnd)
    if (cut > 0) {
      const records = each(bytes.subarray(0, cut), position)
      if (records.length > 0) yield { records }
    }
    position += cut
    bytes = bytes.subarray(cut)
    if (position >= end || isEnd) return
  }
}

/** Returns the end of the complete lines that begin before `within`. */
function cutAfterLines(bytes: Buffer, within: number, isEnd: boolean): number {
  const newline = bytes.length > within ? bytes.indexOf(NEWLINE, within - 1) : -1
  if (newline >= 0) return newline + 1
  return isEnd ? bytes.length : bytes.lastIndexOf(NEWLINE) + 1
}
