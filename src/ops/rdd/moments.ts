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
  /** 0 where there are no numbers. */
  readonly mean: number
  /** Of the numbers themselves; NaN where there are none. */
  readonly variance: number
  readonly stdev: number
  /** Estimated for what the numbers are a sample of; NaN where there are fewer than two. */
  readonly sampleVariance: number
  readonly sampleStdev: number
  /** Infinity where there are no numbers. */
  readonly min: number
  /** -Infinity where there are no numbers. */
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
    mean += distance / ++count
    squares += distance * (x - mean)
    sum += x
    min = Math.min(min, x)
    max = Math.max(max, x)
  }
  return { count, mean, squares, sum, min, max }
}

/** The moments of the numbers of both. */
export function mergeMoments(a: Moments, b: Moments): Moments {
  if (a.count === 0) return b
  if (b.count === 0) return a
  const count = a.count + b.count
  const distance = b.mean - a.mean
  return {
    count,
    mean: a.mean + (distance * b.count) / count,
    squares: a.squares + b.squares + (distance * distance * a.count * b.count) / count,
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
