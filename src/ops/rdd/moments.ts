import { describe } from '../../values/describe.js'

/**
 * Statistics of the numbers of a partition, computed in one pass. Plain data, because tasks return it to the driver.
 */
export interface Moments {
  readonly count: number
  readonly mean: number
  /** The sum of the squared differences from the mean. */
  readonly squares: number
  readonly sum: number
  readonly min: number
  readonly max: number
}

/** Statistics of a dataset of numbers. */
export interface Stats {
  readonly count: number
  readonly sum: number
  /** The mean; 0 if there are no numbers. */
  readonly mean: number
  /**
   * The variance of the whole population. NaN without numbers or with an infinity; Infinity if it exceeds the greatest
   * number.
   */
  readonly variance: number
  readonly stdev: number
  /**
   * The variance estimated from the numbers as a sample (divided by n - 1). NaN for fewer than two numbers or with an
   * infinity.
   */
  readonly sampleVariance: number
  readonly sampleStdev: number
  /** The minimum; Infinity if there are no numbers, NaN if one is NaN. */
  readonly min: number
  /** The maximum; -Infinity if there are no numbers, NaN if one is NaN. */
  readonly max: number
}

export const NO_MOMENTS: Moments = {
  count: 0,
  mean: 0,
  squares: 0,
  sum: 0,
  min: Number.POSITIVE_INFINITY,
  max: Number.NEGATIVE_INFINITY,
}

/**
 * Computes the moments with Welford's algorithm; a sum of squares would lose the small differences between large
 * numbers.
 */
export function momentsOf(numbers: Iterable<number>): Moments {
  let { count, mean, squares, sum, min, max } = NO_MOMENTS
  for (const x of allNumbers(numbers)) {
    const distance = x - mean
    count++
    if (distance - distance === 0) {
      mean += distance / count
      squares += distance * (x - mean)
    } else {
      squares = squaresBeyond(mean, x)
      mean = meanBeyond(mean, count - 1, x, 1)
    }
    sum += x
    min = Math.min(min, x)
    max = Math.max(max, x)
  }
  return { count, mean, squares, sum, min, max }
}

/**
 * Returns the mean of two parts whose means' difference is not finite. Adds infinities, and weights finite means
 * separately.
 */
function meanBeyond(a: number, countOfA: number, b: number, countOfB: number): number {
  if (countOfA === 0) return b
  if (!Number.isFinite(a) || !Number.isFinite(b)) return a + b
  const count = countOfA + countOfB
  return a * (countOfA / count) + b * (countOfB / count)
}

/**
 * Returns the sum of squares of two parts whose means' difference is not finite: Infinity if both means are finite,
 * otherwise NaN.
 */
function squaresBeyond(a: number, b: number): number {
  return Number.isFinite(a) && Number.isFinite(b) ? Number.POSITIVE_INFINITY : Number.NaN
}

/**
 * Returns the records as an array. Throws TypeError for a record that is not a number: JavaScript would add `null` as 0
 * and `true` as 1.
 */
export function allNumbers(records: Iterable<unknown>): readonly number[] {
  const numbers: readonly unknown[] = Array.isArray(records) ? records : Array.from(records)
  // The iterator of an array of mixed kinds takes twenty times as long as an index.
  for (let i = 0; i < numbers.length; i++) {
    if (typeof numbers[i] !== 'number') throw new TypeError(`A record is ${describe(numbers[i])}; it must be a number.`)
  }
  return numbers as readonly number[]
}

/** Merges the moments of two parts. */
export function mergeMoments(a: Moments, b: Moments): Moments {
  if (a.count === 0) return b
  if (b.count === 0) return a
  const count = a.count + b.count
  const distance = b.mean - a.mean
  // Not finite with infinities, or if the difference of the means exceeds the greatest number.
  const near = Number.isFinite(distance * b.count)
  return {
    count,
    mean: near ? a.mean + (distance * b.count) / count : meanBeyond(a.mean, a.count, b.mean, b.count),
    squares:
      a.squares +
      b.squares +
      (Number.isFinite(distance) ? distance * distance * ((a.count * b.count) / count) : squaresBeyond(a.mean, b.mean)),
    sum: a.sum + b.sum,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
  }
}

export function statsOf(parts: readonly Moments[]): Stats {
  const { count, sum, mean, squares, min, max } = parts.reduce(mergeMoments, NO_MOMENTS)
  const variance = count === 0 ? Number.NaN : squares / count
  const sampleVariance = count < 2 ? Number.NaN : squares / (count - 1)
  const [stdev, sampleStdev] = [Math.sqrt(variance), Math.sqrt(sampleVariance)]
  return { count, sum, mean, variance, stdev, sampleVariance, sampleStdev, min, max }
}
