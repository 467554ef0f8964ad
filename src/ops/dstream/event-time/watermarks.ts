/** How far event time has come for an operator in a batch: it expects no record before the watermark any more. */
export interface Mark {
  /** In ms; -Infinity as long as nothing is known. */
  readonly watermark: number
  /** No records for a while: others need not wait. */
  readonly idle: boolean
}

/**
 * The watermarks of a stream of event time, by batch. They are fixed in the driver when the batch is made, from the
 * records of the batches before it: whatever is computed again later finds the same.
 */
export interface Watermarks {
  /** Asked in the order of batches. */
  at(time: number): Mark
}

export const UNKNOWN = Number.NEGATIVE_INFINITY

/** JSON has no infinity. */
export function toJson(time: number): number | null {
  return time === UNKNOWN ? null : time
}
export function fromJson(time: number | null): number {
  return time ?? UNKNOWN
}

/** Of several inputs: the least of those that are not idle. Never goes back, also where an idle one returns. */
export class LeastWatermarks implements Watermarks {
  readonly #inputs: readonly Watermarks[]
  #watermark = UNKNOWN

  constructor(inputs: readonly Watermarks[]) {
    this.#inputs = inputs
  }

  /** Where an earlier process had come to. */
  resume(watermark: number): void {
    this.#watermark = watermark
  }

  at(time: number): Mark {
    const marks = this.#inputs.map((input) => input.at(time))
    const busy = marks.filter(({ idle }) => !idle)
    if (busy.length === 0) return { watermark: this.#watermark, idle: true }
    this.#watermark = Math.max(this.#watermark, Math.min(...busy.map(({ watermark }) => watermark)))
    return { watermark: this.#watermark, idle: false }
  }
}

/** Of an operator that gives records up to `by` ms behind its own watermark. */
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
