import { Context, type RDD } from 'millrace'
import { afterAll, describe, expect, test } from 'vitest'
import { expectBag } from '../../support/compare.js'
import fc from '../../support/fast-check.js'

type Pair = [number, number]

/** One operation on pairs: as the library does it, and in plain arrays. */
interface Step {
  readonly name: string
  readonly run: (rdd: RDD<Pair>, other: RDD<Pair>, partitions: number) => RDD<Pair>
  readonly model: (pairs: Pair[], other: Pair[]) => Pair[]
}

function grouped(pairs: readonly Pair[]): Map<number, number[]> {
  const groups = new Map<number, number[]>()
  for (const [key, value] of pairs) groups.set(key, [...(groups.get(key) ?? []), value])
  return groups
}

const steps: Step[] = [
  {
    name: 'map',
    // Never -0, which -5 % 5 is: composite keys are encoded by msgpack, which turns it into 0.
    run: (rdd) => rdd.map(([k, v]): Pair => [(v % 5) + 0, k]),
    model: (pairs) => pairs.map(([k, v]) => [(v % 5) + 0, k]),
  },
  {
    name: 'filter',
    run: (rdd) => rdd.filter(([k, v]) => (k + v) % 3 !== 0),
    model: (pairs) => pairs.filter(([k, v]) => (k + v) % 3 !== 0),
  },
  {
    name: 'flatMap',
    run: (rdd) =>
      rdd.flatMap(([k, v]): Pair[] =>
        v % 2 === 0
          ? []
          : [
              [k, v],
              [k + 1, 0],
            ],
      ),
    model: (pairs) =>
      pairs.flatMap(([k, v]): Pair[] =>
        v % 2 === 0
          ? []
          : [
              [k, v],
              [k + 1, 0],
            ],
      ),
  },
  {
    name: 'mapPartitions',
    run: (rdd) =>
      rdd.mapPartitions(function* (pairs) {
        for (const [k, v] of pairs) yield [k, v + 1] as Pair
      }),
    model: (pairs) => pairs.map(([k, v]) => [k, v + 1]),
  },
  {
    name: 'reduceByKey',
    run: (rdd, _, n) => rdd.reduceByKey((a, b) => a + b, n),
    model: (pairs) => [...grouped(pairs)].map(([k, vs]) => [k, vs.reduce((a, b) => a + b)]),
  },
  {
    name: 'groupByKey',
    run: (rdd, _, n) => rdd.groupByKey(n).mapValues((vs) => Math.max(...vs) * 100 + vs.length),
    model: (pairs) => [...grouped(pairs)].map(([k, vs]) => [k, Math.max(...vs) * 100 + vs.length]),
  },
  {
    name: 'distinct',
    run: (rdd, _, n) => rdd.distinct(n),
    model: (pairs) => [...new Map(pairs.map((pair) => [String(pair), pair])).values()],
  },
  { name: 'union', run: (rdd, other) => rdd.union(other), model: (pairs, other) => [...pairs, ...other] },
  { name: 'repartition', run: (rdd, _, n) => rdd.repartition(n), model: (pairs) => pairs },
  { name: 'partitionBy', run: (rdd, _, n) => rdd.partitionBy(n), model: (pairs) => pairs },
  { name: 'sortBy', run: (rdd, _, n) => rdd.sortBy(([, v]) => v, { partitions: n }), model: (pairs) => pairs },
  { name: 'sortByKey', run: (rdd, _, n) => rdd.sortByKey({ partitions: n }), model: (pairs) => pairs },
  {
    name: 'distinct in place',
    run: (rdd) => rdd.distinct(),
    model: (pairs) => [...new Map(pairs.map((pair) => [pair.join(), pair])).values()],
  },
  {
    name: 'reduceByKey in place',
    run: (rdd) => rdd.reduceByKey((a, b) => a + b),
    model: (pairs) => [...grouped(pairs)].map(([k, values]) => [k, values.reduce((a, b) => a + b)]),
  },
  { name: 'persist', run: (rdd) => rdd.persist(), model: (pairs) => pairs },
  {
    name: 'join',
    run: (rdd, other, n) =>
      rdd
        .reduceByKey((a, b) => a + b)
        .join(other, n)
        .mapValues(([v, w]) => v - w),
    model: (pairs, other) =>
      [...grouped(pairs)].flatMap(([k, vs]) =>
        other.filter(([o]) => o === k).map(([, w]): Pair => [k, vs.reduce((a, b) => a + b) - w]),
      ),
  },
  {
    name: 'leftOuterJoin',
    run: (rdd, other) =>
      rdd.leftOuterJoin(other.reduceByKey((a, b) => a + b)).mapValues(([v, w]) => (w === undefined ? v : v + w)),
    model: (pairs, other) => {
      const sums = grouped(other)
      return pairs.map(([k, v]) => [k, v + (sums.get(k) ?? []).reduce((a, b) => a + b, 0)])
    },
  },
]

const pair = fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 50 }))
const data = fc.array(pair, { maxLength: 30 })
const partitions = fc.integer({ min: 1, max: 9 })
const pipeline = fc.record({
  left: data,
  right: data,
  partitions: fc.tuple(partitions, partitions),
  steps: fc.array(fc.record({ step: fc.constantFrom(...steps), partitions }), { minLength: 1, maxLength: 6 }),
})

/** The same pipeline in two contexts returns the same list, however the loops are compiled. */
describe('random pipelines', () => {
  const compiled = new Context({ threads: 2, spare: false })
  const composed = new Context({ threads: 2, spare: false, codegen: false })
  afterAll(async () => {
    await compiled.stop()
    await composed.stop()
  })
  const build = (ctx: Context, given: typeof pipeline extends fc.Arbitrary<infer G> ? G : never): RDD<Pair> => {
    const other = ctx.parallelize<Pair>(given.right, given.partitions[1])
    const rdd = ctx.parallelize<Pair>(given.left, given.partitions[0])
    return given.steps.reduce((made, { step, partitions }) => step.run(made, other, partitions), rdd)
  }
  const show = (given: typeof pipeline extends fc.Arbitrary<infer G> ? G : never) =>
    given.steps.map(({ step }) => step.name).join(' | ')

  test('equal a model in plain arrays, compiled or not', async () => {
    await fc.assert(
      fc.asyncProperty(pipeline, async (given) => {
        const expected = given.steps.reduce((pairs, { step }) => step.model(pairs, given.right), given.left as Pair[])
        const actual = await build(compiled, given).collect()
        expectBag(actual, expected)
        expect(await build(composed, given).collect(), show(given)).toStrictEqual(actual)
      }),
      { numRuns: 150 },
    )
  })

  test('give the same list when they are computed again', async () => {
    await fc.assert(
      fc.asyncProperty(pipeline, async (given) => {
        const rdd = build(compiled, given)
        expect(await rdd.collect()).toStrictEqual(await rdd.collect())
        expect(await build(compiled, given).collect()).toStrictEqual(await rdd.collect())
      }),
      { numRuns: 50 },
    )
  })

  test('sort as a sort of the whole does', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.integer(), fc.double(), fc.constantFrom(Number.NaN, -0, Infinity))),
        partitions,
        partitions,
        fc.boolean(),
        async (numbers, from, to, ascending) => {
          const sorted = await compiled
            .parallelize(numbers, from)
            .sortBy((x) => x, { partitions: to, ascending })
            .collect()
          expectBag(sorted, numbers)
          const ordered = ascending ? sorted : sorted.reverse()
          for (let i = 1; i < ordered.length; i++)
            expect(ordered[i - 1]! <= ordered[i]! || Number.isNaN(ordered[i])).toBe(true)
        },
      ),
      { numRuns: 100 },
    )
  })

  test('keep values of any kind', async () => {
    const value = fc
      .anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, maxDepth: 2 })
      .filter((given) => isKept(given))
    await fc.assert(
      fc.asyncProperty(fc.array(value, { maxLength: 10 }), partitions, async (values, n) => {
        expect(
          await compiled
            .parallelize(values, n)
            .map((x) => x)
            .repartition(1)
            .count(),
        ).toBe(values.length)
        expect(
          await compiled
            .parallelize(values, n)
            .map((x) => x)
            .collect(),
        ).toEqual(values)
      }),
      { numRuns: 100 },
    )
  })
})

/** The codec names what it does not keep exactly (see encodeRecords): -0 and lone surrogates inside records, a key `__proto__`. */
function isKept(given: unknown): boolean {
  if (typeof given === 'string') return given.isWellFormed()
  if (typeof given === 'number') return !Object.is(given, -0)
  if (typeof given !== 'object' || given === null || given instanceof Date) return true
  if (given instanceof Map || given instanceof Set) return [...given].flat().every(isKept)
  if (Object.getPrototypeOf(given) === null) return false
  return Object.entries(given).every(
    ([key, value]) => key !== '__proto__' && key !== 'toJSON' && key.isWellFormed() && isKept(value),
  )
}
