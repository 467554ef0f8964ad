import { crc32 } from 'node:zlib'
import { FileSystemError, SourceError } from '../errors.js'
import { type Compression, compressionOf, decompressFile } from './compression.js'
import type { FileSystem } from './file-system.js'
import type { FileSystems } from './file-systems.js'
import { checkIdentity, type FileRange, fileChanged } from './identity.js'
import { joined, linesOf } from './line-ranges.js'
import { readPart } from './read-part.js'
import { checkText } from './text-form.js'

export interface AwaitedText {
  /** Complete lines, in order. */
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
    for (const text of await reader.read(expected !== undefined)) {
      sum = crc32(text, sum)
      pieces.push(text)
    }
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

  async read(verified: boolean): Promise<readonly Buffer[]> {
    const { path, file: planned } = this.#range
    try {
      const size = planned?.size ?? (await this.#system.stat(path))?.file.size
      if (size === undefined) throw fileChanged(path, 'missing', { planned })
      const compression = compressionOf(path)
      const texts = compression ? [await this.#decompressed(size, compression)] : await this.#lines(size)
      await checkRemote(this.#system, this.#range, verified)
      return texts
    } catch (cause) {
      throw remoteFault(cause, this.#range)
    }
  }

  async #decompressed(size: number, compression: Compression): Promise<Buffer> {
    const { path } = this.#range
    return checkText(decompressFile(await this.#bytes(0, size), compression, path), path)
  }

  /** Reads the range with one request, and the rest of its last line with others. */
  async #lines(size: number): Promise<Buffer[]> {
    const { path, start, end } = this.#range
    const texts: Buffer[] = []
    const steps = linesOf({ path, size, start, end })
    for (let step = steps.next(); !step.done; ) {
      const { value } = step
      if ('at' in value) {
        step = steps.next(joined(value.kept, await this.#bytes(value.at, value.at + value.length)))
        continue
      }
      texts.push(value.text)
      step = steps.next()
    }
    return texts
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
