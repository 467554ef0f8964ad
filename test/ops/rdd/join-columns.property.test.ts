import { Context, type RDD } from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canonical } from '#build/values/keys.js'
import { expectBag } from '../../support/compare.js'
import fc from '../../support/fast-check.js'

type Pair = [unknown, unknown]
type Joined = [unknown, [unknown, unknown]]
type Join = 'join' | 'leftOuterJoin' | 'rightOuterJoin' | 'fullOuterJoin'

let ctx: Context
beforeAll(() => {
  ctx = new Context({ threads: 2 })
})
afterAll(() => ctx.stop())

/** Equal for equal keys. */
const nameOf = (key: unknown) =>
  typeof key === 'object' && key !== null ? canonical(key) : `${typeof key} ${Object.is(key, -0) ? 0 : String(key)}`

/** The records of a join in one partition, in their order. */
function naive(left: readonly Pair[], right: readonly Pair[], join: Join): Joined[] {
  const joined: Joined[] = []
  for (const [key, mine] of left) {
    const partners = right.filter(([other]) => nameOf(other) === nameOf(key))
    for (const [, theirs] of partners) joined.push([key, [mine, theirs]])
    if (partners.length === 0 && (join === 'leftOuterJoin' || join === 'fullOuterJoin'))
      joined.push([key, [mine, undefined]])
  }
  if (join === 'join' || join === 'leftOuterJoin') return joined
  const met = new Set(left.map(([key]) => nameOf(key)))
  const alone = right.filter(([key]) => !met.has(nameOf(key)))
  const groups = [...new Map(alone.map(([key]) => [nameOf(key), alone.find(([k]) => nameOf(k) === nameOf(key))![0]]))]
  const isObject = (key: unknown) => typeof key === 'object' && key !== null
  for (const objects of [false, true]) {
    for (const [name, key] of groups.filter(([, key]) => isObject(key) === objects))
      for (const [other, theirs] of alone) if (nameOf(other) === name) joined.push([key, [undefined, theirs]])
  }
  return joined
}

/** Merges values by the right side's value, in order. */
function folded(
  joined: readonly Joined[],
  value: (both: Joined[1]) => unknown,
  merge: (a: unknown, b: unknown) => unknown,
) {
  const merged = new Map<unknown, unknown>()
  for (const [, both] of joined) {
    const [, key] = both
    merged.set(key, merged.has(key) ? merge(merged.get(key), value(both)) : value(both))
  }
  return [...merged]
}

const KEYS = {
  'short texts': fc.constantFrom('', 'a', 'b', 'ab', 'é', 'elevenunits', '\0'),
  'texts of all lengths and widths': fc.constantFrom('a', 'Ā', '😀', '\ud800', 'x'.repeat(12), 'x'.repeat(300)),
  'whole numbers': fc.constantFrom(0, 1, -1, 2 ** 31 - 1, -(2 ** 31)),
  numbers: fc.constantFrom(0, -0, 0.5, Number.NaN, 2 ** 31, Number.POSITIVE_INFINITY),
  'values of all kinds': fc.oneof(
    fc.constantFrom<unknown>(0, 1, '0', '1', true, null, undefined, 1n, 'null'),
    fc.constantFrom(1, 2).map((a) => ({ a })),
    fc.constantFrom(1, 2).map((a) => [a, 'x']),
  ),
}
const VALUES = fc.oneof(
  fc.integer({ min: -2, max: 2 }),
  fc.constantFrom<unknown>('text', undefined, null, 0.5, -0, true),
)

const ways: Record<string, (rdd: RDD<Pair>, partitions: number) => RDD<Pair>> = {
  'as they are': (rdd) => rdd,
  persisted: (rdd) => rdd.persist(),
  'persisted by key': (rdd, partitions) => rdd.partitionBy(partitions).persist(),
}

describe.each(Object.entries(KEYS))('a join by %s', (_name, key) => {
  const side = fc.array(fc.tuple(key, VALUES), { maxLength: 40 })
  test.each(['join', 'leftOuterJoin', 'rightOuterJoin', 'fullOuterJoin'] as const)(
    '%s is as the model',
    async (join) => {
      await fc.assert(
        fc.asyncProperty(
          side,
          side,
          fc.constantFrom(...Object.values(ways)),
          fc.constantFrom(1, 1, 3),
          async (left, right, way, partitions) => {
            const mine = ctx.parallelize<Pair>(left, 2)
            const theirs = way(ctx.parallelize<Pair>(right, 2), partitions)
            // The second time, persisted pairs come from blocks.
            if (way !== ways['as they are']) await theirs.count()
            const joined = mine[join](theirs, partitions) as RDD<Joined>
            const expected = naive(left, right, join)
            const same = (found: unknown[], wanted: unknown[]) =>
              partitions === 1 ? expect(found).toEqual(wanted) : expectBag(found, wanted)
            same(await joined.collect(), expected)
            same(
              await joined.map(([key, [a, b]]) => [b, key, a]).collect(),
              expected.map(([key, [a, b]]) => [b, key, a]),
            )
            same(
              await joined
                .filter((record) => record[1][0] !== 'text')
                .mapValues((both) => both)
                .flatMap((record) => [record, record])
                .collect(),
              expected.filter((record) => record[1][0] !== 'text').flatMap((record) => [record, record]),
            )
            // By a value of the right side, as a sum by region of the user is.
            const counts = joined.map(([, [, b]]) => [b, 1] as [unknown, number]).reduceByKey((x, y) => x + y)
            expectBag(
              await counts.collect(),
              folded(
                expected,
                () => 1,
                (x, y) => Number(x) + Number(y),
              ),
            )
            const texts = joined.map(([, [a, b]]) => [b, a] as Pair).reduceByKey((x, y) => `${x};${y}`, 1)
            if (partitions === 1)
              same(
                await texts.collect(),
                folded(
                  expected,
                  ([a]) => a,
                  (x, y) => `${x};${y}`,
                ),
              )
            if (join === 'join') {
              const names = new Set(right.map(([name]) => nameOf(name)))
              const rest = left.filter(([name]) => !names.has(nameOf(name)))
              same(await mine.subtractByKey(theirs, partitions).collect(), rest)
              same(
                await mine.keys().subtract(theirs.keys(), partitions).collect(),
                rest.map(([name]) => name),
              )
            }
            theirs.unpersist()
          },
        ),
        { numRuns: 25 },
      )
    },
  )
})

test('a key with many values on both sides, and joins of joins', async () => {
  const pairs = (n: number) => Array.from({ length: n }, (_, i): [string, number] => ['k', i])
  const left = ctx.parallelize(pairs(300), 2)
  const right = ctx.parallelize(pairs(200), 2)
  const product = pairs(300).flatMap(([k, a]) => pairs(200).map(([, b]) => [k, [a, b]]))
  expect(await left.join(right, 1).collect()).toEqual(product)
  const again = left.join(right, 1).join(ctx.parallelize(pairs(2)), 1)
  expect(await again.map(([, [[a, b], c]]) => a * 1000 + b + c).sum()).toBe(
    product.reduce((sum, [, [a, b]]) => sum + 2 * (Number(a) * 1000 + Number(b)) + 1, 0),
  )
})

test('an error names the joined record at which a function failed', async () => {
  const left = ctx.parallelize(Array.from({ length: 1000 }, (_, i): [number, string] => [i, `left ${i}`]))
  const right = ctx.parallelize(Array.from({ length: 1000 }, (_, i): [number, string] => [i, `right ${i}`]))
  const failing = left.join(right, 1).map(([key, [mine, theirs]]) => {
    if (key === 777) throw new Error(`no ${mine}, ${theirs}`)
    return key
  })
  await expect(failing.count()).rejects.toThrow(/no left 777, right 777/)
  const error = await failing.count().catch((caught: unknown) => caught)
  expect(String((error as Error).message)).toContain('777')

  const byPartner = left
    .join(
      right.mapValues(() => 'one'),
      1,
    )
    .map(([, [mine, theirs]]) => [theirs, mine] as [string, string])
  const summed = byPartner.reduceByKey((a, b) => {
    if (b === 'left 888') throw new Error('no sum')
    return a
  })
  await expect(summed.collect()).rejects.toThrow(/no sum.*left 888/s)
})

describe('a dataset that is joined again and again', () => {
  /** The first job persists the dataset, and the third one of a thread keeps the index. */
  const JOBS = [1, 2, 3, 4, 5, 6]
  let one: Context
  beforeAll(() => {
    one = new Context({ threads: 1 })
  })
  afterAll(() => one.stop())

  test('has the same index, and objects of its own for each job', async () => {
    const left = one.parallelize(Array.from({ length: 40 }, (_, i): [string, number] => [`k${i % 20}`, i]))
    const users = one
      .parallelize(Array.from({ length: 10 }, (_, i): [string, { seen: number }] => [`k${i}`, { seen: 0 }]))
      .partitionBy(2)
      .persist()
    for (const _ of JOBS) {
      const seen = left.join(users, 2).map(([key, [, user]]) => {
        user.seen++
        return `${key} ${user.seen}`
      })
      expect((await seen.collect()).sort()).toEqual(Array.from({ length: 10 }, (_, i) => [`k${i} 1`, `k${i} 2`]).flat())
    }
    users.unpersist()
  })

  test('meets other keys in each job', async () => {
    const KNOWN = [0, 1, 2, 3, 4, 5, 6, 7]
    const users = one
      .parallelize(KNOWN.map((i): [string, string] => [`k${i}`, `r${i % 2}`]))
      .partitionBy(1)
      .persist()
    for (const n of JOBS) {
      const left = one.parallelize<[string, number]>([
        [`k${n}`, n],
        ['none', 0],
      ])
      const joined = left.fullOuterJoin(users, 1)
      expectBag(await joined.collect(), [
        [`k${n}`, [n, `r${n % 2}`]],
        ['none', [0, undefined]],
        ...KNOWN.filter((i) => i !== n).map((i) => [`k${i}`, [undefined, `r${i % 2}`]]),
      ])
    }
    users.unpersist()
  })

  const NUMBER = fc.oneof(
    fc.constantFrom(0, -0, 0.1, 0.2, 1e16, -1e16, Number.NaN, Number.POSITIVE_INFINITY),
    fc.integer({ min: -9, max: 9 }),
  )
  test.each(['join', 'leftOuterJoin', 'fullOuterJoin'] as const)(
    'sums numbers by its values in their order: %s',
    async (join) => {
      const keys = KEYS['short texts']
      await fc.assert(
        fc.asyncProperty(
          fc.array(
            fc.tuple(keys, fc.oneof({ weight: 60, arbitrary: NUMBER }, { weight: 1, arbitrary: fc.constant('text') })),
          ),
          fc.array(fc.tuple(keys, fc.constantFrom<unknown>('r', 's', 0, -0, Number.NaN, undefined, null))),
          async (left, right) => {
            const users = one.parallelize<Pair>(right, 2).partitionBy(1).persist()
            const mine = one.parallelize<Pair>(left, 4)
            const expected = folded(
              naive(left, right, join),
              ([a]) => a,
              (x, y) => (x as number) + (y as number),
            )
            for (const _ of JOBS.slice(0, 4)) {
              // A job of the same dataset would read its map outputs.
              const joined = mine[join](users, 1) as RDD<Joined>
              const sums = joined.map(([, [a, b]]) => [b, a] as [unknown, number]).reduceByKey((x, y) => x + y, 1)
              expect(await sums.collect()).toEqual(expected.map(([key, sum]) => [key === 0 ? 0 : key, sum]))
            }
            users.unpersist()
          },
        ),
        { numRuns: 25, examples: [[[['a', -0]], [['a', 'r']]]] },
      )
    },
  )
})

test('persisted records that are no pairs are refused by a shuffle like others', async () => {
  const records = (persist: boolean) => {
    const rdd = ctx.parallelize<unknown>([['a', 1], 'no pair'], 1) as RDD<Pair>
    return persist ? rdd.persist() : rdd
  }
  const failed = async (rdd: RDD<Pair>) => {
    await rdd.count()
    return String(
      await rdd
        .groupByKey()
        .collect()
        .catch((error: Error) => error.message),
    )
  }
  const expected = await failed(records(false))
  expect(expected).toContain('no pair')
  expect((await failed(records(true))).replace(/parallelize.*/s, '')).toBe(expected.replace(/parallelize.*/s, ''))
})
