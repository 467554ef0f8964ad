import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { SourceError } from '../errors.js'
import { compressionOf, decompressFile } from './compression.js'
import { checkIdentity, type FileRange, fileChanged, identityOf } from './identity.js'
import { linesOf } from './line-ranges.js'
import { isMissing } from './local.js'
import { checkText } from './text-form.js'

/** Files are read in pieces of this size, so that a partition of any size needs little memory. */
const CHUNK = 1 << 20
/** Room for the beginning of a line in front of a chunk. */
const ROOM = 16 * 1024

/**
 * Receives text as bytes: a part that begins and ends at line boundaries. The buffer is overwritten when this returns.
 */
type EachText = (text: Buffer) => void

/**
 * Reads the lines of ranges of local files, one range after the other, and returns a checksum of their bytes. Throws
 * FileChangedError if a file is not the planned one, or if its bytes differ from `expected`, the checksum of an earlier
 * read.
 */
export function readFileRanges(ranges: readonly FileRange[], expected: number | undefined, each: EachText): number {
  let sum = 0
  for (const range of ranges) {
    readFileRange(range, expected !== undefined, (text) => {
      sum = crc32(text, sum)
      each(text)
    })
  }
  if (expected === undefined || sum === expected) return sum
  throw fileChanged(ranges.map(({ path }) => path).join(', '), 'modified', { planned: ranges[0]?.file })
}

function readFileRange(range: FileRange, verified: boolean, each: EachText): void {
  const { path, start, end, file: planned } = range
  if (start >= end) return
  const file = openFile(range)
  try {
    const stats = fstatSync(file)
    if (!stats.isFile()) throw fileChanged(path, 'replaced', { planned })
    if (planned) checkIdentity(path, planned, identityOf(stats), verified)
    const size = planned?.size ?? stats.size
    const compression = compressionOf(path)
    if (compression) {
      each(checkText(decompressFile(readAt(file, 0, size, range), compression, path), path))
    } else {
      readLines(file, size, range, each)
    }
    // Detects a write to the file while it was read.
    if (planned) checkIdentity(path, planned, identityOf(fstatSync(file)), verified)
  } finally {
    closeSync(file)
  }
}

/** Opens the file of a range. Throws FileChangedError if it cannot be the planned one. */
export function openFile({ path, file: planned }: FileRange): number {
  try {
    // A pipe that has replaced the file must not make the thread wait for a writer.
    return openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (cause) {
    if (isMissing(cause)) throw fileChanged(path, 'missing', { planned }, cause)
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'EACCES' || code === 'EPERM' || code === 'ELOOP')
      throw fileChanged(path, 'unreadable', { planned }, cause)
    throw new SourceError(`The file ${path} cannot be read: ${(cause as Error).message}.`, { cause, details: { path } })
  }
}

/** Reads lines. Bytes after `size` were added later and do not belong to the range. */
function readLines(file: number, size: number, range: FileRange, each: EachText): void {
  const { path, start, end } = range
  let buffer: Buffer = Buffer.alloc(0)
  const steps = linesOf({ path, size, start, end }, CHUNK)
  for (let step = steps.next(); !step.done; ) {
    const { value } = step
    if ('text' in value) {
      each(value.text)
      step = steps.next()
      continue
    }
    const { at, length, kept } = value
    const needed = kept.length + length
    const into = needed <= buffer.length ? buffer : Buffer.allocUnsafe(needed + ROOM)
    kept.copy(into)
    if (fill(file, at, into.subarray(kept.length, needed)) < length)
      throw fileChanged(path, 'truncated', { planned: range.file })
    buffer = into
    step = steps.next(into.subarray(0, needed))
  }
}

/** Reads bytes from `position` on, until the buffer is full or the file ends. Returns their number. */
function fill(file: number, position: number, bytes: Buffer): number {
  let filled = 0
  while (filled < bytes.length) {
    const got = readSync(file, bytes, filled, bytes.length - filled, position + filled)
    if (got === 0) break
    filled += got
  }
  return filled
}

/** Reads up to `length` bytes; fewer only at the end of the file. */
export function readAt(file: number, position: number, length: number, { path, file: planned }: FileRange): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  const filled = fill(file, position, bytes)
  if (planned && filled < Math.min(length, planned.size)) throw fileChanged(path, 'truncated', { planned })
  return bytes.subarray(0, filled)
}
