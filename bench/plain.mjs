import { closeSync, openSync, readSync } from 'node:fs'

/*
 * The baseline of all comparisons: the same work as one hand-written loop on one thread, without any framework. Bytes
 * are decoded as latin1, the fastest decoding of Node, which favours these loops.
 */

const NEWLINE = 10
const PIECE = 64 * 1024
const READ = 1 << 20

/** Calls `each` with texts of whole lines, without the last newline. */
export function texts(bytes, each) {
  for (let at = 0; at < bytes.length; ) {
    const limit = at + PIECE
    const end = limit >= bytes.length ? bytes.length : bytes.lastIndexOf(NEWLINE, limit - 1) + 1
    each(bytes.latin1Slice(at, bytes[end - 1] === NEWLINE ? end - 1 : end))
    at = end
  }
}

/** Calls `each` with pieces of the file that end with a line. Lines must be shorter than a piece. */
function filePieces(path, each) {
  const file = openSync(path, 'r')
  const buffer = Buffer.allocUnsafe(READ)
  let kept = 0
  for (;;) {
    const filled = kept + readSync(file, buffer, kept, READ - kept, null)
    if (filled === kept) break
    const end = buffer.subarray(0, filled).lastIndexOf(NEWLINE) + 1
    each(buffer.subarray(0, end))
    buffer.copyWithin(0, end, filled)
    kept = filled - end
  }
  closeSync(file)
  if (kept > 0) each(buffer.subarray(0, kept))
}

function countInto(counts, bytes) {
  texts(bytes, (text) => {
    for (const line of text.split('\n')) {
      for (const word of line.split(' ')) counts.set(word, (counts.get(word) ?? 0) + 1)
    }
  })
}

/** Counts the occurrences of each word. */
export function plainWordCount(bytes) {
  const counts = new Map()
  countInto(counts, bytes)
  return counts
}

export function plainWordCountOfFile(path) {
  const counts = new Map()
  filePieces(path, (piece) => countInto(counts, piece))
  return counts
}

/** Counts the lines that contain `word`. */
export function plainGrep(bytes, word) {
  let found = 0
  texts(bytes, (text) => {
    for (const line of text.split('\n')) if (line.includes(word)) found++
  })
  return found
}

export function plainGrepOfFile(path, word) {
  let found = 0
  filePieces(path, (piece) => {
    found += plainGrep(piece, word)
  })
  return found
}

export function countLines(bytes) {
  let lines = 0
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) lines++
  return lines
}
