import { isAscii } from 'node:buffer'
import type { ByteWriter } from './byte-writer.js'

/**
 * Bytes decoded at once. Long lines refer to the string from which they were cut and keep it in memory, so that string
 * must not be the whole block. A piece of this size stays in the processor's cache.
 */
const PIECE_BYTES = 64 * 1024
const NEWLINE = 10
const CARRIAGE_RETURN = 13

/**
 * Passes the lines of a text payload to `each`, a piece of about 64 KiB at a time. Removes a `\r` at the end of a line.
 * The text after the last newline is a line unless it is empty. Bytes that are not UTF-8 become U+FFFD. 1,000 to 1,500
 * MB/s for ASCII lines of 100 bytes, on one core.
 */
export function eachLines(bytes: Buffer, each: (lines: string[]) => void): void {
  eachPiece(bytes, (piece) => each(cutLines(piece)))
}

/** Passes a text payload to `each` in pieces of whole lines, about 64 KiB long, or as long as a longer line. */
export function eachPiece(bytes: Buffer, each: (piece: Buffer) => void): void {
  for (let at = 0; at < bytes.length; ) {
    const end = endOfPiece(bytes, at)
    each(bytes.subarray(at, end))
    at = end
  }
}

/** Returns the lines of `eachLines` in one array. */
export function decodeLines(bytes: Buffer): string[] {
  const all: string[] = []
  eachLines(bytes, (lines) => {
    for (let i = 0; i < lines.length; i++) all.push(lines[i]!)
  })
  return all
}

/**
 * Appends each line and a newline, as UTF-8. Does not preserve all texts: a line that contains a newline is read back
 * as several lines, a final carriage return is dropped, and a lone surrogate becomes U+FFFD.
 */
export function encodeLines(w: ByteWriter, lines: readonly string[]): void {
  let text = ''
  for (let i = 0; i < lines.length; i++) {
    text += lines[i]
    text += '\n'
    if (text.length < PIECE_BYTES) continue
    w.writeUtf8(text)
    text = ''
  }
  w.writeUtf8(text)
}

/** One call that cuts all lines is 1.5 times as fast as a search for each newline. */
function cutLines(piece: Buffer): string[] {
  const end = piece[piece.length - 1] === NEWLINE ? piece.length - 1 : piece.length
  const lines = piece.toString(isAscii(piece) ? 'latin1' : 'utf8', 0, end).split('\n')
  if (piece.includes(CARRIAGE_RETURN)) {
    for (let i = 0; i < lines.length; i++) if (lines[i]!.endsWith('\r')) lines[i] = lines[i]!.slice(0, -1)
  }
  return lines
}

/** Returns the end of the last line that fits a piece, or of the first line if none fits. */
function endOfPiece(bytes: Buffer, at: number): number {
  const limit = at + PIECE_BYTES
  if (limit >= bytes.length) return bytes.length
  const last = bytes.subarray(at, limit).lastIndexOf(NEWLINE)
  return last < 0 ? afterNewline(bytes, limit) : at + last + 1
}

/** Returns the end of the line that contains `from`, newline included. A newline is never inside a UTF-8 sequence. */
export function afterNewline(bytes: Buffer, from: number): number {
  const newline = bytes.indexOf(NEWLINE, from)
  return newline < 0 ? bytes.length : newline + 1
}
