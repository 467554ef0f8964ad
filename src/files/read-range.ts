import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { crc32, gunzipSync } from 'node:zlib'
import { SourceError } from '../errors.js'
import type { FileRange } from '../ops/source.js'
import { isMissing } from './find.js'
import { checkIdentity, fileChanged } from './identity.js'
import { isGzip } from './paths.js'

/** Files are read in pieces of this size, so that a partition of any size needs little memory. */
const CHUNK = 1 << 20
/** Bytes of the longest line of a file: a longer one is refused. */
export const LONGEST_LINE = 256 * 1024 * 1024
/** Bytes that a .gz file may decompress to: it is held in memory. */
export const LONGEST_GZIP = 1024 * 1024 * 1024
const NEWLINE = 10

/** Takes text as bytes, a part that begins and ends at line boundaries. It is overwritten when this returns. */
type EachText = (text: Buffer) => void

/**
 * Reads the lines of ranges, one after the other, and returns a checksum of their bytes. Throws FileChangedError if a file is
 * not the one that was planned, or if `expected` is given, the checksum of an earlier read, and the bytes are others.
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
    if (planned) checkIdentity(path, planned, stats, verified)
    const size = planned?.size ?? stats.size
    if (isGzip(path)) each(unzip(file, size, range))
    else readLines(file, size, range, each)
    // Written to while it was read?
    if (planned) checkIdentity(path, planned, fstatSync(file), verified)
  } finally {
    closeSync(file)
  }
}

function openFile({ path, file: planned }: FileRange): number {
  try {
    // A pipe that has taken the place of the file must not make the thread wait for a writer.
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
 * The lines that begin in [start, end): a line that begins before `end` is read to its end, wherever that is; one that
 * began before `start` belongs to the range before. What lies after `size` was added later and is no part of it.
 */
function readLines(file: number, size: number, range: FileRange, each: EachText): void {
  const { path, start } = range
  const mark = start === 0 ? checkStart(readAt(file, 0, 3, range), path) : 0
  // The first line begins after the byte order mark, and belongs to the first range however short that is.
  const end = mark > 0 ? Math.max(range.end, mark + 1) : range.end
  let buffer: Buffer = Buffer.allocUnsafe(Math.min(CHUNK, size - Math.max(0, start - 1) + 1))
  // One byte back: if it is a newline, a line begins exactly at `start`.
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
    // How far lines may begin: past `end` only the line in progress is still ours.
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

/** The end of the last line that begins before `within`: after the first newline at or after its last byte; 0 if none yet. */
function lineEndAfter(bytes: Buffer, within: number): number {
  const newline = bytes.indexOf(NEWLINE, within - 1)
  return newline < 0 ? bytes.subarray(0, within).lastIndexOf(NEWLINE) + 1 : newline + 1
}

function grown(buffer: Buffer, path: string, position: number): Buffer {
  if (buffer.length > LONGEST_LINE) {
    throw new SourceError(
      `The line at byte ${position} of ${path} is longer than ${LONGEST_LINE} bytes. Split the file into shorter lines.`,
      { details: { path, position, limit: LONGEST_LINE } },
    )
  }
  const larger = Buffer.allocUnsafe(Math.min(buffer.length * 2, LONGEST_LINE + 1))
  buffer.copy(larger)
  return larger
}

function unzip(file: number, size: number, range: FileRange): Buffer {
  const { path } = range
  let text: Buffer
  try {
    text = gunzipSync(readAt(file, 0, size, range), { maxOutputLength: LONGEST_GZIP })
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const why = code === 'ERR_BUFFER_TOO_LARGE' ? `it decompresses to more than ${LONGEST_GZIP} bytes` : message
    throw new SourceError(`The file ${path} cannot be decompressed: ${why}.`, { cause, details: { path } })
  }
  return text.subarray(checkStart(text, path))
}

/** How many bytes of a byte order mark a file begins with. Throws SourceError if its first bytes are not those of UTF-8 text. */
function checkStart(first: Buffer, path: string): number {
  const [a, b, c] = first
  if (a === 0xef && b === 0xbb && c === 0xbf) return 3
  const form =
    (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff) ? 'UTF-16' : a === 0x1f && b === 0x8b ? 'gzip' : ''
  if (form === '') return 0
  const advice =
    form === 'gzip' ? 'Give it a name that ends in .gz' : 'Convert it to UTF-8, or read it with functions of your own'
  throw new SourceError(`The file ${path} is ${form}, not UTF-8 text. ${advice}.`, { details: { path, form } })
}

/** Up to `length` bytes, fewer only at the end of the file. */
function readAt(file: number, position: number, length: number, { path, file: planned }: FileRange): Buffer {
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
