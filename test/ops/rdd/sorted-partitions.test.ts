import { customPartitioner, type RDD } from 'millrace'
import { describe, expect, test } from 'vitest'
import { eachThreads } from '../../support/contexts.js'
import { array, assert, asyncProperty, integer, tuple } from '../../support/fast-check.js'
import { table } from '../../support/table.js'

const pairs: [number, string][] = [
  [2, 'b'],
  [3, 'c'],
  [0, 'z'],
  [1, 'a'],
]
const parity = customPartitioner(2, (key: number) => key % 2)

describe('ordered pairs', () => {
  table([
    {
      name: 'filterByRange includes both ends',
      run: (ctx) => ctx.parallelize(pairs, 2).filterByRange(1, 2).collect(),
      expected: [
        [2, 'b'],
        [1, 'a'],
      ],
    },
    {
      name: 'filterByRange on a descending sort',
      run: (ctx) =>
        ctx
          .range(1, 1001, 1, 10)
          .keyBy((x) => x)
          .sortByKey(false)
          .filterByRange(998, 2000)
          .keys()
          .collect(),
      expected: [1000, 999, 998],
    },
    {
      name: 'filterByRange that is empty',
      run: (ctx) => ctx.parallelize(pairs).filterByRange(3, 2).collect(),
      expected: [],
    },
    {
      name: 'filterByRange by another order',
      run: (ctx) =>
        ctx
          .parallelize<[string, number]>([
            ['aaa', 1],
            ['b', 2],
            ['cc', 3],
          ])
          .filterByRange('x', 'yy', (a, b) => a.length - b.length)
          .keys()
          .collect(),
      expected: ['b', 'cc'],
    },
    {
      name: 'repartitionAndSortWithinPartitions',
      run: (ctx) => ctx.parallelize(pairs, 3).repartitionAndSortWithinPartitions(parity).glom().collect(),
      expected: [
        [
          [0, 'z'],
          [2, 'b'],
        ],
        [
          [1, 'a'],
          [3, 'c'],
        ],
      ],
    },
    {
      name: 'repartitionAndSortWithinPartitions, descending',
      run: (ctx) =>
        ctx.parallelize(pairs, 3).repartitionAndSortWithinPartitions(parity, { ascending: false }).glom().collect(),
      expected: [
        [
          [2, 'b'],
          [0, 'z'],
        ],
        [
          [3, 'c'],
          [1, 'a'],
        ],
      ],
    },
    {
      name: 'repartitionAndSortWithinPartitions by another order',
      run: (ctx) =>
        ctx
          .parallelize(pairs, 3)
          .repartitionAndSortWithinPartitions(1, { compare: (a, b) => b - a })
          .keys()
          .collect(),
      expected: [3, 2, 1, 0],
    },
  ])

  eachThreads((ctx) => {
    test('placed and sorted, values of one key in their order', async () => {
      const lists = array(tuple(integer({ min: -5, max: 5 }), integer()), { maxLength: 40 })
      await assert(
        asyncProperty(lists, integer({ min: 1, max: 5 }), integer({ min: 1, max: 5 }), async (list, from, to) => {
          const placed = ctx.parallelize(list, from).partitionBy(to)
          const expected = (await placed.glom().collect()).map((part) => part.toSorted(([a], [b]) => a - b))
          expect(await ctx.parallelize(list, from).repartitionAndSortWithinPartitions(to).glom().collect()).toEqual(
            expected,
          )
        }),
        { numRuns: 20 },
      )
    })

    test.each<[string, (sorted: RDD<[number, string]>) => Promise<unknown>]>([
      ['reduceByKey', (sorted) => sorted.reduceByKey((a, b) => a + b).collect()],
      ['groupByKey', (sorted) => sorted.groupByKey().collect()],
      ['distinct', (sorted) => sorted.distinct().collect()],
    ])('%s after sortByKey needs no other shuffle', async (_, run) => {
      const kinds: string[] = []
      const remove = ctx.on('stageCompleted', ({ kind }) => kinds.push(kind))
      await run(ctx.parallelize(pairs, 2).sortByKey())
      remove()
      expect(kinds.filter((kind) => kind !== 'sample')).toEqual(['map', 'result'])
    })

    test('keys stay in place', () => {
      const placed = ctx.parallelize(pairs, 3).repartitionAndSortWithinPartitions(parity)
      expect(placed.partitionBy(parity)).toBe(placed)
      expect(placed.filterByRange(0, 1).partitioner).toBe(placed.partitioner)
    })
  })
})
