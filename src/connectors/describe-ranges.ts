/** The number of ranges that a description lists. */
const MOST_NAMED = 10

/**
 * Describes the ranges of a batch for listeners: lists the first ones and counts the rest. `what`: their noun, in the
 * plural.
 */
export function describeRanges<R>(
  ranges: readonly R[],
  nameOf: (range: R) => string,
  what: string,
): string | undefined {
  if (ranges.length === 0) return undefined
  const named = ranges.slice(0, MOST_NAMED).map(nameOf)
  const more = ranges.length > named.length ? ` and ${ranges.length - named.length} ${what} more` : ''
  return `${named.join('; ')}${more}`
}
