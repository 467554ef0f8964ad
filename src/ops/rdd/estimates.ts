import { ArgumentError } from '../../errors.js'
import { failuresQuantile, normalQuantile, studentQuantile } from '../quantiles.js'
import { type Moments, mergeMoments, NO_MOMENTS } from './moments.js'

/** A number that is estimated from a part of the data. */
export interface BoundedNumber {
  readonly mean: number
  /** The chance that the true number is from `low` to `high`; 1 where it is known, 0 where nothing is. */
  readonly confidence: number
  readonly low: number
  readonly high: number
}

export function checkConfidence(confidence: number, label: string): number {
  if (typeof confidence === 'number' && confidence >= 0 && confidence <= 1) return confidence
  throw new ArgumentError(
    `${label}: the confidence is ${String(confidence)}; it must be a number from 0 to 1, such as 0.95.`,
    { given: confidence },
  )
}

function exactly(value: number): BoundedNumber {
  return { mean: value, confidence: 1, low: value, high: value }
}

/** `counted` in a `part` of all, above 0 and up to 1: as if each element had been met with that chance. */
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

/** The mean, times an estimate of the count. */
export function estimateOfSum(seen: readonly Moments[], part: number, confidence: number): BoundedNumber {
  const { count, mean, squares, sum } = seen.reduce(mergeMoments, NO_MOMENTS)
  if (part === 1) return exactly(sum)
  const meanVariance = squares / (count - 1) / count
  const total = count / part
  const totalVariance = (count * (1 - part)) / (part * part)
  const variance = mean * mean * totalVariance + total * total * meanVariance + meanVariance * totalVariance
  return around(mean * total, variance, count, confidence)
}

/** From so many values on, what is known of their variance is good enough for the normal distribution. */
const MANY = 100

function around(mean: number, variance: number, count: number, confidence: number): BoundedNumber {
  if (count < 2) return { mean, confidence: count === 0 ? 0 : confidence, low: -Infinity, high: Infinity }
  const p = (1 + confidence) / 2
  const times = count > MANY ? normalQuantile(p) : studentQuantile(p, count - 1)
  // Values that are all equal have no variance: 0 times infinity would be NaN.
  const reach = variance === 0 ? 0 : times * Math.sqrt(variance)
  return { mean, confidence, low: mean - reach, high: mean + reach }
}
