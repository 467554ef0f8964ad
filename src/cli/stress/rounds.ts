import type { Mode } from './modes.js'
import type { PipelineName } from './pipelines.js'
import type { StressConfig } from './report.js'
import { drawSetup } from './setup.js'

export interface RoundsSpec {
  readonly pipelines: readonly PipelineName[]
  readonly modes: readonly Mode[]
  readonly seed: number
  /** Ms per round. */
  readonly duration: number
  readonly killsPerSecond: number
}

/** Yields endless rounds over all pipelines and modes. Each round has its own seed and setup. */
export function* rounds({ pipelines, modes, seed, duration, killsPerSecond }: RoundsSpec): Generator<StressConfig> {
  for (let round = 0; ; round++) {
    const own = (seed + round) % 2 ** 32
    yield {
      pipeline: pipelines[round % pipelines.length]!,
      mode: modes[Math.floor(round / pipelines.length) % modes.length]!,
      seed: own,
      duration,
      killsPerSecond,
      ...drawSetup(own),
    }
  }
}
