import { ArgumentError, type Context, withEnv } from 'millrace'
import { describe, expect, test } from 'vitest'
import { eachThreads } from '../../support/contexts.js'
import { lookupService } from '../../support/lookup-service.js'

/** Answers after so many turns of the event loop. */
const lateBy = (turns: number): Promise<void> =>
  new Promise((resolve) => {
    const next = (left: number) => (left === 0 ? resolve() : setImmediate(() => next(left - 1)))
    next(turns)
  })

function suite(ctx: Context): void {
  test('mapAsync gives results in the order of records, however late each is', async () => {
    const answers = ctx.range(0, 40, 1, 2).mapAsync(
      withEnv({ lateBy }, async (x) => {
        await lateBy(40 - x)
        return x * 2
      }),
    )
    expect(await answers.collect()).toEqual(Array.from({ length: 40 }, (_, x) => x * 2))
  })

  test('mapAsync with ordered: false gives them as they come', async () => {
    const answers = ctx.range(0, 4, 1, 1).mapAsync(
      withEnv({ lateBy }, async (x) => {
        await lateBy((4 - x) * 3)
        return x
      }),
      { ordered: false },
    )
    expect(await answers.collect()).toEqual([3, 2, 1, 0])
  })

  test('mapAsync has no more than concurrency calls in flight in a task, and as many as that', async () => {
    // No call is answered before three have arrived; with fewer, all would wait forever.
    const waiting: (() => void)[] = []
    await using service = await lookupService((path, response, open) => {
      waiting.push(() => response.end(path))
      if (open === 3 || path === '9') for (const answer of waiting.splice(0)) answer()
    })
    const answers = ctx.range(0, 10, 1, 1).mapAsync(
      withEnv({ url: service.url }, async (x) => Number(await (await fetch(`${url}${x}`)).text())),
      { concurrency: 3 },
    )
    expect(await answers.collect()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(service.most).toBe(3)
    expect(service.asked).toHaveLength(10)
  })

  test('answers that are no promises are taken as they are; no records, no calls', async () => {
    expect(
      await ctx
        .parallelize([1, 2])
        .mapAsync((x) => x + 1)
        .collect(),
    ).toEqual([2, 3])
    expect(
      await ctx
        .emptyRDD<number>()
        .mapAsync(async (x) => x)
        .collect(),
    ).toEqual([])
    expect(
      await ctx
        .parallelize<number>([], 2)
        .mapAsync(async (x) => x)
        .count(),
    ).toBe(0)
  })

  test('mapPartitionsAsync sees partitions and their numbers', async () => {
    const sums = ctx.range(0, 6, 1, 3).mapPartitionsAsync(
      withEnv({ lateBy }, async (xs, p) => {
        await lateBy(1)
        return new Set([`${p}:${xs.join('+')}`])
      }),
    )
    expect(await sums.collect()).toEqual(['0:0+1', '1:2+3', '2:4+5'])
  })

  // Everywhere a plan may have a step that awaits.
  const plus = async (x: number) => x + 1
  const base = () => ctx.range(0, 6, 1, 3).mapAsync(plus)
  const numbered = () => ctx.range(0, 4, 1, 2).mapPartitionsAsync(async (xs, p) => xs.map((x) => [p, x]))
  test.each<[string, () => Promise<unknown>, unknown]>([
    [
      'between steps',
      () =>
        ctx
          .range(4)
          .map((x) => x * 2)
          .mapAsync(plus)
          .filter((x) => x > 1)
          .collect(),
      [3, 5, 7],
    ],
    ['twice', () => base().mapAsync(plus).collect(), [2, 3, 4, 5, 6, 7]],
    [
      'before and after partitions',
      () =>
        ctx
          .range(0, 4, 1, 2)
          .mapPartitions((xs) => [[...xs].length])
          .mapAsync(plus)
          .mapPartitions((xs, p) => [[p, ...xs]])
          .collect(),
      [
        [0, 3],
        [1, 3],
      ],
    ],
    ['union', () => base().union(base()).collect(), [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6]],
    [
      'zip',
      () =>
        base()
          .zip(ctx.range(0, 6, 1, 3))
          .collect(),
      [
        [1, 0],
        [2, 1],
        [3, 2],
        [4, 3],
        [5, 4],
        [6, 5],
      ],
    ],
    [
      'coalesce keeps the numbers of partitions',
      () => numbered().coalesce(1).collect(),
      [
        [0, 0],
        [0, 1],
        [1, 2],
        [1, 3],
      ],
    ],
    [
      'persist',
      async () => {
        const kept = base().persist()
        return [await kept.count(), await kept.collect()]
      },
      [6, [1, 2, 3, 4, 5, 6]],
    ],
    [
      'shuffle',
      async () =>
        (
          await base()
            .map((x) => [x % 2, x] as [number, number])
            .reduceByKey((a, b) => a + b)
            .mapAsync(async ([k, v]) => `${k}:${v}`)
            .collect()
        ).sort(),
      ['0:12', '1:9'],
    ],
    [
      'cogroup',
      async () =>
        await base()
          .keyBy((x) => x)
          .join(base().keyBy((x) => x))
          .count(),
      6,
    ],
    ['count', () => base().count(), 6],
    ['reduce', () => base().reduce((a, b) => a + b), 21],
  ])('mapAsync and %s', async (_, run, expected) => {
    expect(await run()).toEqual(expected)
  })
}

describe('compiled', () => eachThreads(suite))
describe('composed', () => eachThreads(suite, { codegen: false }))

describe('options', () => {
  eachThreads((ctx) => {
    const base = ctx.range(3)
    test.each([0, 1.5, -1, Number.NaN, Number.POSITIVE_INFINITY])('concurrency %s is refused', (concurrency) => {
      expect(() => base.mapAsync(async (x) => x, { concurrency })).toThrow(/at least 1/)
    })
    test('others', () => {
      expect(() => base.mapAsync(async (x) => x, { timeout: 0 })).toThrow(/mapAsync: timeout is 0/)
      expect(() => base.mapAsync(async (x) => x, { ordered: 1 as never })).toThrow(ArgumentError)
      expect(() => base.mapAsync(async (x) => x, { parallel: 4 } as never)).toThrow(/Known: concurrency/)
      expect(() => base.mapPartitionsAsync(async (x) => x, { concurrency: 4 } as never)).toThrow(/Known: timeout/)
      expect(() => base.mapAsync('no' as never)).toThrow(ArgumentError)
    })
  })
})
