/** Returns a quantile by nearest rank; undefined without values. */
export function quantile(values: readonly number[], q: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]
}

/** How many values are in each of `bins` equal steps from 0 to `most`. */
export function histogram(values: readonly number[], most: number, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0)
  for (const value of values) {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor((value / (most || 1)) * bins)))
    counts[bin]!++
  }
  return counts
}

/** The end of an axis from 0: 1, 2 or 5 times a power of ten. */
export function niceMost(most: number): number {
  if (!(most > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(most))
  const step = [1, 1.5, 2, 3, 5, 7.5, 10].find((factor) => factor * power >= most)!
  return step * power
}
