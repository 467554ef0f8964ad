import { ArgumentError, type Context } from 'millrace'
import { describe, expect, test } from 'vitest'
import { eachThreads } from '../../support/contexts.js'
import { array, assert, asyncProperty, integer } from '../../support/fast-check.js'
import { table } from '../../support/table.js'

const halves = (ctx: Context) => ctx.parallelize([1, 2, 3], 2)

describe('zip and cartesian', () => {
  table([
    {
      name: 'zip',
      run: (ctx) =>
        halves(ctx)
          .zip(ctx.parallelize(['a', 'b', 'c'], 2))
          .collect(),
      expected: [
        [1, 'a'],
        [2, 'b'],
        [3, 'c'],
      ],
    },
    {
      name: 'zip with itself',
      run: async (ctx) => {
        const rdd = halves(ctx)
        return rdd.zip(rdd.map((x) => -x)).collect()
      },
      expected: [
        [1, -1],
        [2, -2],
        [3, -3],
      ],
    },
    { name: 'zip of nothing', run: (ctx) => ctx.emptyRDD().zip(ctx.emptyRDD()).collect(), expected: [] },
    {
      name: 'zip behind a shuffle',
      run: (ctx) => {
        const rdd = halves(ctx).sortBy((x) => -x)
        return rdd.zip(rdd.map((x) => x * 10)).collect()
      },
      expected: [
        [3, 30],
        [2, 20],
        [1, 10],
      ],
    },
    {
      name: 'zipPartitions of two',
      run: (ctx) =>
        halves(ctx)
          .zipPartitions(ctx.parallelize(['a'], 2), (xs, ss) => [[[...xs], [...ss]]])
          .collect(),
      expected: [
        [[1], []],
        [[2, 3], ['a']],
      ],
    },
    {
      name: 'zipPartitions of three',
      run: (ctx) =>
        halves(ctx)
          .zipPartitions(ctx.range(0, 2, 1, 2), ctx.range(5, 7, 1, 2), (a, b, c) => [[...a, ...b, ...c]])
          .collect(),
      expected: [
        [1, 0, 5],
        [2, 3, 1, 6],
      ],
    },
    {
      name: 'zipWithIndex',
      run: (ctx) =>
        ctx
          .parallelize([...'abcde'], 3)
          .zipWithIndex()
          .collect(),
      expected: [
        ['a', 0],
        ['b', 1],
        ['c', 2],
        ['d', 3],
        ['e', 4],
      ],
    },
    {
      name: 'zipWithIndex over empty partitions',
      run: (ctx) =>
        ctx
          .range(0, 30, 1, 10)
          .filter((x) => x % 7 === 0)
          .zipWithIndex()
          .collect(),
      expected: [
        [0, 0],
        [7, 1],
        [14, 2],
        [21, 3],
        [28, 4],
      ],
    },
    {
      name: 'zipWithIndex of nothing',
      run: async (ctx) => [
        await ctx.emptyRDD().zipWithIndex().collect(),
        await ctx.parallelize([], 3).zipWithIndex().collect(),
      ],
      expected: [[], []],
    },
    {
      name: 'zipWithIndex in a union',
      run: (ctx) =>
        ctx
          .range(2)
          .union(ctx.parallelize([...'abc'], 2).zipWithIndex())
          .collect(),
      expected: [0, 1, ['a', 0], ['b', 1], ['c', 2]],
    },
    {
      name: 'zipWithUniqueId',
      run: (ctx) =>
        ctx
          .parallelize([...'abcde'], 2)
          .zipWithUniqueId()
          .collect(),
      expected: [
        ['a', 0],
        ['b', 2],
        ['c', 1],
        ['d', 3],
        ['e', 5],
      ],
    },
    {
      name: 'zipWithUniqueId behind a union',
      run: (ctx) =>
        ctx
          .range(0, 2, 1, 2)
          .union(ctx.range(2, 4, 1, 2))
          .zipWithUniqueId()
          .values()
          .collect(),
      expected: [0, 1, 2, 3],
    },
    {
      name: 'cartesian',
      run: (ctx) =>
        halves(ctx)
          .cartesian(ctx.parallelize(['a', 'b'], 3))
          .collect(),
      expected: [
        [1, 'a'],
        [1, 'b'],
        [2, 'a'],
        [3, 'a'],
        [2, 'b'],
        [3, 'b'],
      ],
      bag: true,
    },
    {
      name: 'cartesian with nothing',
      run: async (ctx) => [
        await halves(ctx).cartesian(ctx.emptyRDD()).collect(),
        await ctx.parallelize([], 2).cartesian(halves(ctx)).collect(),
      ],
      expected: [[], []],
    },
    {
      name: 'cartesian keeps the numbers of the partitions',
      run: (ctx) =>
        ctx
          .range(0, 2, 1, 2)
          .mapPartitionsWithIndex((i) => [i])
          .cartesian(ctx.range(0, 3, 1, 3).mapPartitionsWithIndex((i) => [i]))
          .collect(),
      expected: [
        [0, 0],
        [0, 1],
        [0, 2],
        [1, 0],
        [1, 1],
        [1, 2],
      ],
    },
  ])

  eachThreads((ctx) => {
    test('other partition counts are refused', () => {
      expect(() => halves(ctx).zip(ctx.range(0, 3, 1, 3))).toThrow(ArgumentError)
      expect(() => halves(ctx).zipPartitions(ctx.range(0, 3, 1, 2), ctx.range(0, 3, 1, 1), () => [])).toThrow(
        '2 and 2 and 1',
      )
    })

    test('the numbers of partitions of united and multiplied datasets may exceed that of one dataset', () => {
      const many = ctx.range(0, 1, 1, 100_000)
      expect(many.union(many).getNumPartitions()).toBe(200_000)
      expect(many.cartesian(ctx.range(0, 1, 1, 3)).getNumPartitions()).toBe(300_000)
    })

    test('other lengths of a partition fail the task', async () => {
      await expect(
        halves(ctx)
          .zip(ctx.parallelize([1, 2], 2))
          .collect(),
      ).rejects.toThrow('partition 1 has 2 elements in one dataset and 1 in the other')
    })

    test('indexes are those of the collected list, whatever the partitions', async () => {
      await assert(
        asyncProperty(array(integer(), { maxLength: 40 }), integer({ min: 1, max: 9 }), async (list, partitions) => {
          const kept = ctx.parallelize(list, partitions).filter((x) => x % 3 !== 0)
          const expected = list.filter((x) => x % 3 !== 0).map((x, i) => [x, i])
          expect(await kept.zipWithIndex().collect()).toEqual(expected)
          const ids = (await kept.zipWithUniqueId().collect()).map(([, id]) => id)
          expect(new Set(ids).size).toBe(ids.length)
        }),
        { numRuns: 25 },
      )
    })
  })
})
