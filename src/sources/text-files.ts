import { ArgumentError, SourceError } from '../errors.js'
import { type Found, findFiles } from '../files/find.js'
import { absolutePath, isDataName, isGzip } from '../files/paths.js'
import {
  atOnce,
  type DirectBatch,
  type DirectReader,
  type DirectSource,
  type FileIdentity,
  type FileRange,
} from '../ops/source.js'
import { type AssignedFile, AssignedFiles } from './assigned-files.js'
import { checkBoolean, checkInteger } from './check.js'

export interface TextFileOptions {
  /** Only files modified after the source was made (the default), or also older ones within `minRemember`. */
  readonly newFilesOnly?: boolean
  /** Which files to take, by name and full path. Default: names that begin with neither `.` nor `_`. */
  readonly filter?: (name: string, path: string) => boolean
  /** Ms after its modification time in which a file may appear (60,000), rounded up to whole batches. Older ones are ignored. */
  readonly minRemember?: number
  /** Bytes of the largest partition (32 MiB): larger files become several of equal size. */
  readonly splitBytes?: number
  /**
   * What happens if a file changes before any of it was read: 'fail' (default) fails the batch, 'skip' leaves the file out with
   * a warning. A file that is deleted before any of it was read is left out either way. A change after that fails the batch.
   */
  readonly onFileChanged?: 'fail' | 'skip'
  /** The context's time in ms, asked once: Date.now unless given. */
  readonly now?: () => number
}

/**
 * The lines of the files that appear in a directory, each file in one batch: the first whose time is not before the
 * file's modification time. Put files there by a rename: one that is still written would be read half, and only once.
 *
 * `*` stands for any part of a directory's name (`logs/2024-*`). A directory that does not exist gives empty batches.
 * Each batch lists the directory and looks at every file in it, so empty it from time to time.
 */
export function textFileSource(directory: string | URL, options: TextFileOptions = {}): DirectSource {
  const path = absolutePath(directory, 'textFileStream')
  const { newFilesOnly = true, minRemember = 60_000, splitBytes = 32 * 1024 * 1024, now = Date.now } = options
  const { onFileChanged = 'fail' } = options
  const filter = atOnce(options.filter ?? isDataName, 'textFileStream filter')
  checkBoolean('newFilesOnly', newFilesOnly)
  checkInteger('minRemember (ms)', minRemember, 1)
  checkInteger('splitBytes', splitBytes, 1)
  if (onFileChanged !== 'fail' && onFileChanged !== 'skip') {
    throw new ArgumentError(`onFileChanged is ${JSON.stringify(onFileChanged)}; give 'fail' or 'skip'.`, {
      onFileChanged,
    })
  }
  const threshold = newFilesOnly ? now() : 0
  return {
    kind: 'direct',
    name: `text files ${path}`,
    create: () => new TextFileReader({ path, filter, minRemember, splitBytes, threshold, onFileChanged }),
  }
}

interface Settings {
  /** Absolute, perhaps with `*`. */
  readonly path: string
  readonly filter: (name: string, path: string) => boolean
  readonly minRemember: number
  readonly splitBytes: number
  /** Files modified at or before this time are never taken. */
  readonly threshold: number
  readonly onFileChanged: 'fail' | 'skip'
}

/** What a restarted process goes on from. */
interface Position {
  readonly threshold: number
  /** Files that must not be taken again. */
  readonly taken: readonly AssignedFile[]
}

class TextFileReader implements DirectReader {
  readonly #settings: Settings
  readonly #assigned = new AssignedFiles()
  #remember = 0
  /** Files modified at or before this time are never taken: also after a restart that of the first start. */
  #threshold: number
  /** Paths that the last listing had: of files that are too old, only those that appear later are worth a warning. */
  #listed = new Set<string>()
  /** Paths with faults that were reported. */
  #reported = new Set<string>()

  constructor(settings: Settings) {
    this.#settings = settings
    this.#threshold = settings.threshold
  }

  async open(_zeroTime: number, batchInterval: number, position?: unknown): Promise<void> {
    this.#remember = Math.ceil(this.#settings.minRemember / batchInterval) * batchInterval
    if (position !== undefined) {
      const { threshold, taken } = position as Position
      this.#threshold = threshold
      this.#assigned.restore(taken)
    }
    this.#listed = new Set((await this.#find()).files.map(({ path }) => path))
  }

  position(): Position {
    return { threshold: this.#threshold, taken: this.#assigned.all() }
  }

  replay(time: number, { ranges }: DirectBatch): void {
    for (const { path, file } of ranges) if (file) this.#assigned.add(path, file, time)
  }

  async next(time: number): Promise<DirectBatch> {
    const { path: directory, splitBytes, onFileChanged } = this.#settings
    const found = await this.#find()
    const warnings = this.#faults(found)
    const paths = new Set(found.files.map(({ path }) => path))
    const oldest = time - this.#remember
    this.#assigned.forget(paths, oldest)
    const taken: { readonly path: string; readonly file: FileIdentity; readonly modified: number }[] = []
    for (const { path, file } of found.files) {
      const modified = wholeMs(file.mtimeMs)
      const known = this.#assigned.state(path, file, paths)
      if (known === 'changed')
        warnings.push(
          `${path} changed after it was assigned to a batch; the change is not read. Write new lines to new files`,
        )
      if (known !== 'new' || modified > time) continue
      if (modified > Math.max(this.#threshold, oldest)) taken.push({ path, file, modified })
      else if (!this.#listed.has(path))
        warnings.push(
          `${path} appeared with a modification time too long ago (${new Date(modified).toISOString()}) and is ignored. Set its time to now, or raise minRemember`,
        )
    }
    this.#listed = paths
    taken.sort((a, b) => a.modified - b.modified || (a.path < b.path ? -1 : 1))
    for (const { path, file } of taken) this.#assigned.add(path, file, time)
    const description = found.missing ? `${directory} does not exist` : describe(taken)
    return { ranges: taken.flatMap((file) => split(file, splitBytes)), description, warnings, onFileChanged }
  }

  async close(): Promise<void> {
    this.#assigned.clear()
  }

  async #find(): Promise<Found> {
    const { path, filter } = this.#settings
    try {
      return await findFiles(path, { accept: filter, filesToo: false })
    } catch (cause) {
      throw new SourceError(`The directory ${path} cannot be read. Check its permissions.`, {
        cause,
        details: { path },
      })
    }
  }

  /** Reports a fault once, and again when it was gone meanwhile. */
  #faults({ faults, missing }: Found): string[] {
    const { path } = this.#settings
    const all = new Map(faults.map((fault) => [fault.path, `${fault.path} is not read: ${fault.why}`]))
    if (missing) all.set(path, `the directory ${path} does not exist; batches are empty until it does`)
    const fresh = [...all].filter(([at]) => !this.#reported.has(at)).map(([, text]) => text)
    this.#reported = new Set(all.keys())
    return fresh
  }
}

/** A time set by `utimes` passes through seconds as a double and microseconds: 14.001 s comes back as 14,000.999 ms. */
function wholeMs(mtimeMs: number): number {
  return Math.floor(mtimeMs + 0.002)
}

/** Pieces of equal size, none larger than `splitBytes`; none at all of an empty file, one of a .gz file. */
function split(
  { path, file }: { readonly path: string; readonly file: FileIdentity },
  splitBytes: number,
): FileRange[] {
  const { size } = file
  const pieces = isGzip(path) ? Math.min(size, 1) : Math.ceil(size / splitBytes)
  const cut = (piece: number) => Math.floor((size / pieces) * piece)
  return Array.from({ length: pieces }, (_, i) => {
    return { path, start: cut(i), end: i + 1 === pieces ? size : cut(i + 1), file }
  })
}

function describe(files: readonly { readonly path: string }[]): string | undefined {
  if (files.length === 0) return undefined
  const named = files.slice(0, 10).map((file) => file.path)
  const more = files.length > named.length ? ` and ${files.length - named.length} more` : ''
  return `${files.length} ${files.length === 1 ? 'file' : 'files'}: ${named.join(', ')}${more}`
}
