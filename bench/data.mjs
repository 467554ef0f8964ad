import { closeSync, mkdirSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zipfLines } from './words.mjs'

/** Incremented when the lines change, so that no file of an older generator is used. */
const VERSION = 1
const PIECE_CHARS = 1 << 20

/** A word of medium frequency: about 3 lines in 10,000 have it. */
export const GREP_WORD = 'mdmfcybxd4930'

/** Calls `write` with pieces of whole lines: as many lines as fit into `bytes`, and one more to reach it. */
function generate(bytes, write) {
  let total = 0
  let piece = ''
  for (const line of zipfLines()) {
    piece += line
    total += line.length
    if (total >= bytes) break
    if (piece.length < PIECE_CHARS) continue
    write(piece)
    piece = ''
  }
  write(piece)
  return total
}

/** Whole lines of at least `bytes` bytes in all, less than one line more. */
export function makeLines(bytes) {
  const pieces = []
  generate(bytes, (piece) => pieces.push(Buffer.from(piece, 'latin1')))
  return Buffer.concat(pieces)
}

/** The same in a file under the system's temporary directory, made once for each size. Returns its path. */
export function linesFile(bytes) {
  const directory = join(tmpdir(), 'millrace-bench')
  const path = join(directory, `zipf-v${VERSION}-${bytes}.txt`)
  if (statSync(path, { throwIfNoEntry: false })) return path
  mkdirSync(directory, { recursive: true })
  const unfinished = `${path}.${process.pid}.tmp`
  const file = openSync(unfinished, 'w')
  generate(bytes, (piece) => writeSync(file, piece, null, 'latin1'))
  closeSync(file)
  // By rename: an interrupted run leaves no incomplete file under the final name.
  renameSync(unfinished, path)
  return path
}

/** The file's bytes in memory. */
export function linesBuffer(bytes) {
  return readFileSync(linesFile(bytes))
}
