import { ArgumentError } from '../errors.js'

export interface PidOptions {
  /** Ms of one batch. */
  readonly batchMs: number
  /** Weight of the error: how far the last rate was from what was processed. Default 1. */
  readonly proportional?: number
  /** Weight of what waits: records that the scheduling delay stands for. Default 0.2. */
  readonly integral?: number
  /** Weight of the error's change. Default 0, as it makes rates restless. */
  readonly derivative?: number
  /** Records a second that are always allowed, so that the next measurement has something to measure. Default 100. */
  readonly minRate?: number
}

/** What one accepted batch leaves for the next. */
interface Measured {
  readonly time: number
  readonly rate: number
  readonly error: number
}

/**
 * How many records a second a source may bring so that batches keep up, from what the last batches could process: a
 * controller with a proportional, an integral and a derivative term, as Spark's.
 */
export class PidEstimator {
  readonly #options: Required<PidOptions>
  #latest: Measured | undefined

  /** Throws ArgumentError unless batchMs and minRate are above 0 and the weights are not below. */
  constructor({ batchMs, proportional = 1, integral = 0.2, derivative = 0, minRate = 100 }: PidOptions) {
    for (const [name, value] of Object.entries({ batchMs, minRate })) {
      if (!(value > 0)) throw new ArgumentError(`${name} is ${value}; it must be above 0.`, { [name]: value })
    }
    for (const [name, value] of Object.entries({ proportional, integral, derivative })) {
      if (!(value >= 0)) throw new ArgumentError(`${name} is ${value}; it must be at least 0.`, { [name]: value })
    }
    this.#options = { batchMs, proportional, integral, derivative, minRate }
  }

  /**
   * The rate after a batch that ended at `time` (ms) and had so many records and delays (ms). Undefined for the first
   * batch, which only measures, and for one that says nothing (no records, no time), which changes nothing either.
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
    // The floored rate is what sources are told, so it is what the next error is measured against.
    const rate = Math.max(minRate, wanted)
    this.#latest = { time, rate, error }
    return rate
  }
}
