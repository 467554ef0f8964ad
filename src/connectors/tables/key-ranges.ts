/** The rows whose key is above `after` and at most `upTo`; null: no limit. Keys are texts, because JSON has no larger integers. */
export interface KeyRange {
  readonly after: string | null
  readonly upTo: string | null
}

/** The whole table. */
export const ALL_ROWS: KeyRange = { after: null, upTo: null }

/** Cuts the keys above `after` and up to `upTo` into at most `parts` ranges of equal width. */
export function splitKeys(after: bigint, upTo: bigint, parts: number): KeyRange[] {
  const width = upTo - after
  const count = width < BigInt(parts) ? width : BigInt(parts)
  const borderOf = (i: bigint) => String(after + (width * i) / count)
  return Array.from({ length: Number(count) }, (_, i) => ({
    after: borderOf(BigInt(i)),
    upTo: borderOf(BigInt(i) + 1n),
  }))
}

/** Returns the condition of a range over a quoted column, as SQL. The keys are checked integers. */
export function conditionOf({ after, upTo }: KeyRange, column: string): string {
  const limits = [after !== null && `${column} > ${BigInt(after)}`, upTo !== null && `${column} <= ${BigInt(upTo)}`]
  return limits.filter(Boolean).join(' AND ') || 'TRUE'
}
