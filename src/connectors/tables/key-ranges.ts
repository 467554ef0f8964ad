/**
 * The rows whose key is above `after` and at most `upTo`; null means no limit. Keys are texts, because JSON cannot
 * represent large integers.
 */
export interface KeyRange {
  readonly after: string | null
  readonly upTo: string | null
}

/** All rows of a table. */
export const ALL_ROWS: KeyRange = { after: null, upTo: null }

/** Splits the keys above `after` and up to `upTo` into at most `parts` ranges of equal width. */
export function splitKeys(after: bigint, upTo: bigint, parts: number): KeyRange[] {
  const width = upTo - after
  const count = width < BigInt(parts) ? width : BigInt(parts)
  const borderOf = (i: bigint) => String(after + (width * i) / count)
  return Array.from({ length: Number(count) }, (_, i) => ({
    after: borderOf(BigInt(i)),
    upTo: borderOf(BigInt(i) + 1n),
  }))
}

/** Returns an SQL condition for a range of a quoted column. The keys are checked integers, so they are safe in SQL. */
export function conditionOf({ after, upTo }: KeyRange, column: string): string {
  const limits = [after !== null && `${column} > ${BigInt(after)}`, upTo !== null && `${column} <= ${BigInt(upTo)}`]
  return limits.filter(Boolean).join(' AND ') || 'TRUE'
}
