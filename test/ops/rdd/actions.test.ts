import { ArgumentError, type Broadcast, Context, StateError, TaskFailedError, withEnv } from 'millrace'
import { describe, expect, test } from 'vitest'
import { eachThreads } from '../../support/contexts.js'
import { table } from '../../support/table.js'

describe('actions', () => {
  table([
    {
      name: 'collect keeps the order of partitions',
      run: (ctx) => ctx.parallelize([1, 2, 3, 4, 5], 3).collect(),
      expected: [1, 2, 3, 4, 5],
    },
    { name: 'collect of nothing', run: (ctx) => ctx.emptyRDD().collect(), expected: [] },
    {
      name: 'records that are arrays stay arrays',
      run: (ctx) => ctx.parallelize([[1], [], [[2]]], 2).collect(),
      expected: [[1], [], [[2]]],
    },
    { name: 'count', run: (ctx) => ctx.parallelize([1, 2, 3, 4, 5], 3).count(), expected: 5 },
    {
      name: 'count of nothing',
      run: async (ctx) => [await ctx.emptyRDD().count(), await ctx.parallelize([], 4).count()],
      expected: [0, 0],
    },
    { name: 'reduce', run: (ctx) => ctx.parallelize([1, 2, 3, 4], 2).reduce((a, b) => a + b), expected: 10 },
    {
      name: 'reduce in the order of partitions',
      run: (ctx) => ctx.parallelize([...'abcdefgh'], 5).reduce((a, b) => a + b),
      expected: 'abcdefgh',
    },
    {
      name: 'reduce with empty partitions between',
      run: (ctx) =>
        ctx
          .range(0, 100, 1, 50)
          .filter((x) => x % 30 === 7)
          .reduce((a, b) => a + b),
      expected: 7 + 37 + 67 + 97,
    },
    {
      name: 'reduce of one element does not call the function',
      run: (ctx) => ctx.parallelize(['only'], 3).reduce(() => 'called'),
      expected: 'only',
    },
    {
      name: 'reduce of an element that is undefined',
      run: (ctx) => ctx.parallelize([undefined], 3).reduce((a) => a),
      expected: undefined,
    },
    { name: 'first', run: (ctx) => ctx.parallelize([7, 8], 2).first(), expected: 7 },
    {
      name: 'first behind empty partitions',
      run: (ctx) =>
        ctx
          .range(0, 100, 1, 100)
          .filter((x) => x === 97)
          .first(),
      expected: 97,
    },
    { name: 'first that is undefined', run: (ctx) => ctx.parallelize([undefined, 1]).first(), expected: undefined },
    {
      name: 'isEmpty',
      run: async (ctx) => [
        await ctx.emptyRDD().isEmpty(),
        await ctx.parallelize([], 3).isEmpty(),
        await ctx.parallelize([null]).isEmpty(),
        await ctx
          .range(0, 9, 1, 9)
          .filter((x) => x === 8)
          .isEmpty(),
      ],
      expected: [true, true, false, false],
    },
    { name: 'take none', run: (ctx) => ctx.parallelize([1, 2], 2).take(0), expected: [] },
    { name: 'take more than there are', run: (ctx) => ctx.parallelize([1, 2, 3], 2).take(10), expected: [1, 2, 3] },
    { name: 'take of nothing', run: (ctx) => ctx.emptyRDD().take(3), expected: [] },
    {
      name: 'collectAsMap',
      run: (ctx) =>
        ctx
          .parallelize<[string, number]>(
            [
              ['a', 1],
              ['b', 2],
              ['a', 3],
            ],
            2,
          )
          .collectAsMap(),
      expected: new Map([
        ['a', 3],
        ['b', 2],
      ]),
    },
    {
      name: 'foreach and foreachPartition answer with nothing',
      run: async (ctx) => [
        await ctx.parallelize([1]).foreach(() => 5),
        await ctx.parallelize([1]).foreachPartition(() => 5),
      ],
      expected: [undefined, undefined],
    },
  ])

  eachThreads((ctx) => {
    test.each([1, 2, 7, 100, 1000])('take any number of 1..999 in %i partitions', async (partitions) => {
      const numbers = ctx.range(1, 1000, 1, partitions)
      for (const n of [1, 2, 499, 500, 501, 998, 999, 1000]) {
        expect(await numbers.take(n)).toEqual(Array.from({ length: Math.min(n, 999) }, (_, i) => i + 1))
      }
    })

    test('take holds only what it returns, and generates no more numbers', async () => {
      const numbers = ctx.range(0, 1e15, 1, 2)
      expect(await numbers.map((n) => n + 1).take(2)).toEqual([1, 2])
      expect(await numbers.filter((n) => n % 1000 === 999).take(3)).toEqual([999, 1999, 2999])
      expect(await numbers.first()).toBe(0)
    })

    test('take computes no more partitions than it needs', async () => {
      const poisoned = ctx.range(0, 100, 1, 100).map((x) => {
        if (x > 20) throw new Error('not needed')
        return x
      })
      // Rounds of 1, 4 and 16 partitions: 0, 1 to 4, 5 to 20.
      expect(await poisoned.take(20)).toHaveLength(20)
      await expect(poisoned.take(22)).rejects.toThrow('not needed')
    })

    test('what has no answer is refused', async () => {
      for (const empty of [ctx.emptyRDD<number>(), ctx.parallelize<number>([], 3), ctx.range(10).filter(() => false)]) {
        await expect(empty.reduce((a, b) => a + b)).rejects.toThrow(StateError)
        await expect(empty.first()).rejects.toThrow(StateError)
      }
    })

    test.each([-1, 1.5, Number.NaN])('take(%s)', async (n) => {
      await expect(ctx.range(3).take(n)).rejects.toThrow(ArgumentError)
    })

    test('foreach runs for each element, foreachPartition for each partition', async () => {
      const seen = ctx.range(0, 10, 1, 5)
      await expect(
        seen.foreach((x) => {
          if (x === 9) throw new Error('the last one')
        }),
      ).rejects.toThrow('the last one')
      await expect(
        seen.foreachPartition((xs, p) => {
          if (p === 4) throw new Error(`of ${[...xs]}`)
        }),
      ).rejects.toThrow('of 8,9')
    })

    test('actions side by side', async () => {
      const jobs = Array.from({ length: 50 }, (_, i) =>
        ctx
          .range(0, 100, 1, 4)
          .reduce((a, b) => a + b)
          .then((sum) => sum + i),
      )
      expect(await Promise.all(jobs)).toEqual(Array.from({ length: 50 }, (_, i) => 4950 + i))
    })

    test('10,000 records of each of 1,000 partitions', async () => {
      expect(
        await ctx
          .range(0, 10_000_000, 1, 1000)
          .filter((x) => x % 1000 === 0)
          .count(),
      ).toBe(10_000)
    })
  })

  test('an action after stop', async () => {
    const ctx = new Context({ threads: 1, spare: false })
    const rdd = ctx.parallelize([1])
    expect(await rdd.count()).toBe(1)
    await ctx.stop()
    await expect(rdd.count()).rejects.toThrow(StateError)
    await ctx.stop()
  })

  test('a task is tried maxFailures times', async () => {
    await using ctx = new Context({ threads: 1, spare: false, maxFailures: 2 })
    const error = await ctx
      .parallelize([1])
      .foreach(() => {
        throw new Error('always')
      })
      .catch((e: unknown) => e)
    expect(error).toBeInstanceOf(TaskFailedError)
    expect((error as Error).message).toContain('2 times')
  })
})

// A name that only withEnv gives a meaning to.
declare const names: Broadcast<Map<number, string>>

describe('sources', () => {
  table([
    {
      name: 'parallelize cuts into contiguous slices',
      run: (ctx) =>
        ctx
          .parallelize([1, 2, 3, 4, 5], 3)
          .mapPartitions((xs) => [[...xs]])
          .collect(),
      expected: [[1], [2, 3], [4, 5]],
    },
    { name: 'parallelize any iterable', run: (ctx) => ctx.parallelize(new Set([3, 4])).collect(), expected: [3, 4] },
    {
      name: 'range',
      run: async (ctx) => [
        await ctx.range(3).collect(),
        await ctx.range(2, 5).collect(),
        await ctx.range(0, 10, 3, 3).collect(),
      ],
      expected: [
        [0, 1, 2],
        [2, 3, 4],
        [0, 3, 6, 9],
      ],
    },
    { name: 'range downwards', run: (ctx) => ctx.range(5, 0, -2, 2).collect(), expected: [5, 3, 1] },
    {
      name: 'range of nothing',
      run: async (ctx) => [
        await ctx.range(0).collect(),
        await ctx.range(5, 2).collect(),
        await ctx.range(2, 5, -1).collect(),
      ],
      expected: [[], [], []],
    },
    {
      name: 'broadcast',
      run: (ctx) =>
        ctx
          .parallelize([1, 2], 2)
          .map(
            withEnv(
              {
                names: ctx.broadcast(
                  new Map([
                    [1, 'a'],
                    [2, 'b'],
                  ]),
                ),
              },
              (x: number) => names.value.get(x),
            ),
          )
          .collect(),
      expected: ['a', 'b'],
    },
  ])

  eachThreads((ctx) => {
    test.each([1, 2, 3, 7, 10, 13])('range by fractions has no element twice in %i partitions', async (partitions) => {
      const tenths = await ctx.range(0, 3, 0.1, partitions).collect()
      expect(tenths).toHaveLength(30)
      tenths.forEach((x, i) => expect(x).toBeCloseTo(i / 10, 9))
    })

    test('elements of a range do not depend on the number of partitions', async () => {
      expect(await ctx.range(0, 3, 0.1, 7).collect()).toEqual(await ctx.range(0, 3, 0.1, 1).collect())
    })

    test("what the action returns is the caller's own", async () => {
      const rdd = ctx.parallelize([[1], [2]], 2)
      ;(await rdd.collect()).forEach((record) => record.push(9))
      expect(await rdd.collect()).toEqual([[1], [2]])
    })
  })
})
