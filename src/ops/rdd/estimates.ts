import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { failuresQuantile, normalQuantile, studentQuantile } from '../quantiles.js'
import { type Moments, mergeMoments, NO_MOMENTS } from './moments.js'

/** A number estimated from part of the data. */
export interface BoundedNumber {
  readonly mean: number
  /** The probability that the true number is between `low` and `high`: 1 if the number is exact, 0 without any data. */
  readonly confidence: number
  readonly low: number
  readonly high: number
}

export function checkConfidence(confidence: number, label: string): number {
  if (typeof confidence === 'number' && confidence >= 0 && confidence <= 1) return confidence
  throw new ArgumentError(
    `${label}: the confidence is ${describe(confidence)}; it must be a number from 0 to 1, such as 0.95.`,
    { given: confidence },
  )
}

function exactly(value: number): BoundedNumber {
  return { mean: value, confidence: 1, low: value, high: value }
}

/**
 * Estimates a count from `counted`, the count in the fraction `part` (0 to 1) of the data, by the binomial
 * distribution.
 */
export function estimateOfCount(counted: number, part: number, confidence: number): BoundedNumber {
  if (part === 1) return exactly(counted)
  if (counted === 0) return { mean: 0, confidence: 0, low: 0, high: Number.POSITIVE_INFINITY }
  const uncounted = (p: number) => failuresQuantile(p, counted, part)
  return {
    mean: counted / part,
    confidence,
    low: counted + uncounted((1 - confidence) / 2),
    high: counted + uncounted((1 + confidence) / 2),
  }
}

export function estimateOfMean(seen: readonly Moments[], part: number, confidence: number): BoundedNumber {
  const { count, mean, squares } = seen.reduce(mergeMoments, NO_MOMENTS)
  if (part === 1) return exactly(mean)
  return around(mean, squares / (count - 1) / count, count, confidence)
}

/** Estimates a sum: the mean, multiplied by the estimated count. */
export function estimateOfSum(seen: readonly Moments[], part: number, confidence: number): BoundedNumber {
  const { count, mean, squares, sum } = seen.reduce(mergeMoments, NO_MOMENTS)
  if (part === 1) return exactly(sum)
  const meanVariance = squares / (count - 1) / count
  const total = count / part
  const totalVariance = (count * (1 - part)) / (part * part)
  const variance = mean * mean * totalVariance + total * total * meanVariance + meanVariance * totalVariance
  return around(mean * total, variance, count, confidence)
}

/**
 * From this many values, the normal distribution replaces Student's t, because the estimated variance is exact enough.
 */
const MANY = 100

function around(mean: number, variance: number, count: number, confidence: number): BoundedNumber {
  if (count < 2) return { mean, confidence: count === 0 ? 0 : confidence, low: -Infinity, high: Infinity }
  const p = (1 + confidence) / 2
  const times = count > MANY ? normalQuantile(p) : studentQuantile(p, count - 1)
  // Equal values have no variance; without this case, 0 times infinity would be NaN.
  const reach = variance === 0 ? 0 : times * Math.sqrt(variance)
  return { mean, confidence, low: mean - reach, high: mean + reach }
}
