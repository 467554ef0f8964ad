import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Folders whose files take minutes whatever their length: they read their cases elsewhere, or start processes. */
const HEAVY = ['spark', 'process-kills', 'semantics', 'conformance', 'bench', 'package', 'docs', 'cli'].map(
  (name) => `/test/${name}/`,
)

/**
 * Without times of an earlier run, the runner begins with the longest files. This one begins with heavy ones, because a file of
 * minutes that starts last runs alone while the other worker is idle. They take turns by folder: the files of one folder need
 * the same services.
 */
export class HeavyFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const of = (folder: string) => sorted.filter(({ moduleId }) => moduleId.includes(folder))
    const heavy = HEAVY.map(of)
    const turns = Math.max(...heavy.map(({ length }) => length))
    const inTurn = Array.from({ length: turns }, (_, turn) => heavy.flatMap((files) => files.slice(turn, turn + 1)))
    return [...new Set([...inTurn.flat(), ...sorted])]
  }
}
