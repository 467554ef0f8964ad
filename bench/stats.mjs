/** Returns the value below which a share `q` of the values is (nearest rank). */
export function quantile(values, q) {
  return weightedQuantile(
    values.map((value) => ({ value, weight: 1 })),
    q,
  )
}

/** The same for values that stand for `weight` observations each. NaN without values. */
export function weightedQuantile(observed, q) {
  const sorted = [...observed].sort((a, b) => a.value - b.value)
  const rank = q * sorted.reduce((sum, { weight }) => sum + weight, 0)
  let passed = 0
  for (const { value, weight } of sorted) {
    passed += weight
    if (passed >= rank) return value
  }
  return Number.NaN
}

/** Returns the median; for an even number of values, the mean of the middle two. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}

/** Returns the spread of `of` as multiples of `to`, pair by pair. */
export const ratios = (of, to) => spread(of.map((value, i) => value / to[i]))

export function spread(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) }
}

/**
 * Compares neighbouring turns with and without something. Returns the median without (`base`), and of the differences the mean and
 * the median, which is between `low` and `high` with a probability of 95 % (by ranks, whatever their distribution).
 */
export function pairedDifferences(having, without) {
  const sorted = having.map((value, i) => value - without[i]).sort((a, b) => a - b)
  const n = sorted.length
  const aside = 0.98 * Math.sqrt(n)
  const at = (rank) => sorted[Math.min(n - 1, Math.max(0, Math.round(rank)))]
  return {
    base: median(without),
    median: median(sorted),
    low: at(n / 2 - aside - 1),
    high: at(n / 2 + aside),
    mean: sorted.reduce((sum, value) => sum + value, 0) / n,
  }
}
