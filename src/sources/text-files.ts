import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ArgumentError, SourceError } from '../errors.js'
import type { DirectBatch, DirectReader, DirectSource, FileRange } from '../ops/source.js'
import { checkInteger } from './check.js'
import { isMissing, list, matchDirectories } from './directories.js'

export interface TextFileOptions {
  /** Only files modified after the source was made (the default), or also older ones within `minRemember`. */
  readonly newFilesOnly?: boolean
  /** Which files to take, by name and full path: those whose name does not begin with a dot unless given. */
  readonly filter?: (name: string, path: string) => boolean
  /** How long files are remembered, in ms; rounded up to whole batches, 60,000 unless given. Older files are ignored. */
  readonly minRemember?: number
  /** Larger files become several partitions of equal size: 32 MiB unless given. */
  readonly splitBytes?: number
  /** The context's time in ms, asked once: Date.now unless given. */
  readonly now?: () => number
}

/** A file with what the selection looks at. */
interface Candidate {
  readonly path: string
  /** Whole ms, as batch times are. */
  readonly modified: number
  readonly size: number
}

/** Status calls under way at once. */
const STAT_AT_ONCE = 64

/**
 * The lines of the files that appear in a directory, each file in one batch: the first whose time is not before the
 * file's modification time. Put files there by a rename: one that is still written would be read half, and only once.
 *
 * `*` stands for any part of a directory's name (`logs/2024-*`). A directory that does not exist gives empty batches.
 * Each batch lists the directory and looks at every file that it has not just taken, so empty it from time to time.
 */
export function textFileSource(directory: string, options: TextFileOptions = {}): DirectSource {
  if (typeof directory !== 'string' || directory === '') {
    throw new ArgumentError(`directory is ${JSON.stringify(directory)}; give the path of a directory.`, { directory })
  }
  const { newFilesOnly = true, minRemember = 60_000, splitBytes = 32 * 1024 * 1024, now = Date.now } = options
  const filter = options.filter ?? ((name) => !name.startsWith('.'))
  checkInteger('minRemember (ms)', minRemember, 1)
  checkInteger('splitBytes', splitBytes, 1)
  const threshold = newFilesOnly ? now() : 0
  return {
    kind: 'direct',
    name: `text files ${directory}`,
    create: () => new TextFileReader({ directory, filter, minRemember, splitBytes, threshold }),
  }
}

interface Settings {
  readonly directory: string
  readonly filter: (name: string, path: string) => boolean
  readonly minRemember: number
  readonly splitBytes: number
  /** Files modified at or before this time are never taken. */
  readonly threshold: number
}

/** What a restarted process goes on from. */
interface Position {
  readonly threshold: number
  /** Files that must not be taken again, with the times of their batches. */
  readonly taken: readonly (readonly [path: string, time: number])[]
}

class TextFileReader implements DirectReader {
  readonly #settings: Settings
  #remember = 0
  /** Path to the time of the batch that took it. Never outgrows the remember window: see next. */
  readonly #taken = new Map<string, number>()

  /** Files modified at or before this time are never taken: also after a restart that of the first start. */
  #threshold: number

  constructor(settings: Settings) {
    this.#settings = settings
    this.#threshold = settings.threshold
  }

  async open(_zeroTime: number, batchInterval: number, position?: unknown): Promise<void> {
    this.#remember = Math.ceil(this.#settings.minRemember / batchInterval) * batchInterval
    if (position === undefined) return
    const { threshold, taken } = position as Position
    this.#threshold = threshold
    for (const [path, time] of taken) this.#taken.set(path, time)
  }

  position(): Position {
    return { threshold: this.#threshold, taken: [...this.#taken] }
  }

  async next(time: number): Promise<DirectBatch> {
    const { directory, splitBytes } = this.#settings
    const oldest = time - this.#remember
    // A file taken at or before `oldest` was modified before that too: its age alone now keeps it out.
    for (const [path, at] of this.#taken) if (at <= oldest) this.#taken.delete(path)
    const { paths, missing } = await this.#paths()
    const files = (await statAll(paths)).filter(
      ({ modified }) => modified > Math.max(this.#threshold, oldest) && modified <= time,
    )
    files.sort((a, b) => a.modified - b.modified || (a.path < b.path ? -1 : 1))
    for (const { path } of files) this.#taken.set(path, time)
    const description = missing ? `${directory} does not exist` : describe(files)
    return { ranges: files.flatMap((file) => split(file, splitBytes)), description }
  }

  async close(): Promise<void> {
    this.#taken.clear()
  }

  /** What lies in the directories, passes the filter and was not taken already. */
  async #paths(): Promise<{ readonly paths: readonly string[]; readonly missing: boolean }> {
    const paths: string[] = []
    let missing = true
    for (const directory of await matchDirectories(this.#settings.directory)) {
      const entries = await list(directory)
      if (!entries) continue
      missing = false
      for (const entry of entries) {
        const path = join(directory, entry.name)
        if (!entry.isFile() && !entry.isSymbolicLink()) continue
        if (!this.#taken.has(path) && this.#settings.filter(entry.name, path)) paths.push(path)
      }
    }
    return { paths, missing }
  }
}

async function statAll(paths: readonly string[]): Promise<Candidate[]> {
  const found: Candidate[] = []
  for (let at = 0; at < paths.length; at += STAT_AT_ONCE) {
    const some = await Promise.all(paths.slice(at, at + STAT_AT_ONCE).map(statOne))
    for (const candidate of some) if (candidate) found.push(candidate)
  }
  return found
}

/** Undefined for what is gone since it was listed, or is no file behind its link. */
async function statOne(path: string): Promise<Candidate | undefined> {
  try {
    const stats = await stat(path)
    return stats.isFile() ? { path, modified: wholeMs(stats.mtimeMs), size: stats.size } : undefined
  } catch (error) {
    if (isMissing(error)) return undefined
    throw new SourceError(`The file ${path} cannot be examined. Check its permissions.`, {
      cause: error,
      details: { path },
    })
  }
}

/** A time set by `utimes` passes through seconds as a double and microseconds: 14.001 s comes back as 14,000.999 ms. */
function wholeMs(mtimeMs: number): number {
  return Math.floor(mtimeMs + 0.002)
}

/** Pieces of equal size, none larger than `splitBytes`; none at all of an empty file. */
function split({ path, size }: Candidate, splitBytes: number): FileRange[] {
  const pieces = Math.ceil(size / splitBytes)
  const cut = (piece: number) => Math.floor((size / pieces) * piece)
  return Array.from({ length: pieces }, (_, i) => ({ path, start: cut(i), end: i + 1 === pieces ? size : cut(i + 1) }))
}

function describe(files: readonly Candidate[]): string | undefined {
  if (files.length === 0) return undefined
  const named = files.slice(0, 10).map((file) => file.path)
  const more = files.length > named.length ? ` and ${files.length - named.length} more` : ''
  return `${files.length} ${files.length === 1 ? 'file' : 'files'}: ${named.join(', ')}${more}`
}
