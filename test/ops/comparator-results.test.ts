import { Context } from 'millrace'
import { afterAll, describe, expect, test } from 'vitest'
import { manual, run } from '../engine/support.js'

// biome-ignore lint/suspicious/noExplicitAny: calls that the types forbid are what is tested
type Untyped = any

const quiet = { debug() {}, info() {}, warn() {}, error() {} }
const ctx = new Context({ threads: 2, spare: false, maxFailures: 1, logger: quiet })
afterAll(() => ctx.stop())
const numbers: Untyped = ctx.parallelize([3, 1, 2, 5, 4, 9, 7, 8], 2)
const pairs: Untyped = numbers.map((x: number) => [x, x])
const plain = (x: Untyped) => x

/** Every operation that takes a comparator. */
const OPERATIONS: Record<string, (compare: Untyped) => Promise<unknown>> = {
  sortBy: (compare) => numbers.sortBy(plain, { compare }).collect(),
  'sortBy, descending, of one partition': (compare) =>
    numbers.coalesce(1).sortBy(plain, { compare, ascending: false, partitions: 1 }).collect(),
  sortByKey: (compare) => pairs.sortByKey({ compare }).collect(),
  repartitionAndSortWithinPartitions: (compare) => pairs.repartitionAndSortWithinPartitions(2, { compare }).collect(),
  filterByRange: (compare) => pairs.filterByRange(2, 4, compare).collect(),
  top: (compare) => numbers.top(2, compare),
  takeOrdered: (compare) => numbers.takeOrdered(2, compare),
  max: (compare) => numbers.max(compare),
  min: (compare) => numbers.min(compare),
}

/** Results of a comparator, and how the error describes each. */
const RESULTS: Record<string, [(a: Untyped, b: Untyped) => unknown, string]> = {
  'a boolean': [(a, b) => a > b, '(true|false)'],
  'a text': [(a, b) => `${a - b}`, '"-?\\d"'],
  NaN: [(a, b) => a.x - b.x, 'NaN'],
  undefined: [() => undefined, 'undefined'],
  null: [() => null, 'null'],
  'a bigint': [(a, b) => BigInt(a) - BigInt(b), '-?\\dn'],
}

describe.each(Object.entries(OPERATIONS))('%s', (name, run) => {
  const [operation] = name.split(',')
  test.each(Object.entries(RESULTS))('refuses a comparator that returns %s', async (_kind, [compare, described]) => {
    const says = new RegExp(`The comparator( of ${operation})? returned ${described}; it must return a number`)
    const refused = run(compare)
    await expect(refused).rejects.toThrow(says)
    await expect(refused).rejects.toThrow(new RegExp(`\\b${operation}\\b`))
  })
  test('takes a comparator that returns numbers, infinite ones too', async () => {
    const infinite = (a: number, b: number) => (a < b ? -Infinity : a > b ? Infinity : -0)
    expect(await run(infinite)).toEqual(await run((a: number, b: number) => a - b))
  })
})

test.each(['top', 'takeOrdered'] as const)('%s of a stream refuses it', async (name) => {
  const { ssc } = manual({ threads: 1, spare: false, maxFailures: 1, logger: quiet })
  const compare: Untyped = (a: number, b: number) => a > b
  ssc
    .queueStream([[3, 1, 2]])
    [name](2, compare)
    .output('out')
  const ended = ssc.awaitTermination()
  ended.catch(() => undefined)
  await ssc.start()
  await run(ssc, 1).catch(() => undefined)
  await expect(ended).rejects.toThrow('The comparator returned')
})

test('two equal infinities are equal, although their difference is NaN', async () => {
  const ctx = new Context({ threads: 1 })
  const numbers = ctx.parallelize([Infinity, 1, Infinity, -Infinity, -Infinity], 2)
  expect(await numbers.takeOrdered(5, (a, b) => a - b)).toEqual([-Infinity, -Infinity, 1, Infinity, Infinity])
  await ctx.stop()
})
