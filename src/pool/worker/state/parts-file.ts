import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { BlockCorruptError } from '../../../errors.js'

/** Parts begin at multiples of this. */
const ALIGNED = 8
/** Bytes per call: Linux writes and reads less than 2 GiB at once, Node refuses more, and zlib counts in 32 bits. */
const AT_ONCE = 2 ** 30

/** Bytes in several parts in a file. */
export interface PartsFile {
  readonly path: string
  readonly lengths: readonly number[]
  readonly bytes: number
  readonly crc: number
}

/** Writes parts one after the other. Leaves no file if it throws the file system's error. */
export function writeParts(path: string, parts: readonly Uint8Array[], atOnce = AT_ONCE): PartsFile {
  let crc = 0
  let at = 0
  try {
    // Not truncated first: the blocks of the file before are used again.
    const file = openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o600)
    try {
      for (const part of parts) {
        inPieces(part, atOnce, (piece, done) => writeSync(file, piece, 0, piece.length, at + done))
        crc = sumOf(part, crc, atOnce)
        at = aligned(at + part.length)
      }
      ftruncateSync(file, at)
    } finally {
      closeSync(file)
    }
  } catch (error) {
    rmSync(path, { force: true })
    throw error
  }
  return { path, lengths: parts.map(({ length }) => length), bytes: at, crc }
}

/** Returns the parts. Throws BlockCorruptError if they are not what was written. */
export function readParts({ path, lengths, bytes, crc }: PartsFile, atOnce = AT_ONCE): Buffer[] {
  const damaged = (fault: string, cause?: unknown) =>
    new BlockCorruptError(
      `State cannot be read from '${path}': ${fault}. It is rebuilt from its snapshots.`,
      { path, fault },
      cause,
    )
  let found: number
  let parts: Buffer[] = []
  try {
    const file = openSync(path, 'r')
    try {
      found = fstatSync(file).size
      if (found === bytes) parts = readEach(file, lengths, atOnce)
    } finally {
      closeSync(file)
    }
  } catch (error) {
    throw damaged(String((error as Error).message), error)
  }
  if (found !== bytes) throw damaged(`it has ${found} bytes, not ${bytes}`)
  if (parts.reduce((sum, part) => sumOf(part, sum, atOnce), 0) !== crc)
    throw damaged('its checksum does not match its bytes')
  return parts
}

function readEach(file: number, lengths: readonly number[], atOnce: number): Buffer[] {
  let at = 0
  return lengths.map((length) => {
    const part = Buffer.allocUnsafeSlow(length)
    inPieces(part, atOnce, (piece, done) => {
      const read = readSync(file, piece, 0, piece.length, at + done)
      if (read === 0) throw new Error(`it ends at byte ${at + done}`)
      return read
    })
    at = aligned(at + length)
    return part
  })
}

/** Passes the rest of a part, at most `atOnce` bytes of it, until all are done. `use` returns how many bytes it did. */
function inPieces(part: Uint8Array, atOnce: number, use: (piece: Uint8Array, done: number) => number): void {
  for (let done = 0; done < part.length; ) done += use(part.subarray(done, done + atOnce), done)
}

function sumOf(part: Uint8Array, sum: number, atOnce: number): number {
  let all = sum
  inPieces(part, atOnce, (piece) => {
    all = crc32(piece, all)
    return piece.length
  })
  return all
}

const aligned = (at: number): number => Math.ceil(at / ALIGNED) * ALIGNED
