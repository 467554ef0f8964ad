import { Context, TaskFailedError } from 'millrace'
import { afterAll, describe, expect, test } from 'vitest'
import { naturalOrder } from '#build/ops/rdd/natural-order.js'
import { canonical } from '#build/values/keys.js'
import fc from '../../support/fast-check.js'

const ctx = new Context({ threads: 2, spare: false, logger: { debug() {}, info() {}, warn() {}, error() {} } })
afterAll(() => ctx.stop())

/** One of each kind that has an order, in ascending order. */
const ASCENDING: unknown[] = [
  Number.NEGATIVE_INFINITY,
  -2n,
  false,
  0.5,
  true,
  new Date(2),
  2n ** 70n,
  Number.POSITIVE_INFINITY,
  '',
  '10',
  '9',
  'a',
  [],
  [1],
  [1, 'a'],
  [2],
  ['1'],
  [[1]],
  Uint8Array.of(1),
  Buffer.from([1, 2]),
  Int16Array.of(300),
  Number.NaN,
  null,
  undefined,
]

const leaf = fc.oneof(
  fc.constantFrom(...ASCENDING),
  fc.double(),
  fc.bigInt(),
  fc.boolean(),
  fc.string(),
  fc.date({ noInvalidDate: false }),
  fc.uint8Array({ maxLength: 3 }),
  fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
)
const value = fc.oneof(
  leaf,
  fc.array(leaf, { maxLength: 3 }),
  fc.array(fc.array(leaf, { maxLength: 2 }), { maxLength: 2 }),
)

describe('the natural order', () => {
  test('puts every kind in its place', () => {
    const mixed = ASCENDING.map((value, i) => ({ value, place: (i * 7) % ASCENDING.length }))
    mixed.sort((a, b) => a.place - b.place)
    expect(mixed.map(({ value }) => ({ value })).sort((a, b) => naturalOrder(a.value, b.value))).toEqual(
      ASCENDING.map((value) => ({ value })),
    )
  })

  test('is total: values of different kinds do not sort in circles, and equal keys are equal', () => {
    fc.assert(
      fc.property(value, value, value, (a, b, c) => {
        const sign = (x: unknown, y: unknown) => Math.sign(naturalOrder(x, y))
        expect(sign(a, b) + sign(b, a)).toBe(0)
        if (sign(a, b) <= 0 && sign(b, c) <= 0) expect(sign(a, c)).toBeLessThanOrEqual(0)
        if (canonical(a) === canonical(b)) expect(sign(a, b)).toBe(0)
      }),
      { numRuns: 3000 },
    )
  })
})

test('sorting and extremes of mixed kinds do not depend on partitions', async () => {
  const values = [2, 'a', 1, '10', 9, null, 'b', 3, undefined, Number.NaN, '2', [1], 10]
  const sorted = [1, 2, 3, 9, 10, '10', '2', 'a', 'b', [1], Number.NaN, null, undefined]
  for (const partitions of [1, 2, 5]) {
    const rdd = ctx.parallelize([...values].reverse(), partitions)
    expect(await rdd.sortBy((x) => x).collect()).toEqual(sorted)
    expect(await rdd.sortBy((x) => x, false).collect()).toEqual([...sorted].reverse())
    expect(await rdd.top(3)).toEqual([undefined, null, Number.NaN])
    expect(await rdd.takeOrdered(7)).toEqual(sorted.slice(0, 7))
  }
})

test('undefined is compared like any other value, also by a comparator of your own', async () => {
  const undefinedFirst = (a: number | undefined, b: number | undefined) => (a ?? -1) - (b ?? -1)
  for (const partitions of [1, 3]) {
    const rdd = ctx.parallelize([5, undefined, 3, undefined], partitions)
    expect(await rdd.max()).toBe(undefined)
    expect(await rdd.min()).toBe(3)
    expect(await rdd.takeOrdered(3, undefinedFirst)).toEqual([undefined, undefined, 3])
    expect(await rdd.top(3, undefinedFirst)).toEqual([5, 3, undefined])
  }
})

test('keys of bytes that are equal meet after sortByKey, as Buffer or Uint8Array', async () => {
  const keys = [Buffer.from([1, 2]), Uint8Array.of(1, 2), Buffer.from([200]), Uint8Array.of(200)]
  const pairs = ctx.parallelize(
    keys.map((key): [Uint8Array, number] => [key, 1]),
    2,
  )
  const counts = await pairs
    .sortByKey({ partitions: 3 })
    .reduceByKey((a, b) => a + b)
    .values()
    .collect()
  expect(counts).toEqual([2, 2])
})

test.each([
  ['an object', [{ a: 2 }, { a: 1 }]],
  ['a Map', [new Map(), new Map()]],
  [
    'an object',
    [
      [1, {}],
      [1, {}],
    ],
  ],
  ['a Set', [1, new Set()]],
])('%s has no order: the error says what to do', async (what, values) => {
  const rdd = ctx.parallelize<unknown>(values, 1)
  const refusal = new RegExp(`${what} has no natural order.*compare`)
  for (const job of [() => rdd.sortBy((x) => x).collect(), () => rdd.max(), () => rdd.takeOrdered(1)]) {
    await expect(job()).rejects.toThrow(TaskFailedError)
    await expect(job()).rejects.toThrow(refusal)
  }
})
