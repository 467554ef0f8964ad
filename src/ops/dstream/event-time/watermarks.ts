import type { RunTable } from '../../run-table.js'

/** The watermark of an operator in a batch. The operator expects no more records before the watermark. */
export interface Mark {
  /** In ms; -Infinity before the first record. */
  readonly watermark: number
  /** Whether the stream has had no records for a while, so that other streams do not wait for it. */
  readonly idle: boolean
}

/**
 * The watermarks of an event-time stream by batch. The driver fixes a batch's watermark when it creates the batch, from
 * the records of earlier batches. A recomputation therefore uses the same watermark.
 */
export interface Watermarks {
  /** Must be called in batch order. */
  at(time: number): Mark
}

export const UNKNOWN = Number.NEGATIVE_INFINITY

/** An unknown time becomes null, because JSON has no infinity. */
export function toJson(time: number): number | null {
  return time === UNKNOWN ? null : time
}
export function fromJson(time: number | null): number {
  return time ?? UNKNOWN
}

/** The watermark that a run has reached. */
class Reached {
  watermark = UNKNOWN
}

/** The least watermark of the inputs that are not idle. It never decreases, even when an idle input resumes. */
export class LeastWatermarks implements Watermarks {
  readonly #inputs: readonly Watermarks[]
  readonly #run: RunTable

  constructor(inputs: readonly Watermarks[], run: RunTable) {
    this.#inputs = inputs
    this.#run = run
  }

  /** Restores the watermark that an earlier process had reached. */
  resume(watermark: number): void {
    this.#run.of(this, Reached).watermark = watermark
  }

  at(time: number): Mark {
    const marks = this.#inputs.map((input) => input.at(time))
    const busy = marks.filter(({ idle }) => !idle)
    const reached = this.#run.of(this, Reached)
    if (busy.length === 0) return { watermark: reached.watermark, idle: true }
    reached.watermark = Math.max(reached.watermark, Math.min(...busy.map(({ watermark }) => watermark)))
    return { watermark: reached.watermark, idle: false }
  }
}

/** The watermarks of an operator that emits records up to `by` ms older than its own watermark. */
export class HeldBackWatermarks implements Watermarks {
  readonly #of: Watermarks
  readonly #by: number

  constructor(of: Watermarks, by: number) {
    this.#of = of
    this.#by = by
  }

  at(time: number): Mark {
    const { watermark, idle } = this.#of.at(time)
    return { watermark: watermark - this.#by, idle }
  }
}
