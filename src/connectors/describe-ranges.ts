/** Ranges that a description names. */
const MOST_NAMED = 10

/** Names the first ranges of a batch, for listeners, and counts the others. `what` names them. */
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
