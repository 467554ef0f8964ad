import type { Answer } from './oracle/oracle.js'

/** A difference between the expected and the actual records of one key, or of one position if the order counts. */
export interface Difference {
  readonly batch: number
  readonly output: string
  readonly key: string
  /** The expected records as JSON; empty if there are none. */
  readonly expected: readonly string[]
  readonly got: readonly string[]
}

/**
 * Returns the first difference between expected and actual records. Compares them as multisets unless the order counts.
 */
export function difference(
  { records, ordered }: Answer,
  got: readonly unknown[],
): Pick<Difference, 'key' | 'expected' | 'got'> | undefined {
  const keyOf = ordered ? (_: unknown, i: number) => `place ${i}` : recordKey
  const right = grouped(records, keyOf)
  const came = grouped(got, keyOf)
  for (const key of new Set([...right.keys(), ...came.keys()])) {
    const expected = right.get(key) ?? []
    const actual = came.get(key) ?? []
    if (expected.length !== actual.length || expected.some((text, i) => text !== actual[i]))
      return { key, expected, got: actual }
  }
  return undefined
}

/** Counts missing and duplicate serial numbers in an audit. */
export function missingAndExtra(
  { records }: Answer,
  got: readonly unknown[],
): { readonly missing: number; readonly extra: number } {
  const left = new Set((records as readonly [number, number][]).map(([serial]) => serial))
  let extra = 0
  for (const [serial, times] of got as readonly [number, number][]) extra += left.delete(serial) ? times - 1 : times
  return { missing: left.size, extra }
}

/** Returns the records of each key as sorted texts. */
function grouped(
  records: readonly unknown[],
  keyOf: (record: unknown, index: number) => string,
): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  records.forEach((record, i) => {
    const key = keyOf(record, i)
    const group = groups.get(key)
    if (group) group.push(JSON.stringify(record))
    else groups.set(key, [JSON.stringify(record)])
  })
  for (const group of groups.values()) group.sort()
  return groups
}

function recordKey(record: unknown): string {
  return Array.isArray(record) ? String(record[0]) : 'the batch'
}
