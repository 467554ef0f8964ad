import { type FileChangedError, SourceError } from '../errors.js'
import { type FoundFile, findFilesSync } from '../files/find.js'
import { fileChanged } from '../files/identity.js'
import { isDataName, isGzip } from '../files/paths.js'
import type { FileRange } from '../ops/source.js'

/** Whether this error made tasks leave the file out, or one before. */
export type LeftOut = 'now' | 'before'

/**
 * What is known of the files of one dataset. A partition that was read has a checksum: a task that reads it again gets the
 * same bytes or fails. A file may be left out, but only before any of it was read: all tasks that read the dataset, of
 * whatever job, must see the same records.
 */
export class FileReads {
  readonly #mayLeaveOut: (error: FileChangedError) => boolean
  readonly #sums = new Map<number, number>()
  readonly #read = new Set<string>()
  readonly #leftOut = new Set<string>()

  constructor(mayLeaveOut: (error: FileChangedError) => boolean = () => false) {
    this.#mayLeaveOut = mayLeaveOut
  }

  /** What a task is to read of a partition's ranges, and the checksum that it must find. */
  plan(
    partition: number,
    ranges: readonly FileRange[],
  ): { readonly ranges: readonly FileRange[]; readonly sum?: number } {
    const wanted = this.#leftOut.size === 0 ? ranges : ranges.filter(({ path }) => !this.#leftOut.has(path))
    return { ranges: wanted, sum: this.#sums.get(partition) }
  }

  /** A task has read a partition. Throws FileChangedError if another task found a file of it missing at the same time. */
  done(partition: number, ranges: readonly FileRange[], sum: number | undefined): void {
    // A task that needs only some records does not read to the end.
    if (sum !== undefined) this.#sums.set(partition, sum)
    for (const { path, file } of ranges) {
      if (this.#leftOut.has(path)) throw fileChanged(path, 'missing', { planned: file })
      this.#read.add(path)
    }
  }

  /** Leaves out the file that an error names; undefined if tasks cannot go on without it. */
  leaveOut(error: FileChangedError): LeftOut | undefined {
    const path = String(error.details.path)
    if (this.#leftOut.has(path)) return 'before'
    if (this.#read.has(path) || !this.#mayLeaveOut(error)) return undefined
    this.#leftOut.add(path)
    return 'now'
  }
}

/** The text files that a path stands for. Throws SourceError unless all of them can be read. */
export function listTextFiles(path: string): readonly FoundFile[] {
  const { files, faults, missing } = found(path)
  const [fault] = faults
  if (fault) {
    throw new SourceError(`textFile: '${fault.path}' cannot be read: ${fault.why}. Remove it, or give another path.`, {
      cause: fault.cause,
      details: { path: fault.path },
    })
  }
  if (missing) throw unreadable(path)
  return files
}

function found(path: string) {
  try {
    return findFilesSync(path, { accept: isDataName, filesToo: true })
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

function unreadable(path: string, cause?: unknown): SourceError {
  return new SourceError(
    `textFile: '${path}' cannot be read. Give the path of an existing text file, or of a directory of such.`,
    { cause, details: { path } },
  )
}

/** Part `index` of `of` equal parts of all bytes, as ranges of the files. A .gz file belongs to the part it begins in. */
export function partOf(files: readonly FoundFile[], index: number, of: number): FileRange[] {
  const total = files.reduce((sum, { file }) => sum + file.size, 0)
  const from = Math.floor((total * index) / of)
  const to = Math.floor((total * (index + 1)) / of)
  const ranges: FileRange[] = []
  let before = 0
  for (const { path, file } of files) {
    const start = Math.max(0, from - before)
    const end = Math.min(file.size, to - before)
    if (!isGzip(path)) {
      if (start < end) ranges.push({ path, start, end, file })
    } else if (from <= before && before < to) {
      ranges.push({ path, start: 0, end: file.size, file })
    }
    before += file.size
  }
  return ranges
}
