import { PACKAGE_ROOT } from '../../package-root.js'
import { type DataSpec, entries, lines } from './data.js'
import { joinOracle } from './oracle/join.js'
import type { MakeOracle } from './oracle/oracle.js'
import { stateOracle } from './oracle/state.js'
import { windowsOracle } from './oracle/windows.js'
import { wordcountOracle } from './oracle/wordcount.js'

export const PIPELINE_NAMES = ['wordcount', 'windows', 'state', 'join', 'in-place', 'unordered'] as const
export type PipelineName = (typeof PIPELINE_NAMES)[number]

export interface StressPipeline {
  readonly module: URL
  readonly oracle: MakeOracle
  /** The records that the command pushes before each batch. Absent if the pipeline draws all its input itself. */
  readonly push?: (spec: DataSpec, batch: number) => readonly unknown[]
}

const moduleOf = (name: PipelineName) => new URL(`cli/stress/pipelines/${name}.js`, PACKAGE_ROOT)

export const PIPELINES: Readonly<Record<PipelineName, StressPipeline>> = {
  wordcount: { module: moduleOf('wordcount'), oracle: wordcountOracle, push: lines },
  windows: { module: moduleOf('windows'), oracle: windowsOracle },
  state: { module: moduleOf('state'), oracle: stateOracle },
  join: { module: moduleOf('join'), oracle: joinOracle, push: (spec, batch) => entries(spec, batch) },
  'in-place': { module: moduleOf('in-place'), oracle: stateOracle },
  unordered: { module: moduleOf('unordered'), oracle: wordcountOracle, push: lines },
}
