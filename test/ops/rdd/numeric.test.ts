import { ArgumentError, StateError } from 'millrace'
import { describe, expect, test } from 'vitest'
import { eachThreads } from '../../support/contexts.js'
import { array, assert, asyncProperty, double, integer } from '../../support/fast-check.js'
import { table } from '../../support/table.js'

const { NaN: nan, POSITIVE_INFINITY: inf } = Number

describe('numbers', () => {
  table([
    { name: 'sum', run: (ctx) => ctx.parallelize([1, 2, 3.5], 2).sum(), expected: 6.5 },
    {
      name: 'sum, mean and stats of nothing',
      run: async (ctx) => [
        await ctx.emptyRDD<number>().sum(),
        await ctx.parallelize<number>([], 3).mean(),
        await ctx.emptyRDD<number>().stats(),
      ],
      expected: [
        0,
        0,
        {
          count: 0,
          sum: 0,
          mean: 0,
          variance: nan,
          stdev: nan,
          sampleVariance: nan,
          sampleStdev: nan,
          min: inf,
          max: -inf,
        },
      ],
    },
    {
      name: 'stats',
      run: (ctx) => ctx.parallelize([2, 4, 4, 4, 5, 5, 7, 9], 1).stats(),
      expected: {
        count: 8,
        sum: 40,
        mean: 5,
        variance: 4,
        stdev: 2,
        sampleVariance: 32 / 7,
        sampleStdev: Math.sqrt(32 / 7),
        min: 2,
        max: 9,
      },
    },
    {
      name: 'stats of one number',
      run: (ctx) => ctx.parallelize([3], 4).stats(),
      expected: {
        count: 1,
        sum: 3,
        mean: 3,
        variance: 0,
        stdev: 0,
        sampleVariance: nan,
        sampleStdev: nan,
        min: 3,
        max: 3,
      },
    },
    {
      name: 'mean over partitions that are mostly empty',
      run: (ctx) =>
        ctx
          .parallelize([-1, -1, -1, -1, 2, 4, -1, -1], 8)
          .filter((x) => x >= 0)
          .mean(),
      expected: 3,
    },
    {
      name: 'each by itself',
      run: async (ctx) => {
        const rdd = ctx.parallelize([1, 3], 2)
        return [
          await rdd.mean(),
          await rdd.variance(),
          await rdd.stdev(),
          await rdd.sampleVariance(),
          await rdd.sampleStdev(),
        ]
      },
      expected: [2, 1, 1, 2, Math.SQRT2],
    },
    {
      name: 'histogram by edges',
      run: (ctx) => ctx.parallelize([1, 5, 9, 10, 11, -1], 3).histogram([0, 5, 10]),
      expected: [1, 3],
    },
    {
      name: 'histogram, all out of range',
      run: (ctx) => ctx.parallelize([10.01, -0.01]).histogram([0, 10]),
      expected: [0],
    },
    {
      name: 'histogram does not count NaN',
      run: (ctx) => ctx.parallelize([1, 2, 3, 5, 6, nan], 2).histogram([0, 5, 10]),
      expected: [3, 2],
    },
    {
      name: 'histogram does not count NaN below an edge of Infinity',
      run: (ctx) => ctx.parallelize([1, inf, nan, -inf]).histogram([0, 2, inf]),
      expected: [1, 1],
    },
    {
      name: 'histogram up to NaN',
      run: (ctx) =>
        ctx
          .parallelize([-0.01, 0, 1, 2, 3, 5, 6, 11.01, 12, 199, 200, 200.1, inf, -inf, nan], 4)
          .histogram([0, 5, 11, 12, 200, nan]),
      expected: [4, 2, 1, 2, 4],
    },
    { name: 'histogram of nothing', run: (ctx) => ctx.emptyRDD<number>().histogram([0, 1, 2]), expected: [0, 0] },
    {
      name: 'even histogram',
      run: (ctx) => ctx.range(0, 10, 1, 3).histogram(3),
      expected: { buckets: [0, 3, 6, 9], counts: [3, 3, 4] },
    },
    {
      name: 'even histogram of one number',
      run: (ctx) => ctx.parallelize([1, 1], 2).histogram(4),
      expected: { buckets: [1, 1], counts: [2] },
    },
    {
      name: 'even histogram with edges that are not exact',
      run: async (ctx) => (await ctx.range(6, 100).histogram(9)).counts,
      expected: [11, 10, 11, 10, 10, 11, 10, 10, 11],
    },
  ])

  eachThreads((ctx) => {
    test('stats by their definition', async () => {
      const numbers = array(double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 50 })
      await assert(
        asyncProperty(numbers, integer({ min: 1, max: 7 }), async (list, partitions) => {
          const stats = await ctx.parallelize(list, partitions).stats()
          const sum = list.reduce((a, b) => a + b, 0)
          const mean = sum / list.length
          const squares = list.reduce((total, x) => total + (x - mean) ** 2, 0)
          expect(stats.count).toBe(list.length)
          expect([stats.min, stats.max]).toEqual([Math.min(...list), Math.max(...list)])
          expect(stats.sum).toBeCloseTo(sum, 4)
          expect(stats.mean).toBeCloseTo(mean, 5)
          expect(Math.abs(stats.variance - squares / list.length)).toBeLessThanOrEqual(1e-9 * (1 + squares))
          expect(Math.abs(stats.sampleVariance - squares / (list.length - 1))).toBeLessThanOrEqual(1e-9 * (1 + squares))
        }),
        { numRuns: 25 },
      )
    })

    test('the variance of large numbers with small differences', async () => {
      const { variance } = await ctx
        .range(0, 1000, 1, 4)
        .map((x) => 1e9 + (x % 2))
        .stats()
      expect(variance).toBeCloseTo(0.25, 9)
    })

    test('what is refused', async () => {
      const rdd = ctx.parallelize([1, 2])
      for (const edges of [[], [1], [2, 1], [1, 1], [0, nan, 1]])
        await expect(rdd.histogram(edges)).rejects.toThrow(ArgumentError)
      for (const n of [0, -1, 1.5]) await expect(rdd.histogram(n)).rejects.toThrow(ArgumentError)
      for (const list of [[], [1, nan], [1, inf], [-inf, 2]])
        await expect(ctx.parallelize(list).histogram(2)).rejects.toThrow(StateError)
    })
  })
})
