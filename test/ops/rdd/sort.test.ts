import type { BaseRdd } from 'millrace'
import { describe, expect, test } from 'vitest'
import { eachThreads } from '../../support/contexts.js'
import { table } from '../../support/table.js'

/** The contents of each partition. */
const glom = <T>(rdd: BaseRdd<T>): Promise<T[][]> => rdd.mapPartitions((records) => [[...records]]).collect()

/** 0..n-1 in an order that looks shuffled and is always the same; n must not be a multiple of 7919. */
const permutation = (n: number): number[] => Array.from({ length: n }, (_, i) => (i * 7919) % n)
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

describe('sorting', () => {
  table([
    {
      name: 'ascending',
      run: (ctx) =>
        ctx
          .parallelize([3, 1, 2], 2)
          .sortBy((x) => x)
          .collect(),
      expected: [1, 2, 3],
    },
    {
      name: 'descending',
      run: (ctx) =>
        ctx
          .parallelize([3, 1, 2], 2)
          .sortBy((x) => x, false)
          .collect(),
      expected: [3, 2, 1],
    },
    {
      name: 'numbers by value, not by text',
      run: (ctx) =>
        ctx
          .parallelize([10, 9, -1, 100, 0.5], 3)
          .sortBy((x) => x)
          .collect(),
      expected: [-1, 0.5, 9, 10, 100],
    },
    {
      name: 'no data',
      run: (ctx) =>
        ctx
          .parallelize<number>([], 3)
          .sortBy((x) => x)
          .collect(),
      expected: [],
    },
    {
      name: 'no partitions',
      run: (ctx) =>
        ctx
          .emptyRDD<number>()
          .sortBy((x) => x)
          .collect(),
      expected: [],
    },
    {
      name: 'one element, many partitions',
      run: (ctx) =>
        ctx
          .parallelize([5], 10)
          .sortBy((x) => x)
          .collect(),
      expected: [5],
    },
    {
      name: 'duplicates',
      run: (ctx) =>
        ctx
          .parallelize([2, 1, 2, 1, 2, 1], 4)
          .sortBy((x) => x)
          .collect(),
      expected: [1, 1, 1, 2, 2, 2],
    },
    {
      name: 'all equal',
      run: (ctx) =>
        ctx
          .parallelize(
            Array.from({ length: 100 }, () => 7),
            5,
          )
          .sortBy((x) => x)
          .count(),
      expected: 100,
    },
    {
      name: 'texts by UTF-16 units',
      run: (ctx) =>
        ctx
          .parallelize(['b', 'a', 'B', 'ä', 'aa', ''], 3)
          .sortBy((x) => x)
          .collect(),
      expected: ['', 'B', 'a', 'aa', 'b', 'ä'],
    },
    {
      name: 'dates',
      run: (ctx) =>
        ctx
          .parallelize([new Date(3), new Date(1), new Date(2)], 2)
          .sortBy((x) => x)
          .collect(),
      expected: [new Date(1), new Date(2), new Date(3)],
    },
    {
      name: 'bigints',
      run: (ctx) =>
        ctx
          .parallelize([3n, -1n, 2n ** 80n], 2)
          .sortBy((x) => x)
          .collect(),
      expected: [-1n, 3n, 2n ** 80n],
    },
    {
      name: 'booleans',
      run: (ctx) =>
        ctx
          .parallelize([true, false, true], 2)
          .sortBy((x) => x)
          .collect(),
      expected: [false, true, true],
    },
    {
      name: 'arrays element by element',
      run: (ctx) =>
        ctx
          .parallelize([[2, 1], [1, 10], [1, 9], [1]], 2)
          .sortBy((x) => x)
          .collect(),
      expected: [[1], [1, 9], [1, 10], [2, 1]],
    },
    {
      name: 'by a part of the record',
      run: (ctx) =>
        ctx
          .parallelize(['5|50|A', '4|60|C', '6|40|B'], 2)
          .sortBy((s) => s.split('|')[2])
          .collect(),
      expected: ['5|50|A', '6|40|B', '4|60|C'],
    },
    {
      name: "by a comparison of one's own",
      run: (ctx) =>
        ctx
          .parallelize(['bb', 'a', 'ccc'], 2)
          .sortBy((s) => s, { compare: (a, b) => b.length - a.length })
          .collect(),
      expected: ['ccc', 'bb', 'a'],
    },
    {
      name: "by a comparison of one's own, descending",
      run: (ctx) =>
        ctx
          .parallelize(['bb', 'a', 'ccc'], 2)
          .sortBy((s) => s, { compare: (a, b) => b.length - a.length, ascending: false })
          .collect(),
      expected: ['a', 'bb', 'ccc'],
    },
    {
      name: 'sortByKey',
      run: (ctx) =>
        ctx
          .parallelize<[number, string]>(
            [
              [2, 'b'],
              [1, 'a'],
              [3, 'c'],
            ],
            2,
          )
          .sortByKey()
          .collect(),
      expected: [
        [1, 'a'],
        [2, 'b'],
        [3, 'c'],
      ],
    },
    {
      name: 'sortByKey, descending',
      run: (ctx) =>
        ctx
          .parallelize<[number, string]>(
            [
              [2, 'b'],
              [1, 'a'],
              [3, 'c'],
            ],
            2,
          )
          .sortByKey(false)
          .collect(),
      expected: [
        [3, 'c'],
        [2, 'b'],
        [1, 'a'],
      ],
    },
    {
      name: 'equal keys of one partition keep their order',
      run: (ctx) =>
        ctx
          .parallelize<[number, string]>(
            [
              [1, 'a'],
              [0, 'x'],
              [1, 'b'],
              [1, 'c'],
            ],
            1,
          )
          .sortByKey({ partitions: 3 })
          .collect(),
      expected: [
        [0, 'x'],
        [1, 'a'],
        [1, 'b'],
        [1, 'c'],
      ],
    },
    {
      name: 'infinities',
      run: (ctx) =>
        ctx
          .parallelize([Infinity, 0, -Infinity], 2)
          .sortBy((x) => x)
          .collect(),
      expected: [-Infinity, 0, Infinity],
    },
    {
      name: 'NaN after every number',
      run: (ctx) =>
        ctx
          .parallelize([Number.NaN, 2, Number.NaN, 1, -Infinity, Infinity, 0], 3)
          .sortBy((x) => x)
          .collect(),
      expected: [-Infinity, 0, 1, 2, Infinity, Number.NaN, Number.NaN],
    },
    {
      name: 'undefined and null last',
      run: (ctx) =>
        ctx
          .parallelize([undefined, 2, null, Number.NaN, -1, undefined, null], 3)
          .sortBy((x) => x)
          .collect(),
      expected: [-1, 2, Number.NaN, null, null, undefined, undefined],
    },
    {
      name: 'descending is the same order from the end',
      run: (ctx) =>
        ctx
          .parallelize([undefined, 2, null, Number.NaN, -1], 3)
          .sortBy((x) => x, false)
          .collect(),
      expected: [undefined, null, Number.NaN, 2, -1],
    },
    {
      name: 'a sort after a shuffle',
      run: (ctx) =>
        ctx
          .range(0, 40, 1, 4)
          .map((n): [number, number] => [n % 4, 1])
          .reduceByKey((a, b) => a + b)
          .sortByKey(false)
          .collect(),
      expected: [
        [3, 10],
        [2, 10],
        [1, 10],
        [0, 10],
      ],
    },
    {
      name: 'a sort of a sort',
      run: (ctx) =>
        ctx
          .parallelize([3, 1, 2], 3)
          .sortBy((x) => -x)
          .sortBy((x) => x)
          .collect(),
      expected: [1, 2, 3],
    },
  ])

  eachThreads((ctx) => {
    test.each([
      [1000, 2, 2],
      [1000, 10, 30],
      [5, 30, 30],
      [1000, 1, 7],
      [2000, 100, 3],
    ])('%i numbers in %i partitions, sorted into %i', async (n, from, to) => {
      const rdd = ctx.parallelize(permutation(n), from)
      const ascending = await glom(rdd.sortBy((x) => x, { partitions: to }))
      expect(ascending).toHaveLength(to)
      expect(ascending.flat()).toEqual(upTo(n))
      expect((await glom(rdd.sortBy((x) => x, { partitions: to, ascending: false }))).flat()).toEqual(upTo(n).reverse())
    })

    test('the bounds are sampled once', async () => {
      const kinds: string[] = []
      const remove = ctx.on('stageCompleted', ({ kind }) => kinds.push(kind))
      const sorted = ctx.parallelize([3, 1, 2], 2).sortBy((x) => x)
      await sorted.collect()
      await sorted.collect()
      remove()
      expect(kinds).toEqual(['sample', 'map', 'result', 'result'])
    })

    test('partitions are of about the same size', async () => {
      const parts = await glom(ctx.parallelize(permutation(10_000), 4).sortBy((x) => x, { partitions: 8 }))
      for (const part of parts) expect(part.length).toBeGreaterThan(10_000 / 8 / 3)
    })

    test('an error of the key function names the operation', async () => {
      const failing = ctx.parallelize([1, 2, 3], 2).sortBy(
        (): number => {
          throw new Error('no key')
        },
        { partitions: 2 },
      )
      await expect(failing.collect()).rejects.toThrow(/sortBy.*no key/)
    })
  })
})
