import type { RDD } from 'millrace'
import { canonical } from '#build/values/keys.js'
import fc from '../support/fast-check.js'

/*
 * Operations on pairs of any keys and values, each with its model in plain arrays, for random pipelines.
 */

export type Pair = [unknown, unknown]

/** One operation on pairs of any keys and values: as the library does it, and in plain arrays. */
export interface Step {
  readonly name: string
  readonly run: (rdd: RDD<Pair>, other: RDD<Pair>, partitions: number) => RDD<Pair>
  readonly model: (pairs: Pair[], other: Pair[]) => Pair[]
}

/** Equal for equal keys. */
export const nameOf = (key: unknown) =>
  typeof key === 'object' && key !== null ? canonical(key) : `${typeof key} ${Object.is(key, -0) ? 0 : String(key)}`

export function grouped(pairs: readonly Pair[]): Map<string, { key: unknown; values: unknown[] }> {
  const groups = new Map<string, { key: unknown; values: unknown[] }>()
  for (const [key, value] of pairs) {
    const group = groups.get(nameOf(key)) ?? { key, values: [] }
    groups.set(nameOf(key), group)
    group.values.push(value)
  }
  return groups
}

/** A step that is the same function of a record on both sides. */
function narrow(name: string, fn: (pair: Pair) => Pair[]): Step {
  return { name, run: (rdd) => rdd.flatMap(fn), model: (pairs) => pairs.flatMap(fn) }
}

/** Steps that make one record of each group. `merge` is of a list of values, in any order. */
function ofGroups(name: string, run: Step['run'], merge: (values: unknown[]) => unknown): Step {
  return {
    name,
    run,
    model: (pairs) => [...grouped(pairs).values()].map(({ key, values }): Pair => [key, merge(values)]),
  }
}

const greatest = (a: unknown, b: unknown) => (`${typeof a} ${String(a)}` > `${typeof b} ${String(b)}` ? a : b)
export const whole = (value: unknown): number => (typeof value === 'number' && Math.abs(value) < 100 ? value | 0 : 1)
export const sumOf = (values: unknown[]) => values.map(whole).reduce((a, b) => a + b, 0)

export function joined(
  left: readonly Pair[],
  right: readonly Pair[],
  kind: 'inner' | 'left' | 'right' | 'full',
): Pair[] {
  const [mine, theirs] = [grouped(left), grouped(right)]
  return [...new Set([...mine.keys(), ...theirs.keys()])].flatMap((name) => {
    const [a, b] = [mine.get(name), theirs.get(name)]
    if ((!a && kind !== 'right' && kind !== 'full') || (!b && kind !== 'left' && kind !== 'full')) return []
    const key = (a ?? b)!.key
    return (a?.values ?? [undefined]).flatMap((v) => (b?.values ?? [undefined]).map((w): Pair => [key, [v, w]]))
  })
}

const first = (pairs: Pair[]): Pair[] => pairs.map(([key, both]) => [key, (both as unknown[])[0]])
const second = (pairs: Pair[]): Pair[] => pairs.map(([key, both]) => [key, (both as unknown[])[1]])

export const steps: Step[] = [
  narrow('records', (pair) => [pair]),
  {
    name: 'swap',
    run: (rdd) => rdd.map(([k, v]): Pair => [v, k]),
    model: (pairs) => pairs.map(([k, v]): Pair => [v, k]),
  },
  {
    name: 'keys as values',
    run: (rdd) => rdd.map(([k]): Pair => [k, k]),
    model: (pairs) => pairs.map(([k]): Pair => [k, k]),
  },
  {
    name: 'key by text',
    run: (rdd) => rdd.map(([k, v]): Pair => [String(k), v]),
    model: (pairs) => pairs.map(([k, v]): Pair => [String(k), v]),
  },
  {
    name: 'one',
    run: (rdd) => rdd.mapValues(() => 1) as RDD<Pair>,
    model: (pairs) => pairs.map(([k]): Pair => [k, 1]),
  },
  {
    name: 'filter texts',
    run: (rdd) => rdd.filter(([k]) => typeof k !== 'string'),
    model: (pairs) => pairs.filter(([k]) => typeof k !== 'string'),
  },
  {
    name: 'twice',
    run: (rdd) => rdd.flatMap((pair) => [pair, pair]),
    model: (pairs) => pairs.flatMap((pair) => [pair, pair]),
  },
  {
    name: 'mapPartitions',
    run: (rdd) =>
      rdd.mapPartitions(function* (pairs) {
        for (const [k, v] of pairs) yield [k, typeof v === 'number' ? v + 1 : v] as Pair
      }),
    model: (pairs) => pairs.map(([k, v]): Pair => [k, typeof v === 'number' ? v + 1 : v]),
  },
  ofGroups(
    'reduceByKey',
    (rdd, _, n) =>
      rdd.reduceByKey((a, b) => (`${typeof a} ${String(a)}` > `${typeof b} ${String(b)}` ? a : b), n) as RDD<Pair>,
    (values) => values.reduce(greatest),
  ),
  ofGroups(
    'sums',
    (rdd, _, n) =>
      rdd
        .map(([k, v]): [unknown, number] => [k, typeof v === 'number' && Math.abs(v) < 100 ? v | 0 : 1])
        .reduceByKey((a, b) => a + b, n) as RDD<Pair>,
    sumOf,
  ),
  ofGroups(
    'sums in place',
    (rdd) =>
      rdd
        .map(([k, v]): [unknown, number] => [k, typeof v === 'number' && Math.abs(v) < 100 ? v | 0 : 1])
        .reduceByKey((a, b) => a + b) as RDD<Pair>,
    sumOf,
  ),
  ofGroups(
    'sizes of groups',
    (rdd, _, n) => rdd.groupByKey(n).mapValues((values) => values.length) as RDD<Pair>,
    (values) => values.length,
  ),
  ofGroups(
    'greatest of groups',
    (rdd, _, n) =>
      rdd
        .groupByKey(n)
        .mapValues((values) =>
          values.reduce((a, b) => (`${typeof a} ${String(a)}` > `${typeof b} ${String(b)}` ? a : b)),
        ) as RDD<Pair>,
    (values) => values.reduce(greatest),
  ),
  ofGroups(
    'aggregateByKey',
    (rdd, _, n) =>
      rdd.aggregateByKey(
        0,
        (count: number) => count + 1,
        (a, b) => a + b,
        n,
      ) as RDD<Pair>,
    (values) => values.length,
  ),
  ofGroups(
    'combineByKey',
    (rdd, _, n) =>
      rdd
        .combineByKey(
          (v): string[] => [typeof v],
          (list, v) => [...list, typeof v],
          (a, b) => [...a, ...b],
          n,
        )
        .mapValues((list) => list.sort().join()) as RDD<Pair>,
    (values) =>
      values
        .map((v) => typeof v)
        .sort()
        .join(),
  ),
  {
    name: 'distinct',
    run: (rdd, _, n) => rdd.distinct(n),
    model: (pairs) => [...new Map(pairs.map((pair) => [nameOf(pair), pair])).values()],
  },
  {
    name: 'intersection',
    run: (rdd, other, n) => rdd.intersection(other, n),
    model: (pairs, other) => {
      const there = new Set(other.map(nameOf))
      return [...new Map(pairs.map((pair) => [nameOf(pair), pair])).values()].filter((pair) => there.has(nameOf(pair)))
    },
  },
  {
    name: 'subtract',
    run: (rdd, other, n) => rdd.subtract(other, n),
    model: (pairs, other) => {
      const there = new Set(other.map(nameOf))
      return pairs.filter((pair) => !there.has(nameOf(pair)))
    },
  },
  {
    name: 'subtractByKey',
    run: (rdd, other, n) => rdd.subtractByKey(other, n),
    model: (pairs, other) => {
      const there = grouped(other)
      return pairs.filter(([key]) => !there.has(nameOf(key)))
    },
  },
  { name: 'union', run: (rdd, other) => rdd.union(other), model: (pairs, other) => [...pairs, ...other] },
  { name: 'union with itself', run: (rdd) => rdd.union(rdd), model: (pairs) => [...pairs, ...pairs] },
  { name: 'repartition', run: (rdd, _, n) => rdd.repartition(n), model: (pairs) => pairs },
  { name: 'coalesce', run: (rdd, _, n) => rdd.coalesce(n), model: (pairs) => pairs },
  { name: 'partitionBy', run: (rdd, _, n) => rdd.partitionBy(n), model: (pairs) => pairs },
  { name: 'persist', run: (rdd) => rdd.persist(), model: (pairs) => pairs },
  {
    name: 'sortByKey of texts',
    run: (rdd, _, n) =>
      rdd.map(([k, v]): [string, unknown] => [String(k), v]).sortByKey({ partitions: n }) as RDD<Pair>,
    model: (pairs) => pairs.map(([k, v]): Pair => [String(k), v]),
  },
  {
    name: 'join',
    run: (rdd, other, n) => rdd.join(other, n).mapValues(([v]) => v),
    model: (pairs, other) => first(joined(pairs, other, 'inner')),
  },
  {
    name: 'join with sums of itself',
    run: (rdd) => {
      const sums = rdd
        .map(([k, v]): [unknown, number] => [k, typeof v === 'number' && Math.abs(v) < 100 ? v | 0 : 1])
        .reduceByKey((a, b) => a + b)
      return rdd.join(sums).mapValues(([, sum]) => sum) as RDD<Pair>
    },
    model: (pairs) => {
      const sums = [...grouped(pairs).values()].map(({ key, values }): Pair => [key, sumOf(values)])
      return second(joined(pairs, sums, 'inner'))
    },
  },
  {
    name: 'leftOuterJoin',
    run: (rdd, other, n) => rdd.leftOuterJoin(other, n).mapValues(([, w]) => w) as RDD<Pair>,
    model: (pairs, other) => second(joined(pairs, other, 'left')),
  },
  {
    name: 'rightOuterJoin',
    run: (rdd, other) => rdd.rightOuterJoin(other).mapValues(([v]) => v) as RDD<Pair>,
    model: (pairs, other) => first(joined(pairs, other, 'right')),
  },
  {
    name: 'fullOuterJoin',
    run: (rdd, other, n) => rdd.fullOuterJoin(other, n).mapValues(([v, w]) => v ?? w) as RDD<Pair>,
    model: (pairs, other) =>
      joined(pairs, other, 'full').map(([key, both]): Pair => {
        const [v, w] = both as unknown[]
        return [key, v ?? w]
      }),
  },
  {
    name: 'cogroup',
    run: (rdd, other, n) => rdd.cogroup(other, n).mapValues(([a, b]) => a.length * 1000 + b.length) as RDD<Pair>,
    model: (pairs, other) => {
      const [mine, theirs] = [grouped(pairs), grouped(other)]
      return [...new Set([...mine.keys(), ...theirs.keys()])].map((name): Pair => {
        const [a, b] = [mine.get(name), theirs.get(name)]
        return [(a ?? b)!.key, (a?.values.length ?? 0) * 1000 + (b?.values.length ?? 0)]
      })
    },
  },
]

export const KEYS: Record<string, fc.Arbitrary<unknown>> = {
  'whole numbers': fc.integer({ min: -3, max: 3 }),
  'numbers of all kinds': fc.constantFrom(0, -0, 0.5, Number.NaN, 2 ** 31, -(2 ** 31), 1e300, Infinity, 2 ** 53),
  texts: fc.constantFrom('', 'a', 'b', 'é', '0', 'elevenunits', 'twelve units', '\0', '😀', 'x'.repeat(300)),
  'numbers and texts': fc.constantFrom<unknown>(0, 1, '0', '1', 'NaN', Number.NaN, -1),
  'values of all kinds': fc.constantFrom<unknown>(0, 1, '0', true, false, null, undefined, 1n, 'null', [1], [], {
    a: 1,
  }),
}
const VALUES = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.constantFrom<unknown>('', 'text', 'longer than twelve', 0.5, -0, Number.NaN, 1e300),
  fc.constantFrom<unknown>(undefined, null, true, 1n),
)

/** What a record is, up to the sign of zeros: which of the equal keys a group shows depends on the partitions. */
export const normal = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(normal) : typeof value === 'number' ? value + 0 : value

/** Pairs by a key of a kind; their values are ones, small numbers, values of all kinds, or such keys. */
export function pairsOf(key: fc.Arbitrary<unknown>, maxLength: number): fc.Arbitrary<Pair[]> {
  const values = fc.constantFrom(fc.constant(1), fc.integer({ min: -5, max: 5 }), VALUES, key)
  return values.chain((value) => fc.array(fc.tuple(key, value), { maxLength }))
}

/** The steps for keys of a kind. Operations that follow a sort use its ranges, and objects have no order. */
export const stepsFor = (kind: string): Step[] =>
  steps.filter(({ name }) => kind !== 'values of all kinds' || !name.startsWith('sort'))
