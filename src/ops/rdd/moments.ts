import { describe } from '../functions/plain-data.js'

/** What is known of some numbers after one pass over them. Plain data: travels from the workers. */
export interface Moments {
  readonly count: number
  readonly mean: number
  /** The sum of the squared distances from the mean. */
  readonly squares: number
  readonly sum: number
  readonly min: number
  readonly max: number
}

/** Statistics of a dataset of numbers. */
export interface Stats {
  readonly count: number
  readonly sum: number
  /** 0 if there are no numbers. */
  readonly mean: number
  /** Of the numbers themselves. NaN if there are none, or an infinity; Infinity beyond the greatest number. */
  readonly variance: number
  readonly stdev: number
  /** Estimated for what the numbers are a sample of; NaN if there are fewer than two, or an infinity. */
  readonly sampleVariance: number
  readonly sampleStdev: number
  /** Infinity if there are no numbers, NaN if one is NaN. */
  readonly min: number
  /** -Infinity if there are no numbers, NaN if one is NaN. */
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

/** Welford's way, one number at a time: the squares of large numbers would swallow their small differences. */
export function momentsOf(numbers: Iterable<number>): Moments {
  let { count, mean, squares, sum, min, max } = NO_MOMENTS
  for (const x of numbers) {
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
  if (Number.isNaN(sum) || typeof sum !== 'number') checkNumbers(numbers)
  return { count, mean, squares, sum, min, max }
}

/** The mean of two parts whose distance is not finite: infinities add up, and finite means are weighed apart. */
function meanBeyond(a: number, countOfA: number, b: number, countOfB: number): number {
  if (countOfA === 0) return b
  if (!Number.isFinite(a) || !Number.isFinite(b)) return a + b
  const count = countOfA + countOfB
  return a * (countOfA / count) + b * (countOfB / count)
}

/** Of finite means further apart than any number the squares are beyond every number too; with infinities there are none. */
function squaresBeyond(a: number, b: number): number {
  return Number.isFinite(a) && Number.isFinite(b) ? Number.POSITIVE_INFINITY : Number.NaN
}

/** Fails for a record that is no number: JavaScript would make a text, or NaN, of all the others with it. */
export function checkNumbers(records: Iterable<unknown>): void {
  for (const record of records) {
    if (typeof record !== 'number') throw new TypeError(`A record is ${describe(record)}; it must be a number.`)
  }
}

/** The moments of the numbers of both. */
export function mergeMoments(a: Moments, b: Moments): Moments {
  if (a.count === 0) return b
  if (b.count === 0) return a
  const count = a.count + b.count
  const distance = b.mean - a.mean
  // Infinite for two infinities, and for means that are too far apart to weigh their distance.
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
