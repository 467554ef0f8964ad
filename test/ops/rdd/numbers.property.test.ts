import { ArgumentError, Context, TaskFailedError } from 'millrace'
import { afterAll, describe, expect, test } from 'vitest'
import fc from '../../support/fast-check.js'

const { MAX_VALUE: most, MIN_VALUE: least, NaN: nan, POSITIVE_INFINITY: inf, MAX_SAFE_INTEGER: safe } = Number

/** Twice as much is beyond the greatest number. */
const huge = 2 ** 1023

const ctx = new Context({ threads: 2, spare: false })
afterAll(() => ctx.stop())

const partitions = fc.integer({ min: 1, max: 6 })
const finite = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ min: -100, max: 100, noNaN: true }),
  fc.integer({ min: -20, max: 20 }),
  fc.constantFrom(0, -0, most, -most, least, 1, 1 + 2 ** -52, 0.1, 0.2, 0.30000000000000004),
)
const anyNumber = fc.oneof(finite, fc.constantFrom(nan, inf, -inf))

/** Counts by the definition: bucket i is [edge i, edge i+1), the last one closed; NaN is above every number. */
function countsByDefinition(numbers: readonly number[], edges: readonly number[]): number[] {
  const atLeast = (x: number, edge: number) => Number.isNaN(x) || x >= edge
  const below = (x: number, edge: number) => (Number.isNaN(edge) ? !Number.isNaN(x) : !Number.isNaN(x) && x < edge)
  return edges.slice(0, -1).map((edge, i) => {
    const end = edges[i + 1]!
    const closed = i === edges.length - 2
    return numbers.filter((x) => atLeast(x, edge) && (below(x, end) || (closed && Object.is(x + 0, end + 0)))).length
  })
}

describe('histogram', () => {
  test('counts by the edges that it is given', async () => {
    const edges = fc.uniqueArray(
      anyNumber.filter((x) => !Object.is(x, -0)),
      { minLength: 2, maxLength: 8 },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(anyNumber, { maxLength: 40 }), edges, partitions, async (numbers, unordered, n) => {
        const sorted = unordered.sort((a, b) => (Number.isNaN(a) ? 1 : Number.isNaN(b) ? -1 : a - b))
        const near = [...numbers, ...sorted]
        expect(await ctx.parallelize(near, n).histogram(sorted)).toEqual(countsByDefinition(near, sorted))
      }),
      { numRuns: 150 },
    )
  })

  test('into even buckets counts by the edges that it returns', async () => {
    const numbers = fc.array(finite, { minLength: 1, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(numbers, fc.integer({ min: 1, max: 12 }), partitions, async (list, buckets, n) => {
        const { buckets: edges, counts } = await ctx.parallelize(list, n).histogram(buckets)
        expect(edges.length).toBeLessThanOrEqual(buckets + 1)
        expect([edges[0]! + 0, edges.at(-1)! + 0]).toEqual([Math.min(...list) + 0, Math.max(...list) + 0])
        expect(counts).toEqual(countsByDefinition(list, edges))
        expect(counts.reduce((a, b) => a + b, 0)).toBe(list.length)
        // Its own edges ascend, so they can be given back; only equal numbers have one bucket of no width.
        if (edges[0] !== edges.at(-1)) expect(await ctx.parallelize(list, n).histogram(edges)).toEqual(counts)
      }),
      { numRuns: 150 },
    )
  })

  test('of numbers of both signs near the greatest', async () => {
    const { buckets, counts } = await ctx.parallelize([-huge, 0, huge]).histogram(4)
    expect(buckets).toEqual([-huge, -huge / 2, 0, huge / 2, huge])
    expect(counts).toEqual([1, 0, 1, 1])
  })

  test('of numbers with less room between them than buckets: fewer buckets', async () => {
    const next = 1 + 2 ** -52
    expect(await ctx.parallelize([1, next, next]).histogram(9)).toEqual({ buckets: [1, next], counts: [3] })
  })

  test('of a million buckets', async () => {
    const { buckets, counts } = await ctx.parallelize([0, 1, 1e24, 1e30]).histogram(1_000_000)
    expect([buckets.length, buckets[1], counts[0], counts[1], counts.at(-1)]).toEqual([1_000_001, 1e24, 2, 1, 1])
  })

  test('refuses edges that are not numbers and too many buckets', async () => {
    const rdd = ctx.parallelize([1])
    for (const edges of [
      ['a', 'b'],
      [1, '2'],
      [nan, nan],
      [3, 2, 1],
    ]) {
      await expect(rdd.histogram(edges as number[])).rejects.toThrow(ArgumentError)
    }
    await expect(rdd.histogram(1e9)).rejects.toThrow(/from 1 to 10000000/)
  })
})

describe('range', () => {
  test('excludes its end and gives each element rounded once', async () => {
    const step = fc.oneof(
      fc.constantFrom(0.1, 0.2, 0.3, -0.1, 1, -1, 7, 1e-3, 2.5),
      fc.double({ min: 0.01, max: 3, noNaN: true }),
    )
    const limit = fc.oneof(
      fc.integer({ min: -30, max: 30 }),
      fc.double({ min: -3, max: 3, noNaN: true }),
      fc.constant(1.3),
    )
    await fc.assert(
      fc.asyncProperty(limit, limit, step, partitions, async (from, to, by, n) => {
        const naive: number[] = []
        for (let i = 0; by > 0 ? from + i * by < to : from + i * by > to; i++) naive.push(from + i * by)
        expect(await ctx.range(from, to, by, n).collect()).toEqual(naive)
      }),
      { numRuns: 200 },
    )
  })

  test('whose quotient is rounded up does not reach its end', async () => {
    expect(await ctx.range(1, 1.3, 0.1).collect()).toEqual([1, 1.1, 1.2])
    expect(await ctx.range(1.3, 1, -0.1).count()).toBe(3)
  })

  test('of multiples of a limit', async () => {
    const limit = fc.integer({ min: 1, max: 60 })
    await fc.assert(
      fc.asyncProperty(limit, fc.constantFrom(0.1, 0.7, 0.01), async (n, by) => {
        const all = await ctx.range(0, n * by, by, 3).collect()
        for (const x of all) expect(x).toBeLessThan(n * by)
        expect(all.length).toBe(n)
      }),
      { numRuns: 60 },
    )
  })

  test('up to the greatest numbers', async () => {
    expect(await ctx.range(safe - 2, safe, 1, 2).collect()).toEqual([safe - 2, safe - 1])
    expect(await ctx.range(-huge, huge, huge / 2, 3).collect()).toEqual([-huge, -huge / 2, 0, huge / 2])
    expect(await ctx.range(2 ** 53, 2 ** 53 + 6, 2).collect()).toEqual([2 ** 53, 2 ** 53 + 2, 2 ** 53 + 4])
    expect(await ctx.range(0, least * 3, least).collect()).toEqual([0, least, least * 2])
  })

  test('is refused where its step would be lost', () => {
    for (const [from, to, step] of [
      [2 ** 53, 2 ** 53 + 10, 1],
      [0, 1, 1e-320],
      [-safe, safe, 1],
      [0, 1e300, 1],
    ] as const) {
      expect(() => ctx.range(from, to, step)).toThrow(/step is too small/)
    }
    for (const given of [nan, inf, '5' as never]) expect(() => ctx.range(given)).toThrow(ArgumentError)
  })
})

describe('means and sums', () => {
  /** Rounded once: the sum of halves, quarters and so on is exact for a list of these. */
  const tame = fc.integer({ min: -1000, max: 1000 }).map((x) => x / 8)

  test('are the plain ones where plain ones are exact', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(tame, { minLength: 1, maxLength: 30 }), partitions, async (list, n) => {
        const rdd = ctx.parallelize(list, n)
        const sum = list.reduce((a, b) => a + b, 0)
        expect(await rdd.sum()).toBe(sum)
        expect(await rdd.mean()).toBeCloseTo(sum / list.length, 10)
      }),
      { numRuns: 60 },
    )
  })

  test('the mean of finite numbers is between the smallest and the greatest, whatever their sum is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(finite, { minLength: 1, maxLength: 20 }), partitions, async (list, n) => {
        const { mean, min, max, variance } = await ctx.parallelize(list, n).stats()
        const slack = Math.max(Math.abs(min), Math.abs(max)) * 1e-14
        expect(mean).toBeGreaterThanOrEqual(min - slack)
        expect(mean).toBeLessThanOrEqual(max + slack)
        expect(variance).toBeGreaterThanOrEqual(0)
      }),
      { numRuns: 150 },
    )
  })

  test.each<[string, number[], number, number]>([
    ['the greatest numbers', [most, most], most, 0],
    ['the greatest of both signs', [most, -most], 0, inf],
    ['an infinity', [inf], inf, nan],
    ['an infinity and a number', [inf, 1], inf, nan],
    ['a number and an infinity', [1, -inf, 2], -inf, nan],
    ['equal infinities', [inf, inf], inf, nan],
    ['both infinities', [inf, -inf], nan, nan],
    ['NaN', [1, nan, 2], nan, nan],
    ['large numbers with a small difference', [1e15, 1e15 + 2], 1e15 + 1, 1],
    ['equal fractions', [0.1, 0.1, 0.1], 0.1, 0],
    ['nothing', [], 0, nan],
  ])('of %s', async (_, list, mean, variance) => {
    for (const n of [1, 2, 3, 7]) {
      const stats = await ctx.parallelize(list, n).stats()
      expect([stats.mean, stats.variance, stats.stdev]).toEqual([mean, variance, Math.sqrt(variance)])
      expect(await ctx.parallelize(list, n).sum()).toEqual(list.reduce((a, b) => a + b, 0))
    }
  })

  test.each([null, undefined, true, '2', new Date(0), [], 1n])(
    'fail for %s instead of converting it',
    async (value) => {
      const numbers = ctx.parallelize([1, value] as never[], 1) as unknown as RDD<number>
      for (const action of [
        () => numbers.sum(),
        () => numbers.mean(),
        () => numbers.variance(),
        () => numbers.sumApprox('1h'),
        () => numbers.histogram(2),
        () => numbers.histogram([0, 5]),
      ]) {
        const failed = action()
        await expect(failed).rejects.toThrow(TaskFailedError)
        await expect(failed).rejects.toThrow(/must be a number/)
      }
    },
  )
})

describe('actions of any size', () => {
  const many = 300_000
  const one = ctx.range(0, many, 1, 1)

  test.each<[string, () => Promise<number>]>([
    ['take', async () => (await one.take(many)).length],
    ['take over partitions', async () => (await ctx.range(0, many, 1, 3).take(many - 1)).length + 1],
    ['first', async () => (await one.first()) + many],
    ['top', async () => (await one.top(many)).length],
    ['takeOrdered', async () => (await ctx.range(0, many, 1, 2).takeOrdered(many)).length],
    ['takeSample', async () => new Set(await ctx.range(0, many, 1, 50).takeSample(false, many, 1)).size],
    ['takeSample with replacement', async () => (await one.takeSample(true, many, 1)).length],
    ['collect', async () => (await one.collect()).length],
    ['max', async () => (await one.max()) + 1],
    ['lookup', async () => (await one.map((x) => ['k', x] as [string, number]).lookup('k')).length],
    ['glom', async () => (await one.glom().collect())[0]!.length],
    ['collectAsMap', async () => (await one.map((x) => [x, x] as [number, number]).collectAsMap()).size],
    ['zipWithIndex', async () => (await ctx.range(0, many, 1, 2).zipWithIndex().values().max()) + 1],
    ['histogram', async () => (await one.histogram(3)).counts.reduce((a, b) => a + b, 0)],
    [
      'groupByKey',
      async () =>
        (
          await one
            .map((x) => ['k', x] as [string, number])
            .groupByKey(2)
            .collect()
        )[0]![1].length,
    ],
  ])('%s', async (_, run) => {
    expect(await run()).toBe(many)
  })

  test('a sample has each draw once, in a random order, and the same for a seed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 0, max: 50 }),
        partitions,
        async (n, size, p) => {
          const rdd = ctx.range(0, size, 1, p)
          const sample = await rdd.takeSample(false, n, 3)
          expect(sample.length).toBe(Math.min(n, size))
          expect(new Set(sample).size).toBe(sample.length)
          expect(await ctx.range(0, size, 1, p).takeSample(false, n, 3)).toEqual(sample)
          const repeated = await rdd.takeSample(true, n, 3)
          expect(repeated.length).toBe(size === 0 ? 0 : n)
          for (const x of repeated) expect(x).toBeLessThan(size)
        },
      ),
      { numRuns: 40 },
    )
  })

  test('a queue whose datasets are all taken at once may have any number of them', async () => {
    const { queueSource } = await import('#build/sources/queue.js')
    const batches = Array.from({ length: many }, (_, i) => [i])
    const source = queueSource(batches, { oneAtATime: false })
    expect(((await source.next(0, 0 as never)) as number[]).length).toBe(many)
  })
})
