import { ArgumentError, StateError } from 'millrace'
import { describe, expect, test } from 'vitest'
import { eachThreads } from '../../support/contexts.js'
import { array, assert, asyncProperty, double, integer, tuple } from '../../support/fast-check.js'
import { table } from '../../support/table.js'

describe('extremes', () => {
  table([
    {
      name: 'max and min',
      run: async (ctx) => [await ctx.parallelize([3, 10, 9], 2).max(), await ctx.parallelize([3, 10, 9], 5).min()],
      expected: [10, 3],
    },
    {
      name: 'of texts, dates and arrays',
      run: async (ctx) => [
        await ctx.parallelize(['b', 'a']).max(),
        await ctx.parallelize([new Date(5), new Date(3)]).min(),
        await ctx
          .parallelize([
            [1, 2],
            [1, 1],
          ])
          .min(),
      ],
      expected: ['b', new Date(3), [1, 1]],
    },
    {
      name: 'NaN is greater than numbers',
      run: async (ctx) => [
        await ctx.parallelize([1, Number.NaN, 2], 3).max(),
        await ctx.parallelize([1, Number.NaN, 2], 3).min(),
      ],
      expected: [Number.NaN, 1],
    },
    {
      name: 'the first of equal ones',
      run: async (ctx) => [
        await ctx.parallelize(['aa', 'bb', 'c'], 3).max((a, b) => a.length - b.length),
        await ctx.parallelize(['aa', 'b', 'c'], 3).min((a, b) => a.length - b.length),
      ],
      expected: ['aa', 'b'],
    },
    { name: 'top', run: (ctx) => ctx.parallelize([1, 2, 3, 4], 2).top(2), expected: [4, 3] },
    {
      name: 'top by another order',
      run: (ctx) => ctx.parallelize([...'abcd'], 2).top(2, (x, y) => (x < y ? 1 : x > y ? -1 : 0)),
      expected: ['a', 'b'],
    },
    { name: 'takeOrdered', run: (ctx) => ctx.parallelize([5, 1, 4, 1], 3).takeOrdered(3), expected: [1, 1, 4] },
    { name: 'more than there are', run: (ctx) => ctx.parallelize([2, 1], 3).takeOrdered(9), expected: [1, 2] },
    { name: 'none', run: async (ctx) => [await ctx.range(9).top(0), await ctx.emptyRDD().top(3)], expected: [[], []] },
    {
      name: 'records that are arrays stay arrays',
      run: (ctx) => ctx.parallelize([[2], [1, 1]], 2).takeOrdered(2),
      expected: [[1, 1], [2]],
    },
  ])

  eachThreads((ctx) => {
    test('as sorting would find them', async () => {
      const numbers = array(double(), { maxLength: 60 })
      await assert(
        asyncProperty(
          numbers,
          integer({ min: 0, max: 12 }),
          integer({ min: 1, max: 6 }),
          async (list, n, partitions) => {
            const order = (a: number, b: number) =>
              (Number.isNaN(a) ? 1 : 0) - (Number.isNaN(b) ? 1 : 0) || (a < b ? -1 : a > b ? 1 : 0)
            const rdd = ctx.parallelize(list, partitions)
            expect(await rdd.takeOrdered(n)).toEqual(list.toSorted(order).slice(0, n))
            expect(await rdd.top(n)).toEqual(list.toSorted((a, b) => order(b, a)).slice(0, n))
          },
        ),
        { numRuns: 25 },
      )
    })

    test('of many records only a few are held', async () => {
      expect(
        await ctx
          .range(0, 100_000, 1, 3)
          .map((x) => (x * 7919) % 100_003)
          .takeOrdered(5),
      ).toEqual([0, 1, 2, 3, 4])
    })

    test('of equal ones the first, also among many records', async () => {
      const pairs = array(tuple(integer({ min: 0, max: 9 }), integer()), { minLength: 600, maxLength: 1500 })
      await assert(
        asyncProperty(pairs, integer({ min: 1, max: 40 }), async (list, n) => {
          const first = (a: [number, number], b: [number, number]) => a[0] - b[0]
          const rdd = ctx.parallelize(list, 1)
          expect(await rdd.takeOrdered(n, first)).toEqual(list.toSorted(first).slice(0, n))
          expect(await rdd.top(n, first)).toEqual(list.toSorted((a, b) => b[0] - a[0]).slice(0, n))
        }),
        { numRuns: 25 },
      )
    })

    test('what is refused', async () => {
      for (const rdd of [ctx.emptyRDD<number>(), ctx.parallelize<number>([], 3)]) {
        await expect(rdd.max()).rejects.toThrow(StateError)
        await expect(rdd.min()).rejects.toThrow(StateError)
      }
      for (const n of [-1, 0.5, Number.NaN]) {
        await expect(ctx.range(3).top(n)).rejects.toThrow(ArgumentError)
        await expect(ctx.range(3).takeOrdered(n)).rejects.toThrow(ArgumentError)
      }
    })
  })
})
