import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'

/** The batch interval, and weights and the lowest rate as in BackpressureOptions. */
export interface PidOptions {
  /** Milliseconds of one batch. */
  readonly batchMs: number
  readonly proportional?: number
  readonly integral?: number
  readonly derivative?: number
  readonly minRate?: number
}

/** The result of one accepted measurement, as input for the next. Checkpoints contain it. */
export interface Measured {
  /** When the batch ended, in ms. */
  readonly time: number
  readonly rate: number
  readonly error: number
}

/**
 * Estimates the records per second at which batches keep up: a PID controller (proportional, integral and derivative
 * terms), as in Spark.
 */
export class PidEstimator {
  readonly #options: Required<PidOptions>
  #latest: Measured | undefined

  /**
   * Continues from `latest`, the last measurement of an earlier process.
   * @throws ArgumentError unless batchMs and minRate are above 0 and the weights are not negative.
   */
  constructor(
    { batchMs, proportional = 1, integral = 0.2, derivative = 0, minRate = 100 }: PidOptions,
    latest?: Measured,
  ) {
    for (const [name, value] of Object.entries({ batchMs, minRate })) {
      if (!(typeof value === 'number' && value > 0))
        throw new ArgumentError(`${name} is ${describe(value)}; it must be above 0.`, { [name]: value })
    }
    for (const [name, value] of Object.entries({ proportional, integral, derivative })) {
      if (!(typeof value === 'number' && value >= 0))
        throw new ArgumentError(`${name} is ${describe(value)}; it must be at least 0.`, { [name]: value })
    }
    this.#options = { batchMs, proportional, integral, derivative, minRate }
    this.#latest = latest
  }

  /** The last measurement. */
  get latest(): Measured | undefined {
    return this.#latest
  }

  /**
   * Returns the rate after a batch that ended at `time` (ms), from its records and delays (ms). Returns undefined after
   * the first batch, and after a batch without records or duration, which is ignored.
   */
  compute(time: number, records: number, processingDelay: number, schedulingDelay: number): number | undefined {
    const { batchMs, proportional, integral, derivative, minRate } = this.#options
    const latest = this.#latest
    if (!(time > (latest?.time ?? -1) && records > 0 && processingDelay > 0)) return undefined
    const processingRate = (records / processingDelay) * 1000
    if (!latest) {
      this.#latest = { time, rate: processingRate, error: 0 }
      return undefined
    }
    const seconds = (time - latest.time) / 1000
    const error = latest.rate - processingRate
    const waiting = (schedulingDelay * processingRate) / batchMs
    const change = (error - latest.error) / seconds
    const wanted = latest.rate - proportional * error - integral * waiting - derivative * change
    // Sources use the rate after the lower bound, so the next error is measured against that.
    const rate = Math.max(minRate, wanted)
    this.#latest = { time, rate, error }
    return rate
  }
}
