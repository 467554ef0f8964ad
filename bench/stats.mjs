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
