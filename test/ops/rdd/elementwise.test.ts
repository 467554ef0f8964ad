import { ArgumentError, Context, TaskFailedError, withEnv } from 'millrace'
import { describe, expect, test } from 'vitest'
import { eachThreads } from '../../support/contexts.js'
import { table } from '../../support/table.js'

const pairs: [string, number][] = [
  ['a', 1],
  ['b', 2],
  ['a', 3],
]

describe('element-wise operators', () => {
  table([
    {
      name: 'map',
      run: (ctx) =>
        ctx
          .parallelize([1, 2, 3], 2)
          .map((x) => x * 2)
          .collect(),
      expected: [2, 4, 6],
    },
    {
      name: 'map over no data',
      run: (ctx) =>
        ctx
          .parallelize<number>([], 3)
          .map((x) => x * 2)
          .collect(),
      expected: [],
    },
    {
      name: 'map over no partitions',
      run: (ctx) =>
        ctx
          .emptyRDD<number>()
          .map((x) => x * 2)
          .collect(),
      expected: [],
    },
    {
      name: 'map to undefined and null',
      run: (ctx) =>
        ctx
          .parallelize([1, 2])
          .map((x) => (x === 1 ? undefined : null))
          .collect(),
      expected: [undefined, null],
    },
    {
      name: 'map with a global',
      run: (ctx) => ctx.parallelize(['1', '2.5']).map(Number).collect(),
      expected: [1, 2.5],
    },
    {
      name: 'map with values of the surroundings',
      run: (ctx) =>
        ctx
          .parallelize([1, 2])
          .map(withEnv({ add: 10 }, (x: number) => x + add))
          .collect(),
      expected: [11, 12],
    },
    {
      name: 'filter',
      run: (ctx) =>
        ctx
          .parallelize([1, 2, 3, 4], 3)
          .filter((x) => x % 2 === 0)
          .collect(),
      expected: [2, 4],
    },
    {
      name: 'filter that keeps nothing',
      run: (ctx) =>
        ctx
          .parallelize([1, 2, 3])
          .filter(() => false)
          .collect(),
      expected: [],
    },
    {
      name: 'filter by a truthy answer',
      run: (ctx) => ctx.parallelize([0, 1, Number.NaN, 2]).filter(Boolean).collect(),
      expected: [1, 2],
    },
    {
      name: 'flatMap',
      run: (ctx) =>
        ctx
          .parallelize(['a b', '', 'c'], 2)
          .flatMap((line) => line.split(' '))
          .collect(),
      expected: ['a', 'b', '', 'c'],
    },
    {
      name: 'flatMap to nothing',
      run: (ctx) =>
        ctx
          .parallelize([1, 2])
          .flatMap(() => [])
          .collect(),
      expected: [],
    },
    {
      name: 'flatMap to a set, a generator and a text',
      run: (ctx) =>
        ctx
          .parallelize([0, 1, 2], 1)
          .flatMap(
            (x): Iterable<unknown> =>
              x === 0
                ? new Set([7, 7])
                : x === 1
                  ? (function* () {
                      yield 8
                      yield 9
                    })()
                  : 'ab',
          )
          .collect(),
      expected: [7, 8, 9, 'a', 'b'],
    },
    {
      name: 'a chain of many',
      run: (ctx) =>
        ctx
          .range(0, 10, 1, 3)
          .map((x) => x + 1)
          .filter((x) => x % 2 === 0)
          .flatMap((x) => [x, x])
          .map((x) => -x)
          .collect(),
      expected: [-2, -2, -4, -4, -6, -6, -8, -8, -10, -10],
    },
    {
      name: 'mapPartitions sees each partition and its number',
      run: (ctx) =>
        ctx
          .parallelize([1, 2, 3, 4, 5], 2)
          .mapPartitions((xs, p) => [[p, ...xs]])
          .collect(),
      expected: [
        [0, 1, 2],
        [1, 3, 4, 5],
      ],
    },
    {
      name: 'mapPartitions is called for empty partitions too',
      run: (ctx) =>
        ctx
          .parallelize<number>([1], 3)
          .mapPartitions((xs) => [[...xs].length])
          .collect(),
      expected: [0, 0, 1],
    },
    {
      name: 'mapPartitions by a generator, then map',
      run: (ctx) =>
        ctx
          .parallelize([1, 2, 3], 2)
          .mapPartitions(function* (xs) {
            for (const x of xs) yield x * 10
          })
          .map((x) => x + 1)
          .collect(),
      expected: [11, 21, 31],
    },
    {
      name: 'two mapPartitions in a row',
      run: (ctx) =>
        ctx
          .parallelize([1, 2, 3, 4], 2)
          .map((x) => x + 1)
          .mapPartitions((xs) => [[...xs]])
          .mapPartitions((ls) => [[...ls].length])
          .collect(),
      expected: [1, 1],
    },
    {
      name: 'mapValues',
      run: (ctx) =>
        ctx
          .parallelize(pairs, 2)
          .mapValues((v) => v * 10)
          .collect(),
      expected: [
        ['a', 10],
        ['b', 20],
        ['a', 30],
      ],
    },
    {
      name: 'flatMapValues',
      run: (ctx) =>
        ctx
          .parallelize(pairs, 2)
          .flatMapValues((v) => (v === 2 ? [] : [v, -v]))
          .collect(),
      expected: [
        ['a', 1],
        ['a', -1],
        ['a', 3],
        ['a', -3],
      ],
    },
    {
      name: 'keys and values',
      run: async (ctx) => [
        await ctx.parallelize(pairs).keys().collect(),
        await ctx.parallelize(pairs).values().collect(),
      ],
      expected: [
        ['a', 'b', 'a'],
        [1, 2, 3],
      ],
    },
    {
      name: '1,000 partitions',
      run: (ctx) =>
        ctx
          .range(0, 3000, 1, 1000)
          .map((x) => x % 7)
          .filter((x) => x === 0)
          .count(),
      expected: 429,
    },
    {
      name: 'more partitions than elements',
      run: (ctx) =>
        ctx
          .parallelize([1, 2], 7)
          .map((x) => x)
          .collect(),
      expected: [1, 2],
    },
    {
      name: 'unicode',
      run: (ctx) =>
        ctx
          .parallelize(['grün', '日本', '🚲', 'e\u0301', '\u0000'])
          .map((s) => s + s)
          .collect(),
      expected: ['grüngrün', '日本日本', '🚲🚲', 'e\u0301e\u0301', '\u0000\u0000'],
    },
  ])
})

// A name that only withEnv gives a meaning to.
declare const add: number

describe('values that travel to the threads and back', () => {
  const values = {
    numbers: [0, -0, Number.NaN, Infinity, -Infinity, 2 ** 31, -(2 ** 31) - 1, 0.1, Number.MAX_SAFE_INTEGER],
    texts: ['', 'a', '\ud800', '\n', 'x'.repeat(70_000)],
    mixed: [1, 'a', null, undefined, true, [1, [2]], { a: { b: [] } }],
    dates: [new Date(0), new Date(Number.NaN), new Date(8.64e15)],
    bigints: [0n, -1n, 2n ** 70n],
    collections: [
      new Map<unknown, unknown>([
        ['a', 1],
        [2, 'b'],
      ]),
      new Set([1, 'x']),
    ],
    bytes: [new Uint8Array([0, 255]), new Float64Array([0.5])],
    pairsOfPairs: [
      ['a', ['b', [1, -0]]],
      ['', ['', [Number.NaN, 2]]],
    ],
    pairsOfNothing: [
      ['a', undefined],
      ['b', null],
    ],
    arraysThatAreNoPairs: [[], [1], [1, 2, 3]],
  }
  eachThreads((ctx) => {
    test.each(Object.entries(values))('%s', async (_, list) => {
      expect(
        await ctx
          .parallelize<unknown>(list, 2)
          .map((x) => x)
          .collect(),
      ).toStrictEqual(list)
    })
  })
})

describe('values given through withEnv', () => {
  // Each value differs from the previous one, although some of their texts would not.
  const values = [
    Number.NaN,
    null,
    Infinity,
    0,
    -0,
    undefined,
    1n,
    2n,
    '1',
    new Date(0),
    new Date(0).toISOString(),
    new Date(1),
    new Map([[1, 'a']]),
    new Map([[1, 'b']]),
    {},
    new Set([1]),
    new Set([2]),
    /a/g,
    /b/g,
    new Uint8Array([1]),
    new Uint8Array([2]),
    [undefined],
    [null],
  ]
  eachThreads((ctx) => {
    test.each(values.map((value, i) => [i, value]))('%i: %o', async (_, value) => {
      expect(
        await ctx
          .parallelize([1])
          .map(withEnv({ value }, () => value))
          .collect(),
      ).toStrictEqual([value])
    })
  })
})

describe('what goes wrong', () => {
  eachThreads((ctx) => {
    test('an error in a function fails the action with partition, operation and cause', async () => {
      const failing = ctx.range(0, 4, 1, 4).map((x) => {
        if (x === 2) throw new RangeError('no twos')
        return x
      })
      const error = await failing.collect().catch((e: unknown) => e)
      expect(error).toBeInstanceOf(TaskFailedError)
      expect((error as Error).message).toMatch(/map failed in partition 2 .* no twos/)
      expect((error as Error).cause).toMatchObject({ name: 'RangeError', message: 'no twos' })
    })
    test('the operation that failed is the one that is named', async () => {
      const failing = ctx
        .parallelize([1])
        .map((x) => x)
        .filter(() => true)
        .flatMap((): number[] => {
          throw new Error('in the middle')
        })
        .map((x) => x)
      await expect(failing.collect()).rejects.toThrow(/^flatMap failed/)
    })
    test('a flatMap to something that is not iterable', async () => {
      await expect(
        ctx
          .parallelize([1])
          .flatMap((x) => x as unknown as number[])
          .collect(),
      ).rejects.toThrow(/flatMap failed/)
    })
    test('pair operations of records that are no pairs', async () => {
      const odd = ctx.parallelize([['a', 1], 'not a pair'] as unknown as [string, number][], 1)
      await expect(odd.groupByKey().collect()).rejects.toThrow(/pair/)
    })
    test('values that are no data pass from one narrow operation to the next, but do not leave the thread', async () => {
      const functions = ctx.range(0, 4, 1, 2).map((x) => () => x * 2)
      expect(
        await functions
          .filter((fn) => fn() > 0)
          .map((fn) => fn())
          .collect(),
      ).toEqual([2, 4, 6])
      await expect(functions.collect()).rejects.toThrow('is a function')
    })
    test('the context goes on after a failure', async () => {
      await expect(
        ctx
          .parallelize([1])
          .map(() => {
            throw new Error('x')
          })
          .collect(),
      ).rejects.toThrow('x')
      expect(await ctx.parallelize([1]).collect()).toEqual([1])
    })
  })

  test('arguments are checked at the call', async () => {
    await using ctx = new Context({ threads: 1 })
    const rdd = ctx.parallelize([1])
    expect(() => rdd.map('x' as never)).toThrow(ArgumentError)
    expect(() => ctx.parallelize([1], 0)).toThrow(ArgumentError)
    expect(() => ctx.parallelize([1], 1.5)).toThrow(ArgumentError)
    expect(() => ctx.range(0, 1, 0)).toThrow(ArgumentError)
    expect(() => ctx.range(Number.NaN)).toThrow(ArgumentError)
    expect(() => ctx.textFile('')).toThrow(ArgumentError)
    expect(() => rdd.repartition(0)).toThrow(ArgumentError)
  })
})
