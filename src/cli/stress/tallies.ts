import type { Aborted } from './in-process-of-its-own.js'
import { MODES, type Mode } from './modes.js'
import type { PipelineName } from './pipelines.js'
import { isAborted } from './play.js'
import { passed, type StressConfig, type StressReport } from './report.js'

/** Totals of all rounds of one pipeline and mode. */
export interface Tally {
  readonly pipeline: PipelineName
  readonly mode: Mode
  rounds: number
  failedRounds: number
  /** Rounds whose process V8 ended because a heap was full. They do not count as passed or failed. */
  abortedRounds: number
  batches: number
  kills: number
  threadsKilled: number
  wrongBatches: number
  lostRecords: number
  duplicatedRecords: number
}

/** Adds up rounds by pipeline and mode. */
export class Tallies {
  readonly #of = new Map<string, Tally>()

  /** Adds a round. Returns whether all its batches were right. */
  enter({ pipeline, mode }: StressConfig, outcome: StressReport | Aborted): boolean {
    const tally = this.#tally(pipeline, mode)
    tally.rounds++
    if (isAborted(outcome)) {
      if (outcome.heapFull) tally.abortedRounds++
      else tally.failedRounds++
      return outcome.heapFull
    }
    const good = passed(outcome)
    if (!good) tally.failedRounds++
    tally.batches += outcome.batches
    tally.kills += outcome.kills
    tally.threadsKilled += outcome.threadsKilled
    tally.wrongBatches += outcome.wrongBatches
    tally.lostRecords += outcome.lostRecords
    tally.duplicatedRecords += outcome.duplicatedRecords
    return good
  }

  get all(): readonly Tally[] {
    return [...this.#of.values()].sort(
      (a, b) => a.pipeline.localeCompare(b.pipeline) || MODES.indexOf(a.mode) - MODES.indexOf(b.mode),
    )
  }

  sum(of: (tally: Tally) => number): number {
    return this.all.reduce((sum, tally) => sum + of(tally), 0)
  }

  #tally(pipeline: PipelineName, mode: Mode): Tally {
    const key = `${pipeline}/${mode}`
    let tally = this.#of.get(key)
    if (!tally) {
      tally = emptyTally(pipeline, mode)
      this.#of.set(key, tally)
    }
    return tally
  }
}

function emptyTally(pipeline: PipelineName, mode: Mode): Tally {
  return {
    pipeline,
    mode,
    rounds: 0,
    failedRounds: 0,
    abortedRounds: 0,
    batches: 0,
    kills: 0,
    threadsKilled: 0,
    wrongBatches: 0,
    lostRecords: 0,
    duplicatedRecords: 0,
  }
}
