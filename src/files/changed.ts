import { stat } from 'node:fs/promises'
import type { FileRange } from '../ops/source.js'
import { changeOf, identityOf } from './identity.js'

/** Paths of the files that are no longer what they were when the ranges were made. */
export async function changedFiles(ranges: readonly FileRange[]): Promise<Set<string>> {
  const changed = new Set<string>()
  for (const [path, file] of new Map(ranges.map(({ path: at, file: planned }) => [at, planned]))) {
    const same = await stat(path).then(
      (stats) => stats.isFile() && !(file && changeOf(file, identityOf(stats))),
      () => false,
    )
    if (!same) changed.add(path)
  }
  return changed
}
