import { ArgumentError } from '../errors.js'
import { describe } from '../ops/functions/plain-data.js'
import { checkNames } from '../ops/option-names.js'
import { PidEstimator, type PidOptions } from './pid-estimator.js'

/** How fast a receiver may bring records. Rates are records (of text: lines) a second, of each receiver. */
export interface BackpressureOptions extends Omit<PidOptions, 'batchMs'> {
  /** Until batches have been measured. Default: no limit. */
  readonly initialRate?: number
  /** Never more, whatever was measured. Default: no limit. */
  readonly maxRate?: number
}

const NAMES = ['proportional', 'integral', 'derivative', 'minRate', 'initialRate', 'maxRate'] as const

/** The checked options; undefined: receivers are not slowed. Throws ArgumentError. */
export function checkBackpressure(
  given: boolean | BackpressureOptions | undefined,
  batchMs: number,
): BackpressureOptions | undefined {
  if (given === undefined || given === false) return undefined
  if (given === true) return {}
  if (typeof given !== 'object' || given === null) {
    throw new ArgumentError(
      `backpressure is ${describe(given)}; it must be true, false or an object such as { maxRate: 10_000 }.`,
    )
  }
  checkNames(given, NAMES, 'backpressure')
  const { initialRate, maxRate, minRate = 100 } = given
  for (const [name, rate] of Object.entries({ initialRate, maxRate })) {
    if (rate !== undefined && !(rate > 0))
      throw new ArgumentError(`backpressure: ${name} is ${rate}; it must be a number of records above 0.`, {
        [name]: rate,
      })
  }
  if (maxRate !== undefined && maxRate < minRate) {
    throw new ArgumentError(
      `backpressure: maxRate is ${maxRate}, which is below minRate, ${minRate}. Give a minRate of at most that.`,
      { maxRate, minRate },
    )
  }
  new PidEstimator({ ...given, batchMs })
  return given
}

/** A batch of one receiver: when it ended, its records, and its delays in ms. */
export interface MeasuredBatch {
  readonly endedAt: number
  readonly records: number
  readonly processingDelay: number
  readonly schedulingDelay: number
}

/** The rate of one receiver, by what batches could process. */
export class RateControl {
  readonly #estimator: PidEstimator
  readonly #maxRate: number
  /** Records a second that may come now. */
  rate: number

  constructor({ initialRate, maxRate, ...pid }: BackpressureOptions, batchMs: number) {
    this.#estimator = new PidEstimator({ ...pid, batchMs })
    this.#maxRate = maxRate ?? Number.POSITIVE_INFINITY
    this.rate = Math.min(initialRate ?? Number.POSITIVE_INFINITY, this.#maxRate)
  }

  /** The rate, where there is a limit. */
  get known(): number | undefined {
    return this.rate === Number.POSITIVE_INFINITY ? undefined : this.rate
  }

  /** Answers with the rate from here on. */
  measure({ endedAt, records, processingDelay, schedulingDelay }: MeasuredBatch): number {
    const rate = this.#estimator.compute(endedAt, records, processingDelay, schedulingDelay)
    if (rate !== undefined) this.rate = Math.min(rate, this.#maxRate)
    return this.rate
  }
}
