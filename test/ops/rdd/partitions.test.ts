import { ArgumentError } from 'millrace'
import { describe, expect, test } from 'vitest'
import { eachThreads } from '../../support/contexts.js'
import { table } from '../../support/table.js'

describe('partitions', () => {
  table([
    {
      name: 'glom of one partition',
      run: (ctx) => ctx.parallelize([1, 2, 3], 1).glom().collect(),
      expected: [[1, 2, 3]],
    },
    {
      name: 'glom of empty partitions',
      run: (ctx) => ctx.parallelize([], 5).glom().collect(),
      expected: [[], [], [], [], []],
    },
    {
      name: 'mapPartitionsWithIndex',
      run: (ctx) =>
        ctx
          .parallelize(['a', 'b', 'c'], 2)
          .mapPartitionsWithIndex((i, xs) => [[i, ...xs]])
          .collect(),
      expected: [
        [0, 'a'],
        [1, 'b', 'c'],
      ],
    },
    {
      name: 'coalesce puts neighbours together',
      run: (ctx) => ctx.range(0, 10, 1, 10).coalesce(3).glom().collect(),
      expected: [
        [0, 1, 2],
        [3, 4, 5],
        [6, 7, 8, 9],
      ],
    },
    {
      name: 'coalesce makes no more than there are',
      run: async (ctx) => [
        ctx.range(0, 4, 1, 2).coalesce(5).getNumPartitions(),
        ctx.emptyRDD().coalesce(3).getNumPartitions(),
      ],
      expected: [2, 0],
    },
    {
      name: 'coalesce with shuffle makes more',
      run: (ctx) =>
        ctx
          .range(0, 8, 1, 2)
          .coalesce(4, { shuffle: true })
          .glom()
          .map((xs) => xs.length)
          .collect(),
      expected: [2, 2, 2, 2],
    },
    {
      name: 'coalesce of pairs placed by key',
      run: (ctx) =>
        ctx
          .parallelize<[number, number]>(
            [
              [1, 1],
              [2, 2],
              [1, 3],
            ],
            3,
          )
          .reduceByKey((a, b) => a + b, 7)
          .coalesce(2)
          .sortByKey()
          .collect(),
      expected: [
        [1, 4],
        [2, 2],
      ],
    },
    // Functions see the parent's partition numbers, not those of the task: a coalesce or a union must not change
    // results computed from them.
    {
      name: 'partitions keep their numbers in coalesce',
      run: (ctx) =>
        ctx
          .range(0, 6, 1, 6)
          .mapPartitionsWithIndex((i) => [i])
          .coalesce(2)
          .collect(),
      expected: [0, 1, 2, 3, 4, 5],
    },
    {
      name: 'partitions keep their numbers in union',
      run: (ctx) =>
        ctx
          .range(0, 2, 1, 2)
          .union(ctx.range(0, 3, 1, 3).mapPartitions((_, p) => [p * 10]))
          .map((x) => x)
          .collect(),
      expected: [0, 1, 0, 10, 20],
    },
    {
      name: 'partitions keep their numbers below a union of a coalesce',
      run: (ctx) =>
        ctx
          .range(1)
          .union(
            ctx
              .range(0, 4, 1, 4)
              .mapPartitionsWithIndex((i) => [i])
              .coalesce(2)
              .mapPartitionsWithIndex((i, xs) => [[i, ...xs]]),
          )
          .collect(),
      expected: [0, [0, 0, 1], [1, 2, 3]],
    },
    {
      name: 'partitions keep their numbers when they are kept',
      run: async (ctx) => {
        const kept = ctx
          .range(0, 3, 1, 3)
          .mapPartitionsWithIndex((i) => [i])
          .persist()
        const both = ctx.range(1).union(kept)
        return [await both.collect(), await both.collect()]
      },
      expected: [
        [0, 0, 1, 2],
        [0, 0, 1, 2],
      ],
    },
  ])
  eachThreads((ctx) => {
    test.each([0, -1, 1.5])('coalesce(%s)', (n) => {
      expect(() => ctx.range(3).coalesce(n)).toThrow(ArgumentError)
      expect(() => ctx.range(3).coalesce(n, { shuffle: true })).toThrow(ArgumentError)
    })
  })
})
