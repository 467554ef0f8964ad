import { inspect } from 'node:util'

/** Datasets as plain arrays: the meaning of operations without partitions, threads or codecs. */

type Pair = readonly [unknown, unknown]

/** Keys are equal by content: -0 is 0 and every NaN is one key, nested ones too. */
export function keyText(key: unknown): string {
  return inspect(key, { depth: null, sorted: true, maxArrayLength: null }).replace(/(?<![\w.])-0(?![\w.])/g, '0')
}

/** Groups in the order of first appearance. */
export function groups<T>(items: Iterable<T>, of: (item: T) => unknown): { key: unknown; items: T[] }[] {
  const found = new Map<string, { key: unknown; items: T[] }>()
  for (const item of items) {
    const key = of(item)
    const text = keyText(key)
    const group = found.get(text)
    if (group) group.items.push(item)
    else found.set(text, { key, items: [item] })
  }
  return [...found.values()]
}

export const keyed = (pairs: Iterable<Pair>): { key: unknown; values: unknown[] }[] =>
  groups(pairs, ([key]) => key).map(({ key, items }) => ({ key, values: items.map(([, value]) => value) }))

export function cogrouped(left: readonly Pair[], right: readonly Pair[]): [unknown, [unknown[], unknown[]]][] {
  const of = (pairs: readonly Pair[], key: unknown) =>
    pairs.filter(([other]) => keyText(other) === keyText(key)).map(([, value]) => value)
  return groups([...left, ...right], ([key]) => key).map(({ key }) => [key, [of(left, key), of(right, key)]])
}

export function joinedBy(keepLeft: boolean, keepRight: boolean, left: readonly Pair[], right: readonly Pair[]): Pair[] {
  return cogrouped(left, right).flatMap(([key, [mine, theirs]]): Pair[] => {
    const lefts = mine.length === 0 && keepRight ? [undefined] : mine
    const rights = theirs.length === 0 && keepLeft ? [undefined] : theirs
    return lefts.flatMap((a) => rights.map((b): Pair => [key, [a, b]]))
  })
}

/** A text of a result for comparison: keys that are equal have one text, and Maps and Sets have no order. */
export function textOf(value: unknown): string {
  return inspect(value, { depth: null, sorted: true, maxArrayLength: null, maxStringLength: null })
}
