import { ArgumentError, SourceError } from '../errors.js'
import { compressionOf } from '../files/compression.js'
import type { FileSystems } from '../files/file-systems.js'
import { type Found, findFiles } from '../files/find.js'
import type { FileIdentity, FileRange } from '../files/identity.js'
import { isDataName } from '../files/paths.js'
import { hasReason } from '../files/reasons.js'
import { checkNames } from '../ops/option-names.js'
import {
  atOnce,
  type BatchRequest,
  type DirectBatch,
  type DirectReader,
  type DirectSource,
  type FileReading,
} from '../ops/source.js'
import { describe } from '../values/describe.js'
import { messageOf } from '../values/message-of.js'
import { finite, list, object, satisfying, text, tuple } from '../values/schema.js'
import { type AssignedFile, AssignedFiles, type Listed } from './assigned-files.js'
import { checkBoolean, checkInteger } from './check.js'

export interface TextFileOptions {
  /**
   * Whether to ignore files modified before the source was created (true). With false, those within `minRemember` are
   * read too. `start({ until: 'caught-up' })` reads files of any age, unless this is set to true.
   */
  readonly newFilesOnly?: boolean
  /** Returns whether to read a file, by name and full path. Default: names that begin with neither `.` nor `_`. */
  readonly filter?: (name: string, path: string) => boolean
  /**
   * Ms after its modification time within which a file may appear (60,000), rounded up to whole batches. Files that
   * appear later are ignored.
   */
  readonly minRemember?: number
  /** Bytes of the largest partition (32 MiB). Larger files are divided into several of equal size. */
  readonly splitBytes?: number
  /**
   * The policy for a file that changes before any of it was read: 'fail' (default) fails the batch, 'skip' skips the
   * file with a warning. A file deleted before any of it was read is skipped either way. A later change fails the
   * batch.
   */
  readonly onFileChanged?: 'fail' | 'skip'
}

/** The services of the context for a file stream. */
export interface FileServices {
  readonly files: FileSystems
  /** The time of the context in ms. */
  now(): number
}

/**
 * Reads the lines of the files that appear in a directory. Each file belongs to one batch: the first whose time is not
 * before the file's modification time. Move files there with a rename: a file that is still being written would be read
 * in part, and only once.
 *
 * `*` matches any part of a directory's name (`logs/2024-*`). A missing directory yields empty batches. Each batch
 * lists the directory and inspects every file in it, so remove old files from time to time.
 */
export function textFileSource(
  directory: string | URL,
  options: TextFileOptions,
  services: FileServices,
): DirectSource {
  checkNames(options, FILE_STREAM_OPTIONS, 'textFileStream')
  return filesSource(directory, options, { label: 'textFileStream', kind: 'text files' }, services)
}

/** The kind of the files of a stream. */
export interface FilesOf {
  /** The operation, for errors. */
  readonly label: string
  /** For the source's name. */
  readonly kind: string
  readonly files?: FileReading
}

/** The options of all streams of files. */
export const FILE_STREAM_OPTIONS = [
  'newFilesOnly',
  'filter',
  'minRemember',
  'splitBytes',
  'onFileChanged',
] as const satisfies (keyof TextFileOptions)[]

/** Like textFileSource, for files of any format. */
export function filesSource(
  directory: string | URL,
  options: TextFileOptions,
  { label, kind, files }: FilesOf,
  { files: systems, now }: FileServices,
): DirectSource {
  const path = systems.resolve(directory, label)
  const { newFilesOnly, minRemember = 60_000, splitBytes = 32 * 1024 * 1024 } = options
  const { onFileChanged = 'fail' } = options
  const filter = atOnce(options.filter ?? isDataName, `${label} filter`)
  if (newFilesOnly !== undefined) checkBoolean('newFilesOnly', newFilesOnly)
  checkInteger('minRemember (ms)', minRemember, 1)
  checkInteger('splitBytes', splitBytes, 1)
  if (onFileChanged !== 'fail' && onFileChanged !== 'skip') {
    throw new ArgumentError(`onFileChanged is ${describe(onFileChanged)}; it must be 'fail' or 'skip'.`, {
      onFileChanged,
    })
  }
  const splits = files?.splits ?? ((file: string) => !compressionOf(file))
  const limits = { newFilesOnly, createdAt: now(), minRemember, splitBytes, onFileChanged }
  return {
    kind: 'direct',
    name: `${kind} ${path}`,
    files,
    create: () => new FilesReader({ files: systems, path, filter, splits, ...limits }),
    checkPosition: (position) => positionSchema(position, ''),
  }
}

interface Settings {
  readonly files: FileSystems
  /** An absolute path, which may contain `*`. */
  readonly path: string
  readonly filter: (name: string, path: string) => boolean
  readonly minRemember: number
  readonly splitBytes: number
  readonly newFilesOnly: boolean | undefined
  /** When the source was created. */
  readonly createdAt: number
  readonly onFileChanged: 'fail' | 'skip'
  /** Whether several tasks can read a file. */
  readonly splits: (path: string) => boolean
}

/** Times of files may have fractions of milliseconds. */
const id = satisfying('a number or a text', (value) => typeof value === 'number' || typeof value === 'string')
const fileIdentity = object({ size: finite, mtimeMs: finite, id })
const positionSchema = object({ threshold: finite, taken: list(tuple(text, finite, fileIdentity)) })

/** The position from which a restarted process resumes. */
interface Position {
  /** Files modified at or before this time are never taken. */
  readonly threshold: number
  /** Files that must not be read again. */
  readonly taken: readonly AssignedFile[]
}

class FilesReader implements DirectReader {
  readonly #settings: Settings
  readonly #assigned = new AssignedFiles()
  #remember = 0
  #stopsAtEnd = false
  #isRestored = false
  /** Files modified at or before this time are never read. After a restart, it is still the time of the first start. */
  #threshold: number
  /** Paths of the last listing. Of files that are too old, only those that appear later deserve a warning. */
  #listed: Listed = new Map()
  /** Paths with faults that were reported. */
  #reported = new Set<string>()

  constructor(settings: Settings) {
    this.#settings = settings
    this.#threshold = settings.newFilesOnly === false ? 0 : settings.createdAt
  }

  async open(_zeroTime: number, batchInterval: number, position?: unknown): Promise<void> {
    this.#remember = Math.ceil(this.#settings.minRemember / batchInterval) * batchInterval
    if (position !== undefined) {
      const { threshold, taken } = position as Position
      this.#threshold = threshold
      this.#assigned.restore(taken)
      this.#isRestored = true
    }
    this.#listed = listedOf(await this.#find())
  }

  /**
   * Limits the input to the files that exist when the first batch is planned, however old. A restored reader continues.
   */
  async stopAtEnd(): Promise<void> {
    if (!this.#isRestored && this.#settings.newFilesOnly !== true) this.#threshold = 0
    this.#remember = Number.POSITIVE_INFINITY
    this.#stopsAtEnd = true
  }

  position(): Position {
    return { threshold: this.#threshold, taken: this.#assigned.all() }
  }

  replay(time: number, { partitions }: DirectBatch): void {
    for (const { path, file } of partitions) if (file) this.#assigned.add(path, file, time)
  }

  async next(time: number, { clockTime = time }: Partial<BatchRequest> = {}): Promise<DirectBatch> {
    const { path: directory, onFileChanged } = this.#settings
    const found = await this.#findLater()
    if (found instanceof SourceError) return { partitions: [], description: found.message, warnings: [found.message] }
    const warnings = this.#faults(found)
    const listed = listedOf(found)
    // The directory may come back with its files.
    if (!found.missing) this.#assigned.forget(listed, time - this.#remember)
    // Files have times of the clock. After a step of the clock, both the clock's time and the batch times limit the
    // accepted ages.
    const newest = Math.max(time, clockTime)
    const oldest = Math.min(time, clockTime) - this.#remember
    // After a step back, new files have times before the first start.
    const isSetBack = clockTime < this.#threshold
    const taken: { readonly path: string; readonly file: FileIdentity; readonly modified: number }[] = []
    let later = 0
    for (const { path, file } of found.files) {
      const modified = wholeMs(file.mtimeMs)
      const known = this.#assigned.state(path, file, listed)
      if (known === 'changed')
        warnings.push(
          `${path} changed after it was assigned to a batch; the change is not read. Write new lines to new files`,
        )
      if (known !== 'new') continue
      if (modified > newest) {
        later++
        continue
      }
      const isRecent = modified > this.#threshold || (isSetBack && !this.#listed.has(path))
      if (isRecent && modified > oldest) taken.push({ path, file, modified })
      else if (!this.#listed.has(path))
        warnings.push(
          `${path} appeared with a modification time too long ago (${new Date(modified).toISOString()}) and is ignored. Set its time to now, or raise minRemember`,
        )
    }
    this.#listed = listed
    taken.sort((a, b) => a.modified - b.modified || (a.path < b.path ? -1 : 1))
    for (const { path, file } of taken) this.#assigned.add(path, file, time)
    const description = found.missing ? `${directory} does not exist` : listOf(taken)
    const partitions = taken.flatMap((file) => split(file, this.#settings))
    const part = { name: directory, taken: taken.length, left: later }
    const lag = { unit: 'files', parts: [part] } as const
    return { partitions, description, lag, warnings, onFileChanged, atEnd: this.#stopsAtEnd }
  }

  async close(): Promise<void> {
    this.#assigned.clear()
  }

  async #find(): Promise<Found> {
    const { files, path, filter } = this.#settings
    try {
      return await findFiles(await files.of(path), path, { accept: filter, filesToo: false })
    } catch (cause) {
      throw new SourceError(
        `The directory ${path} cannot be read: ${messageOf(cause)}. Check the path and its permissions.`,
        { cause, details: { path } },
      )
    }
  }

  /** Returns the error if no server answers: it may be restarting, and the files of this batch go to a later one. */
  async #findLater(): Promise<Found | SourceError> {
    try {
      return await this.#find()
    } catch (error) {
      if (error instanceof SourceError && hasReason(error.cause, 'unreachable')) return error
      throw error
    }
  }

  /** Reports a fault once, and again if it had disappeared meanwhile. */
  #faults({ faults, missing }: Found): string[] {
    const { path } = this.#settings
    const all = new Map(faults.map((fault) => [fault.path, `${fault.path} is not read: ${fault.why}`]))
    if (missing) all.set(path, `the directory ${path} does not exist; batches are empty until it does`)
    const fresh = [...all].filter(([at]) => !this.#reported.has(at)).map(([, text]) => text)
    this.#reported = new Set(all.keys())
    return fresh
  }
}

function listedOf({ files }: Found): Listed {
  return new Map(files.map(({ path, file }) => [path, file.id]))
}

/**
 * A time set by `utimes` passes through seconds as a double and microseconds: 14.001 s is read back as 14,000.999 ms.
 */
function wholeMs(mtimeMs: number): number {
  return Math.floor(mtimeMs + 0.002)
}

/**
 * Returns pieces of equal size, none larger than `splitBytes`: none for an empty file, one for a file that cannot be
 * split.
 */
function split(
  { path, file }: { readonly path: string; readonly file: FileIdentity },
  { splitBytes, splits }: Settings,
): FileRange[] {
  const { size } = file
  const pieces = splits(path) ? Math.ceil(size / splitBytes) : Math.min(size, 1)
  const cut = (piece: number) => Math.floor((size / pieces) * piece)
  return Array.from({ length: pieces }, (_, i) => {
    return { path, start: cut(i), end: i + 1 === pieces ? size : cut(i + 1), file }
  })
}

function listOf(files: readonly { readonly path: string }[]): string | undefined {
  if (files.length === 0) return undefined
  const named = files.slice(0, 10).map((file) => file.path)
  const more = files.length > named.length ? ` and ${files.length - named.length} more` : ''
  return `${files.length} ${files.length === 1 ? 'file' : 'files'}: ${named.join(', ')}${more}`
}
