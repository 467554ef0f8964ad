import { ArgumentError } from 'millrace'
import { describe, expect, test } from 'vitest'
import { expectBag } from '../../support/compare.js'
import { eachThreads } from '../../support/contexts.js'
import { array, assert, asyncProperty, double, integer } from '../../support/fast-check.js'

/** How far a count of `n` draws of probability `p` may be from the expected one: six standard deviations. */
const slack = (n: number, p: number) => 6 * Math.sqrt(n * p * (1 - p)) + 1

describe('samples', () => {
  eachThreads((ctx) => {
    test.each([
      [false, 0],
      [false, 0.1],
      [false, 0.5],
      [false, 1],
      [true, 0],
      [true, 0.3],
      [true, 1],
      [true, 40],
    ] as const)('sample(%s, %s): about so many', async (withReplacement, fraction) => {
      const sample = await ctx.range(0, 5000, 1, 3).sample(withReplacement, fraction, 7).collect()
      const spread = withReplacement ? 6 * Math.sqrt(5000 * fraction) : slack(5000, fraction)
      expect(Math.abs(sample.length - 5000 * fraction)).toBeLessThanOrEqual(spread)
      expect(sample.every((x) => Number.isInteger(x) && x >= 0 && x < 5000)).toBe(true)
      if (!withReplacement) expect(new Set(sample).size).toBe(sample.length)
      if (fraction === 1 && withReplacement) expect(new Set(sample).size).toBeLessThan(sample.length)
    })

    test('one seed, one sample; another seed, another', async () => {
      const numbers = ctx.range(0, 1000, 1, 4)
      for (const withReplacement of [false, true]) {
        const once = await numbers.sample(withReplacement, 0.5, 1).collect()
        expect(await numbers.sample(withReplacement, 0.5, 1).collect()).toEqual(once)
        expect(await numbers.sample(withReplacement, 0.5, 2).collect()).not.toEqual(once)
        expect(await numbers.coalesce(2).count()).toBe(1000)
        expect(await numbers.sample(withReplacement, 0.5, 1).coalesce(2).collect()).toEqual(once)
      }
      expect(await numbers.sample(false, 0.5).collect()).not.toEqual(await numbers.sample(false, 0.5).collect())
    })

    test('partitions are not sampled alike', async () => {
      const lists = await ctx
        .range(0, 200, 1, 2)
        .map((x) => x % 100)
        .sample(false, 0.5, 3)
        .glom()
        .collect()
      expect(lists[0]).not.toEqual(lists[1])
    })

    test('without a seed, each dataset draws one, and is the same in every action', async () => {
      const sample = ctx.range(0, 1000, 1, 4).sample(false, 0.5)
      const once = await sample.collect()
      expect(await sample.collect()).toEqual(once)
      expect(await sample.map((x) => x).collect()).toEqual(once)
    })

    test('the parts of a split are all of it, once', async () => {
      const sizes = array(double({ min: 0.1, max: 5, noNaN: true }), { minLength: 1, maxLength: 5 })
      await assert(
        asyncProperty(sizes, integer(), integer({ min: 1, max: 4 }), async (weights, seed, partitions) => {
          const parts = ctx.range(0, 300, 1, partitions).randomSplit(weights, seed)
          expect(parts).toHaveLength(weights.length)
          expectBag((await Promise.all(parts.map((part) => part.collect()))).flat(), await ctx.range(300).collect())
        }),
        { numRuns: 15 },
      )
    })

    test('the parts of a split are as large as their weights', async () => {
      const counts = await Promise.all(
        ctx
          .range(1, 601, 1, 2)
          .randomSplit([1, 2, 3], 4)
          .map((part) => part.count()),
      )
      counts.forEach((n, i) => expect(Math.abs(n - 100 * (i + 1))).toBeLessThan(50))
    })

    test('takeSample takes exactly so many', async () => {
      const numbers = ctx.range(1, 1_000_001, 1, 3)
      const drawn = await numbers.takeSample(false, 20, 5)
      expect(new Set(drawn).size).toBe(20)
      expect(drawn.every((x) => x >= 1 && x <= 1_000_000)).toBe(true)
      expect(await numbers.takeSample(false, 20, 5)).toEqual(drawn)
      expect(drawn).not.toEqual(drawn.toSorted((a, b) => a - b))
      const few = ctx.range(0, 30, 1, 7)
      expectBag(await few.takeSample(false, 100, 1), await few.collect())
      expect(await few.takeSample(true, 100, 1)).toHaveLength(100)
      expect(await few.takeSample(false, 0)).toEqual([])
      expect(await ctx.parallelize([], 2).takeSample(false, 20, 1)).toEqual([])
      expect(await ctx.emptyRDD().takeSample(true, 3)).toEqual([])
    })

    test('takeSample draws every element alike', async () => {
      const hits = new Array<number>(10).fill(0)
      for (let seed = 0; seed < 60; seed++)
        for (const x of await ctx.range(0, 10, 1, 3).takeSample(false, 5, seed)) hits[x]!++
      for (const n of hits) expect(Math.abs(n - 30)).toBeLessThanOrEqual(slack(60, 0.5))
    })

    test('sampleByKey by the fraction of each key', async () => {
      const pairs = ctx.range(0, 3000, 1, 3).keyBy((x) => (x % 3 === 0 ? 'all' : x % 3 === 1 ? 'half' : 'none'))
      const counts = await pairs.sampleByKey(false, { all: 1, half: 0.5, none: 0 }, 3).countByKey()
      expect(counts.get('all')).toBe(1000)
      expect(Math.abs(counts.get('half')! - 500)).toBeLessThan(slack(1000, 0.5))
      expect(counts.has('none')).toBe(false)
      const twice = (
        await pairs
          .sampleByKey(
            true,
            new Map([
              ['all', 2],
              ['half', 0],
              ['none', 0],
            ]),
            3,
          )
          .countByKey()
      ).get('all')!
      expect(Math.abs(twice - 2000)).toBeLessThan(6 * Math.sqrt(2000))
    })

    test.each([1, 2, 5])(
      'sampleByKeyExact takes exactly the fraction of each key, in %i partitions',
      async (partitions) => {
        const pairs = ctx.range(1, 1001, 1, partitions).keyBy((x) => (x % 10 < 3 ? 'few' : 'many'))
        const fractions = { few: 0.1, many: 0.1 }
        const drawn = await pairs.sampleByKeyExact(false, fractions, 1).collect()
        const counts = (key: string) => drawn.filter(([k]) => k === key).length
        expect([counts('few'), counts('many'), new Set(drawn.map(([, x]) => x)).size]).toEqual([30, 70, 100])
        const again = await pairs.sampleByKeyExact(true, { few: 2, many: 0.0001 }, 1).countByKey()
        expect(again).toEqual(
          new Map([
            ['few', 600],
            ['many', 1],
          ]),
        )
      },
    )

    test('what is refused', async () => {
      const pairs = ctx.parallelize<[string, number]>([
        ['a', 1],
        ['b', 2],
      ])
      for (const fraction of [-0.1, 1.1, Number.NaN]) {
        expect(() => ctx.range(3).sample(false, fraction)).toThrow(ArgumentError)
        expect(() => pairs.sampleByKey(false, { a: fraction })).toThrow(ArgumentError)
      }
      expect(() => ctx.range(3).sample(true, -1)).toThrow(ArgumentError)
      expect(() => ctx.range(3).sample(true, Number.POSITIVE_INFINITY)).toThrow(ArgumentError)
      for (const weights of [[], [0, 0], [1, -1], [Number.NaN], [Number.POSITIVE_INFINITY]]) {
        expect(() => ctx.range(3).randomSplit(weights)).toThrow(ArgumentError)
      }
      await expect(ctx.range(3).takeSample(false, -1)).rejects.toThrow(ArgumentError)
      await expect(pairs.sampleByKey(false, { a: 1 }).collect()).rejects.toThrow('The key "b" has no fraction')
      await expect(pairs.sampleByKeyExact(false, { a: 1 }).collect()).rejects.toThrow('The key "b" has no fraction')
      expect(() => pairs.sampleByKey(false, 1 as never)).toThrow(ArgumentError)
    })
  })
})
