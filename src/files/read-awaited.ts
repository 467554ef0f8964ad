import { crc32 } from 'node:zlib'
import { FileSystemError, SourceError } from '../errors.js'
import { compressionOf, decompressFile } from './compression.js'
import type { FileSystem } from './file-system.js'
import type { FileSystems } from './file-systems.js'
import { checkIdentity, type FileRange, fileChanged } from './identity.js'
import { readPart } from './read-part.js'
import { checkStart, LONGEST_LINE, lineTooLong, START } from './text-form.js'

/** Bytes of the first request for the end of a range's last line; each further request is twice as large. */
const TAIL = 64 * 1024
const NEWLINE = 10

export interface AwaitedText {
  /** The lines of each range that is not empty. */
  readonly pieces: readonly Buffer[]
  /** A checksum of all bytes. */
  readonly sum: number
}

/** The services that a task offers to a reader of ranges. */
export interface AwaitedReading {
  readonly files: FileSystems
  readonly signal: AbortSignal
  /** Called for each piece that arrives, because that is progress of the task. */
  readonly progress: () => void
}

/**
 * Reads ranges as `readFileRanges` does, from file systems whose calls wait for a server. Rejects with FileChangedError
 * if a file is not the planned one, or if the bytes differ from `expected`, the checksum of an earlier read.
 */
export async function readAwaitedRanges(
  ranges: readonly FileRange[],
  expected: number | undefined,
  reading: AwaitedReading,
): Promise<AwaitedText> {
  const pieces: Buffer[] = []
  let sum = 0
  for (const range of ranges) {
    if (range.start >= range.end) continue
    const reader = new AwaitedRange(await reading.files.of(range.path), range, reading)
    const bytes = await reader.read(expected !== undefined)
    sum = crc32(bytes, sum)
    pieces.push(bytes)
  }
  if (expected !== undefined && sum !== expected)
    throw fileChanged(ranges.map(({ path }) => path).join(', '), 'modified', { planned: ranges[0]?.file })
  return { pieces, sum }
}

class AwaitedRange {
  readonly #system: FileSystem
  readonly #range: FileRange
  readonly #reading: AwaitedReading

  constructor(system: FileSystem, range: FileRange, reading: AwaitedReading) {
    this.#system = system
    this.#range = range
    this.#reading = reading
  }

  async read(verified: boolean): Promise<Buffer> {
    const { path, file: planned } = this.#range
    try {
      const size = planned?.size ?? (await this.#system.stat(path))?.file.size
      if (size === undefined) throw fileChanged(path, 'missing', { planned })
      const bytes = await this.#text(size)
      await checkRemote(this.#system, this.#range, verified)
      return bytes
    } catch (cause) {
      throw remoteFault(cause, this.#range)
    }
  }

  async #text(size: number): Promise<Buffer> {
    const { path } = this.#range
    const compression = compressionOf(path)
    if (!compression) return await this.#lines(size)
    const text = decompressFile(await this.#bytes(0, size), compression, path)
    return text.subarray(checkStart(text, path))
  }

  /** `readLines` of local files defines which lines belong to a range. */
  async #lines(size: number): Promise<Buffer> {
    const { path, start, end: given } = this.#range
    // Starts one byte earlier: if that byte is a newline, a line begins exactly at `start`.
    const from = Math.max(0, start - 1)
    // The first line begins after the byte order mark, and belongs to the first range even if the range ends before it.
    const end = Math.min(size, start === 0 ? Math.max(given, START) : given)
    const bytes = await this.#bytes(from, end)
    const skip = start === 0 ? checkStart(bytes.subarray(0, START), path) : bytes.indexOf(NEWLINE) + 1
    if (start > 0 && skip === 0) return bytes.subarray(0, 0)
    const isShort = start === 0 && skip === 0 && given < end
    const own = isShort ? bytes.subarray(0, given) : bytes
    if (own.length === skip) return own.subarray(skip)
    return this.#toLineEnd(own, skip, from, size)
  }

  /** Appends the missing rest of the last line. */
  async #toLineEnd(bytes: Buffer, skip: number, from: number, size: number): Promise<Buffer> {
    const parts = [bytes.subarray(skip)]
    let at = from + bytes.length
    if (bytes.at(-1) === NEWLINE) return parts[0]!
    const lineStart = from + bytes.lastIndexOf(NEWLINE) + 1
    for (let more = TAIL; at < size; more *= 2) {
      const next = await this.#bytes(at, Math.min(size, at + more))
      const newline = next.indexOf(NEWLINE)
      parts.push(newline < 0 ? next : next.subarray(0, newline + 1))
      at += next.length
      if (newline >= 0) break
      if (at - lineStart > LONGEST_LINE) lineTooLong(this.#range.path, lineStart)
    }
    return Buffer.concat(parts)
  }

  #bytes(start: number, end: number): Promise<Buffer> {
    const { path, file: planned } = this.#range
    const { signal, progress } = this.#reading
    const advice = 'Use more partitions in textFile, or a smaller splitBytes in textFileStream'
    return readPart(this.#system, { path, start, end, planned, signal, advice, progress })
  }
}

/**
 * Rejects with FileChangedError if a file is not the planned one. An identity never recurs, so one check after all
 * requests is enough.
 */
export async function checkRemote(system: FileSystem, { path, file }: FileRange, verified: boolean): Promise<void> {
  if (!file) return
  const now = await system.stat(path)
  if (now?.kind !== 'file') throw fileChanged(path, now ? 'replaced' : 'missing', { planned: file })
  checkIdentity(path, file, now.file, verified)
}

/** Returns the error to report for an error of a file system. */
export function remoteFault(cause: unknown, { path, file: planned }: FileRange): unknown {
  if (!(cause instanceof FileSystemError)) return cause
  if (cause.reason === 'missing') return fileChanged(path, 'missing', { planned }, cause)
  if (cause.reason === 'refused') return fileChanged(path, 'unreadable', { planned }, cause)
  return new SourceError(`The file ${path} cannot be read: ${cause.message}`, { cause, details: { path } })
}
