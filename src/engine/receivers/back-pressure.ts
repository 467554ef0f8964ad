import { ArgumentError } from '../../errors.js'
import { checkNames } from '../../ops/option-names.js'
import { describe } from '../../values/describe.js'
import { type Measured, PidEstimator } from './pid-estimator.js'

/**
 * Limits the records of each receiver and direct source. Rates are in records per second; for text, in lines per
 * second.
 */
export interface BackpressureOptions {
  /** Weight of the error, which is the last rate minus the processing rate. Default 1. */
  readonly proportional?: number
  /** Weight of the backlog, which is the number of records processed during the scheduling delay. Default 0.2. */
  readonly integral?: number
  /** Weight of the error's change. Default 0, because it makes rates oscillate. */
  readonly derivative?: number
  /** The lowest rate in records per second, so that every batch can be measured. Default 100. */
  readonly minRate?: number
  /** The rate before batches have been measured. Default: no limit. */
  readonly initialRate?: number
  /** The highest rate, regardless of measurements. Default: no limit. */
  readonly maxRate?: number
}

const NAMES = ['proportional', 'integral', 'derivative', 'minRate', 'initialRate', 'maxRate'] as const

/** Returns the checked options; undefined without back-pressure. @throws ArgumentError for an invalid option. */
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
  for (const [name, rate] of Object.entries({ initialRate, minRate, maxRate })) {
    if (rate !== undefined && !(typeof rate === 'number' && rate > 0))
      throw new ArgumentError(`backpressure: ${name} is ${describe(rate)}; it must be a number of records above 0.`, {
        [name]: rate,
      })
  }
  if (maxRate !== undefined && maxRate < minRate) {
    throw new ArgumentError(
      `backpressure: maxRate is ${maxRate}, which is below minRate, ${minRate}. Use a minRate of at most maxRate.`,
      { maxRate, minRate },
    )
  }
  new PidEstimator({ ...given, batchMs })
  return given
}

/** A measured batch of one input: when it ended (ms), its records, and its delays (ms). */
export interface MeasuredBatch {
  readonly endedAt: number
  readonly records: number
  readonly processingDelay: number
  readonly schedulingDelay: number
}

/** The rate of one input in a checkpoint. */
export interface SavedRate {
  /** Records per second; null: no limit. */
  readonly rate: number | null
  /** The estimator's last measurement; null before the first. */
  readonly measured: Measured | null
}

/** Limits the rate of one input to what batches can process. */
export class RateControl {
  readonly #estimator: PidEstimator
  readonly #maxRate: number
  readonly #batchMs: number
  /** The current limit, in records per second. */
  rate: number

  /** Continues from `saved`, the rate in a checkpoint, which `maxRate` also bounds. */
  constructor({ initialRate, maxRate, ...pid }: BackpressureOptions, batchMs: number, saved?: SavedRate) {
    this.#estimator = new PidEstimator({ ...pid, batchMs }, saved?.measured ?? undefined)
    this.#batchMs = batchMs
    this.#maxRate = maxRate ?? Number.POSITIVE_INFINITY
    this.rate = Math.min(saved?.rate ?? initialRate ?? Number.POSITIVE_INFINITY, this.#maxRate)
  }

  /** Returns this rate for a checkpoint. */
  save(): SavedRate {
    return { rate: this.known ?? null, measured: this.#estimator.latest ?? null }
  }

  /** The rate; undefined without a limit. */
  get known(): number | undefined {
    return this.rate === Number.POSITIVE_INFINITY ? undefined : this.rate
  }

  /** The largest number of records of a batch at this rate, at least one; Infinity without a limit. */
  get recordsABatch(): number {
    return Math.max(1, Math.floor((this.rate * this.#batchMs) / 1000))
  }

  /** Adjusts the rate to a measurement. Returns the new rate. */
  measure({ endedAt, records, processingDelay, schedulingDelay }: MeasuredBatch): number {
    const rate = this.#estimator.compute(endedAt, records, processingDelay, schedulingDelay)
    if (rate !== undefined) this.rate = Math.min(rate, this.#maxRate)
    return this.rate
  }
}
