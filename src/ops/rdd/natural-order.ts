/**
 * The natural order: numbers, bigints, dates, texts and booleans by value, arrays element by element; what has no order
 * comes last: NaN, then null, then undefined.
 */
export function naturalOrder(a: unknown, b: unknown): number {
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let i = 0; i < Math.min(a.length, b.length); i++) {
      const order = naturalOrder(a[i], b[i])
      if (order !== 0) return order
    }
    return a.length - b.length
  }
  // Comparisons with NaN or undefined are all false, which a sort would take for equality with everything.
  const unordered = rank(a) - rank(b)
  if (unordered !== 0) return unordered
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0
}

function rank(value: unknown): number {
  if (value === undefined) return 3
  if (value === null) return 2
  return (typeof value === 'number' || value instanceof Date) && Number.isNaN(+value) ? 1 : 0
}
