import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { SourceError } from '../errors.js'
import { compressionOf, decompressFile } from './compression.js'
import { checkIdentity, type FileRange, fileChanged, identityOf } from './identity.js'
import { isMissing } from './local.js'
import { checkStart, LONGEST_LINE, lineTooLong, START } from './text-form.js'

/** Files are read in pieces of this size, so that a partition of any size needs little memory. */
const CHUNK = 1 << 20
const NEWLINE = 10

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
      const text = decompressFile(readAt(file, 0, size, range), compression, path)
      each(text.subarray(checkStart(text, path)))
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

/**
 * Reads the lines that begin in [start, end). A line that begins before `end` is read to its end, wherever that is; one
 * that began before `start` belongs to the previous range. Bytes after `size` were added later and do not belong to the
 * range.
 */
function readLines(file: number, size: number, range: FileRange, each: EachText): void {
  const { path, start } = range
  const mark = start === 0 ? checkStart(readAt(file, 0, START, range), path) : 0
  // The first line begins after the byte order mark, and belongs to the first range even if the range ends before it.
  const end = mark > 0 ? Math.max(range.end, mark + 1) : range.end
  let buffer: Buffer = Buffer.allocUnsafe(Math.min(CHUNK, size - Math.max(0, start - 1) + 1))
  // Starts one byte earlier: if that byte is a newline, a line begins exactly at `start`.
  let position = Math.max(mark, start - 1)
  let kept = 0
  let skipping = start > 0
  for (;;) {
    if (kept === buffer.length) buffer = grown(buffer, path, position)
    const wanted = Math.min(buffer.length - kept, size - position - kept)
    const got = wanted > 0 ? readSync(file, buffer, kept, wanted, position + kept) : 0
    if (got === 0 && wanted > 0) throw fileChanged(path, 'truncated', { planned: range.file })
    let filled = kept + got
    if (skipping) {
      const newline = buffer.subarray(0, filled).indexOf(NEWLINE)
      if (newline < 0 && got > 0) {
        position += filled
        kept = 0
        continue
      }
      const skip = newline < 0 ? filled : newline + 1
      buffer.copyWithin(0, skip, filled)
      filled -= skip
      position += skip
      skipping = false
    }
    if (position >= end) return
    // The limit of line starts: after `end`, only the unfinished line belongs to this range.
    const bytes = buffer.subarray(0, filled)
    const within = Math.min(filled, end - position)
    const last = position + filled > end ? lineEndAfter(bytes, within) : bytes.lastIndexOf(NEWLINE) + 1
    const complete = got === 0 && last <= 0 ? filled : last
    if (complete > 0) {
      each(bytes.subarray(0, complete))
      buffer.copyWithin(0, complete, filled)
      position += complete
      kept = filled - complete
    } else {
      kept = filled
    }
    if (position >= end) return
    if (got === 0) {
      if (kept > 0) each(buffer.subarray(0, kept))
      return
    }
  }
}

/**
 * Returns the end of the last line that begins before `within`: after the first newline at or after its last byte; 0 if
 * there is none yet.
 */
function lineEndAfter(bytes: Buffer, within: number): number {
  const newline = bytes.indexOf(NEWLINE, within - 1)
  return newline < 0 ? bytes.subarray(0, within).lastIndexOf(NEWLINE) + 1 : newline + 1
}

function grown(buffer: Buffer, path: string, position: number): Buffer {
  if (buffer.length > LONGEST_LINE) lineTooLong(path, position)
  const larger = Buffer.allocUnsafe(Math.min(buffer.length * 2, LONGEST_LINE + 1))
  buffer.copy(larger)
  return larger
}

/** Reads up to `length` bytes; fewer only at the end of the file. */
export function readAt(file: number, position: number, length: number, { path, file: planned }: FileRange): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const got = readSync(file, bytes, filled, length - filled, position + filled)
    if (got === 0) break
    filled += got
  }
  if (planned && filled < Math.min(length, planned.size)) throw fileChanged(path, 'truncated', { planned })
  return bytes.subarray(0, filled)
}
