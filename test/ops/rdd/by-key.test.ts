import { ArgumentError, type BaseRdd, hashPartitioner } from 'millrace'
import { describe, expect, test } from 'vitest'
import { sorted } from '../../support/compare.js'
import { eachThreads } from '../../support/contexts.js'
import { nodeOf } from '../../support/nodes.js'
import { table } from '../../support/table.js'

const pairs: [string, number][] = [
  ['a', 1],
  ['b', 2],
  ['a', 3],
  ['c', 4],
  ['b', 5],
]
const none: [string, number][] = []

/** The contents of each partition. */
const glom = <T>(rdd: BaseRdd<T>): Promise<T[][]> => rdd.mapPartitions((records) => [[...records]]).collect()

describe('combining by key', () => {
  table([
    {
      name: 'reduceByKey',
      bag: true,
      run: (ctx) =>
        ctx
          .parallelize(pairs, 3)
          .reduceByKey((x, y) => x + y)
          .collect(),
      expected: [
        ['a', 4],
        ['b', 7],
        ['c', 4],
      ],
    },
    {
      name: 'reduceByKey over no data',
      run: (ctx) =>
        ctx
          .parallelize(none, 3)
          .reduceByKey((x, y) => x + y)
          .collect(),
      expected: [],
    },
    {
      name: 'reduceByKey over no partitions',
      run: (ctx) =>
        ctx
          .emptyRDD<[string, number]>()
          .reduceByKey((x, y) => x + y)
          .collect(),
      expected: [],
    },
    {
      name: 'reduceByKey to one partition keeps the order of first appearance',
      run: (ctx) =>
        ctx
          .parallelize(pairs, 3)
          .reduceByKey((x, y) => x + y, 1)
          .collect(),
      expected: [
        ['a', 4],
        ['b', 7],
        ['c', 4],
      ],
    },
    {
      name: 'values meet in the order of the map partitions',
      bag: true,
      run: (ctx) =>
        ctx
          .range(0, 12, 1, 6)
          .map((n): [number, string] => [n % 2, String(n)])
          .reduceByKey((x, y) => `${x},${y}`)
          .collect(),
      expected: [
        [0, '0,2,4,6,8,10'],
        [1, '1,3,5,7,9,11'],
      ],
    },
    {
      name: 'reduceByKey into more partitions than keys',
      bag: true,
      run: (ctx) =>
        ctx
          .parallelize(pairs)
          .reduceByKey((x, y) => x + y, 50)
          .collect(),
      expected: [
        ['a', 4],
        ['b', 7],
        ['c', 4],
      ],
    },
    {
      name: '1,000 map partitions, 10 reduce partitions',
      bag: true,
      run: (ctx) =>
        ctx
          .range(0, 5000, 1, 1000)
          .map((n): [number, number] => [n % 5, 1])
          .reduceByKey((x, y) => x + y, 10)
          .collect(),
      expected: [
        [0, 1000],
        [1, 1000],
        [2, 1000],
        [3, 1000],
        [4, 1000],
      ],
    },
    {
      name: '1,000 reduce partitions',
      run: (ctx) =>
        ctx
          .range(0, 100, 1, 2)
          .map((n): [number, number] => [n, 1])
          .reduceByKey((x, y) => x + y, 1000)
          .count(),
      expected: 100,
    },
    {
      name: 'a sum that is undefined or null',
      bag: true,
      run: (ctx) =>
        ctx
          .parallelize<[string, number]>(
            [
              ['a', 1],
              ['a', 2],
              ['b', 1],
              ['b', 2],
            ],
            2,
          )
          .reduceByKey((_x, _y): number => undefined as unknown as number)
          .collect(),
      expected: [
        ['a', undefined],
        ['b', undefined],
      ],
    },
    {
      name: 'groupByKey',
      bag: true,
      run: (ctx) => ctx.parallelize(pairs, 3).groupByKey().collect(),
      expected: [
        ['a', [1, 3]],
        ['b', [2, 5]],
        ['c', [4]],
      ],
    },
    { name: 'groupByKey over no data', run: (ctx) => ctx.parallelize(none, 3).groupByKey().collect(), expected: [] },
    {
      name: 'groupByKey keeps duplicates, undefined and null',
      bag: true,
      run: (ctx) =>
        ctx
          .parallelize<[string, unknown]>(
            [
              ['a', 1],
              ['a', 1],
              ['a', undefined],
              ['b', null],
            ],
            2,
          )
          .groupByKey()
          .collect(),
      expected: [
        ['a', [1, 1, undefined]],
        ['b', [null]],
      ],
    },
    {
      name: 'combineByKey',
      bag: true,
      run: (ctx) =>
        ctx
          .parallelize(pairs, 2)
          .combineByKey(
            (v) => ({ sum: v, n: 1 }),
            (acc, v) => ({ sum: acc.sum + v, n: acc.n + 1 }),
            (x, y) => ({ sum: x.sum + y.sum, n: x.n + y.n }),
          )
          .collect(),
      expected: [
        ['a', { sum: 4, n: 2 }],
        ['b', { sum: 7, n: 2 }],
        ['c', { sum: 4, n: 1 }],
      ],
    },
    {
      name: 'combineByKey with an accumulator that is changed in place',
      bag: true,
      run: (ctx) =>
        ctx
          .parallelize(pairs, 2)
          .combineByKey(
            (v) => [v],
            (acc, v) => {
              acc.push(v)
              return acc
            },
            (x, y) => {
              x.push(...y)
              return x
            },
          )
          .collect(),
      expected: [
        ['a', [1, 3]],
        ['b', [2, 5]],
        ['c', [4]],
      ],
    },
    {
      name: 'distinct',
      bag: true,
      run: (ctx) => ctx.parallelize([1, 2, 1, 3, 2], 3).distinct().collect(),
      expected: [1, 2, 3],
    },
    {
      name: 'distinct of composite values',
      bag: true,
      run: (ctx) =>
        ctx
          .parallelize([[1, 'a'], [1, 'a'], [1, 'b'], []], 3)
          .distinct()
          .collect(),
      expected: [[1, 'a'], [1, 'b'], []],
    },
    {
      name: 'distinct of special values',
      bag: true,
      run: (ctx) =>
        ctx.parallelize([Number.NaN, Number.NaN, null, undefined, null, undefined, '', '', 0], 4).distinct().collect(),
      expected: [Number.NaN, null, undefined, '', 0],
    },
    { name: 'distinct over no data', run: (ctx) => ctx.parallelize<number>([]).distinct(5).collect(), expected: [] },
    {
      name: 'countByValue',
      run: async (ctx) => sorted(await ctx.parallelize(['a', 'b', 'a'], 2).countByValue()),
      expected: [
        ['a', 2],
        ['b', 1],
      ],
    },
    {
      name: 'countByValue of composite values counts contents',
      run: async (ctx) => sorted(await ctx.parallelize([{ x: 1, y: 2 }, { y: 2, x: 1 }, { x: 1 }], 3).countByValue()),
      expected: sorted([
        [{ x: 1, y: 2 }, 2],
        [{ x: 1 }, 1],
      ]),
    },
  ])
})

describe('keys of every kind', () => {
  type Row = readonly [name: string, keys: readonly unknown[], distinct: readonly unknown[]]
  const rows: Row[] = [
    ['numbers', [1, 1, 2, 1.5, 1.5], [1, 2, 1.5]],
    ['0 and -0 are one key', [0, -0, 0], [0]],
    ['NaN', [Number.NaN, Number.NaN], [Number.NaN]],
    ['infinities', [Infinity, -Infinity, Infinity], [Infinity, -Infinity]],
    ['null and undefined are two keys', [null, undefined, null, undefined], [null, undefined]],
    ['texts and numbers of the same look', ['1', 1, '1', 1], ['1', 1]],
    ['booleans', [true, false, true], [true, false]],
    ['bigints', [1n, 1n, 2n ** 70n, 1], [1n, 2n ** 70n, 1]],
    ['unicode', ['ü', 'u\u0308', 'ü', '🚲', '🚲'], ['ü', 'u\u0308', '🚲']],
    ['empty text', ['', '', ' '], ['', ' ']],
    [
      'arrays by contents',
      [
        [1, 'a'],
        [1, 'a'],
        ['a', 1],
      ],
      [
        [1, 'a'],
        ['a', 1],
      ],
    ],
    [
      'arrays that a joined text would confuse',
      [['a,b'], ['a', 'b'], [['a', 'b']]],
      [['a,b'], ['a', 'b'], [['a', 'b']]],
    ],
    [
      'objects by contents, whatever the order of fields',
      [{ a: 1, b: 2 }, { b: 2, a: 1 }, { a: 1 }],
      [{ a: 1, b: 2 }, { a: 1 }],
    ],
    ['dates', [new Date(5), new Date(5), new Date(6)], [new Date(5), new Date(6)]],
    ['a date is not its number', [new Date(5), 5], [new Date(5), 5]],
    [
      'nested',
      [[{ at: new Date(1), tags: ['x'] }], [{ tags: ['x'], at: new Date(1) }]],
      [[{ at: new Date(1), tags: ['x'] }]],
    ],
    [
      'all kinds in one',
      [1, '1', [1], { 1: 1 }, null, true, 1, '1', [1], { 1: 1 }, null, true],
      [1, '1', [1], { 1: 1 }, null, true],
    ],
  ]
  eachThreads((ctx) => {
    test.each(rows)('%s', async (_, keys, distinct) => {
      // Several partitions: equal keys are first combined apart, then have to meet in one place.
      const rdd = ctx.parallelize(
        keys.map((key): [unknown, number] => [key, 1]),
        keys.length,
      )
      const counted = await rdd.reduceByKey((x, y) => x + y, 7).collect()
      expect(sorted(counted.map(([key]) => key))).toStrictEqual(sorted(distinct))
      expect(counted.reduce((sum, [, n]) => sum + n, 0)).toBe(keys.length)
      const grouped = await rdd.groupByKey(3).collect()
      expect(sorted(grouped.map(([key]) => key))).toStrictEqual(sorted(distinct))
      const joined = await rdd
        .reduceByKey((x, y) => x + y)
        .join(rdd.reduceByKey((x, y) => x + y, 5))
        .collect()
      expect(joined).toHaveLength(distinct.length)
    })
  })

  eachThreads((ctx) => {
    test('a NaN made by arithmetic is the same key as any other', async () => {
      // The bits of a NaN differ with its origin; what decides the partition must not.
      const keys = await ctx
        .parallelize([0, -0, 1, Number.NaN], 4)
        .map((x): [number, number] => [(x - x) / (x - x), 1])
        .reduceByKey((a, b) => a + b, 64)
        .collect()
      expect(keys).toStrictEqual([[Number.NaN, 4]])
    })
  })
})

describe('placement', () => {
  eachThreads((ctx) => {
    test('repartition deals evenly and loses nothing', async () => {
      const parts = await glom(ctx.range(0, 100, 1, 3).repartition(8))
      expect(parts).toHaveLength(8)
      expect(sorted(parts.flat())).toStrictEqual(sorted(Array.from({ length: 100 }, (_, i) => i)))
      for (const part of parts) expect(part.length).toBeGreaterThanOrEqual(10)
    })
    test('repartition to fewer, and of no data', async () => {
      expect(await glom(ctx.parallelize([1, 2, 3], 3).repartition(1))).toStrictEqual([[1, 2, 3]])
      expect(await glom(ctx.parallelize<number>([], 3).repartition(2))).toStrictEqual([[], []])
    })
    test('partitionBy brings equal keys together and keeps every pair', async () => {
      const placed = ctx.parallelize(pairs, 3).partitionBy(4)
      expect(placed.partitioner).toEqual(hashPartitioner(4))
      const parts = await glom(placed)
      expect(sorted(parts.flat())).toStrictEqual(sorted(pairs))
      for (const key of ['a', 'b', 'c']) expect(parts.filter((part) => part.some(([k]) => k === key))).toHaveLength(1)
    })
    test('what is placed already is combined and joined without a shuffle', async () => {
      const placed = ctx.parallelize(pairs, 3).partitionBy(4)
      const reduced = placed.reduceByKey((x, y) => x + y)
      expect(nodeOf(reduced).dependencies.map((d) => d.kind)).toEqual(['narrow'])
      expect(reduced.getNumPartitions()).toBe(4)
      expect(placed.partitionBy(hashPartitioner(4))).toBe(placed)
      expect(sorted(await reduced.collect())).toStrictEqual(
        sorted([
          ['a', 4],
          ['b', 7],
          ['c', 4],
        ]),
      )
      expect(
        sorted(
          await placed
            .groupByKey()
            .mapValues((vs) => vs.length)
            .collect(),
        ),
      ).toStrictEqual(
        sorted([
          ['a', 2],
          ['b', 2],
          ['c', 1],
        ]),
      )
      expect(sorted(await placed.join(reduced).collect())).toStrictEqual(
        sorted([
          ['a', [1, 4]],
          ['a', [3, 4]],
          ['b', [2, 7]],
          ['b', [5, 7]],
          ['c', [4, 4]],
        ]),
      )
    })
    test('another number of partitions shuffles', async () => {
      const reduced = ctx
        .parallelize(pairs, 3)
        .partitionBy(4)
        .reduceByKey((x, y) => x + y, 3)
      expect(nodeOf(reduced).dependencies.map((d) => d.kind)).toEqual(['shuffle'])
      expect(sorted(await reduced.collect())).toStrictEqual(
        sorted([
          ['a', 4],
          ['b', 7],
          ['c', 4],
        ]),
      )
    })
    test('operators that leave keys alone keep the partitioner, the others drop it', () => {
      const placed = ctx.parallelize(pairs).partitionBy(4)
      expect(placed.filter(() => true).partitioner).toBe(placed.partitioner)
      expect(placed.mapValues((v) => v).partitioner).toBe(placed.partitioner)
      expect(placed.flatMapValues((v) => [v]).partitioner).toBe(placed.partitioner)
      expect(placed.map((p) => p).partitioner).toBeUndefined()
      expect(placed.flatMap((p) => [p]).partitioner).toBeUndefined()
      expect(placed.mapPartitions((ps) => ps).partitioner).toBeUndefined()
      expect(placed.repartition(4).partitioner).toBeUndefined()
    })
  })

  eachThreads((ctx) => {
    test.each([0, -1, 1.5, Number.NaN])('%s partitions are refused', (n) => {
      expect(() => ctx.parallelize(pairs).reduceByKey((x, y) => x + y, n)).toThrow(ArgumentError)
      expect(() => ctx.parallelize(pairs).partitionBy(n)).toThrow(ArgumentError)
    })
  })
})
