import { closeSync, constants, ftruncateSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { BlockCorruptError } from '../../../errors.js'

/** Typed arrays begin at multiples of this. */
const ALIGNED = 8

/** Bytes in several parts in a file. */
export interface PartsFile {
  readonly path: string
  readonly lengths: readonly number[]
  readonly bytes: number
  readonly crc: number
}

/** Writes parts one after the other. Leaves no file if it throws the file system's error. */
export function writeParts(path: string, parts: readonly Uint8Array[]): PartsFile {
  let crc = 0
  let at = 0
  try {
    // Not truncated first: the blocks of the file before are used again.
    const file = openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o600)
    try {
      for (const part of parts) {
        for (let done = 0; done < part.length; ) done += writeSync(file, part, done, part.length - done, at + done)
        crc = sumOf(part, crc)
        at = Math.ceil((at + part.length) / ALIGNED) * ALIGNED
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
export function readParts({ path, lengths, bytes, crc }: PartsFile): Buffer[] {
  const damaged = (fault: string, cause?: unknown) =>
    new BlockCorruptError(
      `State cannot be read from '${path}': ${fault}. It is rebuilt from its snapshots.`,
      { path, fault },
      cause,
    )
  let all: Buffer
  try {
    all = readFileSync(path)
  } catch (error) {
    throw damaged(String((error as Error).message), error)
  }
  if (all.length !== bytes) throw damaged(`it has ${all.length} bytes, not ${bytes}`)
  let at = 0
  let sum = 0
  const parts = lengths.map((length) => {
    const part = all.subarray(at, at + length)
    sum = sumOf(part, sum)
    at = Math.ceil((at + length) / ALIGNED) * ALIGNED
    return part
  })
  if (sum !== crc) throw damaged('its checksum does not match its bytes')
  return parts
}

/** The checksum of nothing would be 0, instead of the sum so far, if its memory has no address. */
function sumOf(part: Uint8Array, sum: number): number {
  return part.length === 0 ? sum : crc32(part, sum)
}
