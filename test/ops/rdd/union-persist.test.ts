import { hashPartitioner, withEnv } from 'millrace'
import { describe, expect, test } from 'vitest'
import { sorted } from '../../support/compare.js'
import { eachThreads } from '../../support/contexts.js'
import { nodeOf } from '../../support/nodes.js'
import { table } from '../../support/table.js'

const pairs: [string, number][] = [
  ['a', 1],
  ['b', 2],
  ['c', 3],
]

describe('union', () => {
  table([
    {
      name: 'one after the other, duplicates kept',
      run: (ctx) =>
        ctx
          .parallelize([1, 2], 2)
          .union(ctx.parallelize([2, 3], 3))
          .collect(),
      expected: [1, 2, 2, 3],
    },
    {
      name: 'with itself',
      run: (ctx) => {
        const rdd = ctx.parallelize([1, 2, 3, 4], 2)
        return rdd.union(rdd).collect()
      },
      expected: [1, 2, 3, 4, 1, 2, 3, 4],
    },
    {
      name: 'of a list, placed alike or not, or of nothing',
      run: async (ctx) => {
        const placed = ctx.parallelize(pairs, 2).partitionBy(hashPartitioner(3))
        const twice = ctx.union([placed, placed.mapValues((x) => x)])
        return [
          await ctx.union([ctx.range(2), ctx.emptyRDD<number>(), ctx.parallelize([7]), ctx.range(1)]).collect(),
          await ctx.union([]).collect(),
          [twice.getNumPartitions(), await twice.count(), (await twice.lookup('a')).length],
          await ctx.union(Array.from({ length: 1500 }, (_, i) => ctx.parallelize([i], 1))).sum(),
        ]
      },
      expected: [[0, 1, 7, 0], [], [3, 6, 2], (1499 * 1500) / 2],
    },
    {
      name: 'with nothing',
      run: async (ctx) => [
        await ctx.parallelize([1]).union(ctx.emptyRDD<number>()).collect(),
        await ctx.emptyRDD<number>().union(ctx.emptyRDD<number>()).collect(),
      ],
      expected: [[1], []],
    },
    {
      name: 'of different types',
      run: (ctx) =>
        ctx
          .parallelize([1])
          .union(ctx.parallelize(['a']))
          .collect(),
      expected: [1, 'a'],
    },
    {
      name: 'of many',
      run: (ctx) =>
        Array.from({ length: 50 }, (_, i) => ctx.parallelize([i], 1))
          .reduce((a, b) => a.union(b))
          .reduce((a, b) => a + b),
      expected: 1225,
    },
    {
      name: 'of chains',
      run: (ctx) =>
        ctx
          .range(3)
          .map((x) => x * 2)
          .union(ctx.range(3).filter((x) => x > 0))
          .map((x) => x + 1)
          .collect(),
      expected: [1, 3, 5, 2, 3],
    },
    {
      name: 'of whole partitions, which stay as they were made',
      run: async (ctx) => {
        const halves = ctx.parallelize([1, 2, 3, 4], 2).mapPartitions((xs) => [...xs])
        return [await halves.union(halves).count(), await halves.count()]
      },
      expected: [8, 4],
    },
  ])

  eachThreads((ctx) => {
    test('equal partitioners: partition by partition, and keys stay in place', async () => {
      const left = ctx.parallelize(pairs).partitionBy(3)
      const right = ctx.parallelize(pairs).partitionBy(3)
      const both = left.union(right)
      expect([both.getNumPartitions(), both.partitioner]).toEqual([3, hashPartitioner(3)])
      const reduced = both.reduceByKey((x, y) => x + y)
      expect(nodeOf(reduced).dependencies[0]!.kind).toBe('narrow')
      expect(sorted(await reduced.collect())).toEqual([
        ['a', 2],
        ['b', 4],
        ['c', 6],
      ])
    })
    test('other partitioners: all partitions, keys nowhere in particular', async () => {
      const both = ctx.parallelize(pairs).partitionBy(3).union(ctx.parallelize(pairs).partitionBy(4))
      expect([both.getNumPartitions(), both.partitioner]).toEqual([7, undefined])
      expect(sorted(await both.reduceByKey((x, y) => x + y).collect())).toEqual([
        ['a', 2],
        ['b', 4],
        ['c', 6],
      ])
    })
  })
})

describe('persist', () => {
  eachThreads((ctx) => {
    /** A dataset, and how many of its records were computed so far. */
    const counted = (texts: readonly string[], partitions: number) => {
      const computed = ctx.longAccumulator()
      const upper = withEnv({ computed }, (text: string) => {
        computed.add(1)
        return text.toUpperCase()
      })
      return { computed, upper: ctx.parallelize(texts, partitions).map(upper) }
    }

    test('what is persisted is not computed again, until it is unpersisted', async () => {
      const { computed, upper } = counted(['ab', 'cd'], 2)
      const kept = upper.persist()
      expect(await kept.collect()).toEqual(['AB', 'CD'])
      expect(await kept.collect()).toEqual(['AB', 'CD'])
      expect(await kept.map((line) => line.length).collect()).toEqual([2, 2])
      expect(computed.value).toBe(2)
      expect(await kept.unpersist().collect()).toEqual(['AB', 'CD'])
      expect(computed.value).toBe(4)
    })

    test('without persist it is computed again', async () => {
      const { computed, upper } = counted(['ab'], 1)
      await upper.collect()
      await upper.collect()
      expect(computed.value).toBe(2)
    })

    test('only what was asked for is kept', async () => {
      const { computed, upper } = counted(['a', 'b'], 2)
      const kept = upper.cache()
      expect(await kept.take(1)).toEqual(['A'])
      expect(computed.value).toBe(1)
      expect(await kept.collect()).toEqual(['A', 'B'])
      expect(computed.value).toBe(2)
    })

    test('empty partitions and special values', async () => {
      const values = [undefined, null, Number.NaN, -0, [['a', undefined]], 'ü']
      const kept = ctx.parallelize<unknown>(values, 20).persist()
      for (let i = 0; i < 2; i++) expect(await kept.collect()).toStrictEqual(values)
      expect(await ctx.emptyRDD().persist().collect()).toEqual([])
    })

    test('unpersist before anything was kept, and twice', async () => {
      const rdd = ctx.parallelize([1]).persist()
      expect(await rdd.unpersist().unpersist().collect()).toEqual([1])
    })

    test('kept on both sides of a shuffle', async () => {
      const counts = ctx
        .parallelize(pairs, 3)
        .persist()
        .reduceByKey((x, y) => x + y)
        .persist()
      for (let i = 0; i < 2; i++) expect(sorted(await counts.collect())).toEqual(pairs)
      expect(sorted(await counts.join(counts).collect())).toEqual(pairs.map(([k, v]) => [k, [v, v]]))
    })
  })
})
