import { SourceError } from '../../errors.js'
import { compressionOf } from '../../files/compression.js'
import { type Found, type FoundFile, findFiles } from '../../files/find.js'
import type { FileRange } from '../../files/identity.js'
import { isDataName, joinPath, nameOf } from '../../files/paths.js'
import { SUCCESS } from '../../files/staged-directory.js'
import type { FilesToList } from '../../ops/dataset.js'

const PART = /^part-(\d+)$/

/** Lists the files of a dataset. Rejects with SourceError unless all of them can be read. */
export async function listFiles(wanted: FilesToList): Promise<readonly FoundFile[]> {
  const accept = wanted.isSave ? (name: string) => PART.test(name) || name === SUCCESS : isDataName
  const { files, faults, missing } = await found(wanted, accept)
  const { path, label } = wanted
  const [fault] = faults
  if (fault) {
    throw new SourceError(`${label}: '${fault.path}' cannot be read: ${fault.why}. Remove it, or use another path.`, {
      cause: fault.cause,
      details: { path: fault.path },
    })
  }
  if (missing) throw unreadable(wanted)
  if (!wanted.isSave) return files
  if (!files.some((file) => file.path === joinPath(path, SUCCESS))) {
    throw new SourceError(`${label}: '${path}' has no ${SUCCESS}: its save did not complete. Save it again.`, {
      details: { path },
    })
  }
  const count = files.length - 1
  if (wanted.parts !== undefined && count !== wanted.parts) {
    throw new SourceError(`${label}: '${path}' has ${count} files of ${wanted.parts}. Restore the missing ones.`, {
      details: { path, files: count, expected: wanted.parts },
    })
  }
  const numberOf = (file: FoundFile) => Number(PART.exec(nameOf(file.path))?.[1])
  return files.filter((file) => nameOf(file.path) !== SUCCESS).sort((a, b) => numberOf(a) - numberOf(b))
}

async function found(wanted: FilesToList, accept: (name: string) => boolean): Promise<Found> {
  const { systems, path, isSave } = wanted
  try {
    return await findFiles(await systems.of(path), path, { accept, filesToo: !isSave })
  } catch (cause) {
    throw unreadable(wanted, cause)
  }
}

function unreadable({ path, isSave, label }: FilesToList, cause?: unknown): SourceError {
  const advice = isSave
    ? 'Use the path of a directory that saveAsObjectFile wrote'
    : 'Use the path of an existing file, or of a directory of files'
  return new SourceError(`${label}: '${path}' cannot be read. ${advice}.`, { cause, details: { path } })
}

/**
 * Returns part `index` of `of` equal parts, as ranges. Splits text by bytes. A file that cannot be split belongs to the
 * part in which it starts. Divides the files of a save by their number.
 */
export function partOf(
  files: readonly FoundFile[],
  { isSave, reading }: Pick<FilesToList, 'isSave' | 'reading'>,
  index: number,
  of: number,
): FileRange[] {
  if (isSave) return filesOf(files, index, of)
  return bytesOf(files, reading?.splits ?? ((path) => !compressionOf(path)), index, of)
}

function filesOf(files: readonly FoundFile[], index: number, of: number): FileRange[] {
  const at = (part: number) => Math.floor((files.length * part) / of)
  return files.slice(at(index), at(index + 1)).map(({ path, file }) => ({ path, start: 0, end: file.size, file }))
}

function bytesOf(
  files: readonly FoundFile[],
  splits: (path: string) => boolean,
  index: number,
  of: number,
): FileRange[] {
  const total = files.reduce((sum, { file }) => sum + file.size, 0)
  const from = Math.floor((total * index) / of)
  const to = Math.floor((total * (index + 1)) / of)
  const ranges: FileRange[] = []
  let before = 0
  for (const { path, file } of files) {
    const start = Math.max(0, from - before)
    const end = Math.min(file.size, to - before)
    if (splits(path)) {
      if (start < end) ranges.push({ path, start, end, file })
    } else if (from <= before && (before < to || (index + 1 === of && before === total))) {
      ranges.push({ path, start: 0, end: file.size, file })
    }
    before += file.size
  }
  return ranges
}
