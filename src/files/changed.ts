import type { FileSystems } from './file-systems.js'
import { changeOf, type FileRange } from './identity.js'

/** Returns the paths of the files that have changed since the ranges were determined. */
export async function changedFiles(files: FileSystems, ranges: readonly FileRange[]): Promise<Set<string>> {
  const changed = new Set<string>()
  for (const [path, file] of new Map(ranges.map(({ path: at, file: planned }) => [at, planned]))) {
    const status = await (await files.of(path)).stat(path).catch(() => undefined)
    if (status?.kind !== 'file' || (file && changeOf(file, status.file))) changed.add(path)
  }
  return changed
}
