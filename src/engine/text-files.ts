import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { SourceError } from '../errors.js'
import type { FileRange } from '../ops/source.js'

/** A file with its size, as it was when a dataset over it was first planned. */
export interface TextFile {
  readonly path: string
  readonly size: number
}

/**
 * The file at a path, or those in it where it is a directory, by name; names that begin with `_` or `.` are markers and
 * temporary files. Throws SourceError where nothing can be read.
 */
export function listTextFiles(path: string): readonly TextFile[] {
  try {
    const stats = statSync(path)
    if (!stats.isDirectory()) return [{ path, size: stats.size }]
    const names = readdirSync(path, { withFileTypes: true }).filter((at) => at.isFile() && !/^[_.]/.test(at.name))
    return names
      .map(({ name }) => join(path, name))
      .sort()
      .map((file) => ({ path: file, size: statSync(file).size }))
  } catch (cause) {
    throw new SourceError(
      `textFile: '${path}' cannot be read. Give the path of an existing text file, or of a directory of such.`,
      { cause, details: { path } },
    )
  }
}

/** Part `index` of `of` equal parts of all bytes, as ranges of the files. */
export function partOf(files: readonly TextFile[], index: number, of: number): FileRange[] {
  const total = files.reduce((sum, { size }) => sum + size, 0)
  const from = Math.floor((total * index) / of)
  const to = Math.floor((total * (index + 1)) / of)
  const ranges: FileRange[] = []
  let before = 0
  for (const { path, size } of files) {
    const start = Math.max(0, from - before)
    const end = Math.min(size, to - before)
    if (start < end) ranges.push({ path, start, end })
    before += size
  }
  return ranges
}
