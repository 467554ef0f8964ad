import { ArgumentError, DataError, StateError } from 'millrace'
import { describe, expect, test } from 'vitest'
import { eachThreads } from '../../support/contexts.js'
import { array, assert, asyncProperty, integer, string } from '../../support/fast-check.js'
import { table } from '../../support/table.js'

const pairs: [string, number][] = [
  ['a', 1],
  ['b', 2],
  ['a', 3],
  ['a', 1],
]

describe('folding', () => {
  table([
    { name: 'fold', run: (ctx) => ctx.range(-1000, 1000, 1, 10).fold(0, (a, b) => a + b), expected: -1000 },
    {
      name: 'fold counts zero once a partition and once more',
      run: (ctx) => ctx.parallelize([1, 2, 3], 3).fold(10, (a, b) => a + b),
      expected: 46,
    },
    {
      name: 'fold of nothing',
      run: async (ctx) => [
        await ctx.emptyRDD<number>().fold(7, (a, b) => a + b),
        await ctx.parallelize<number>([], 2).fold(0, (a, b) => a + b),
      ],
      expected: [7, 0],
    },
    {
      name: 'aggregate',
      run: (ctx) =>
        ctx.parallelize(['a', 'bc', 'def'], 2).aggregate(
          0,
          (n, s) => n + s.length,
          (a, b) => a + b,
        ),
      expected: 6,
    },
    {
      name: 'aggregate into one changed list, twice over',
      run: async (ctx) => {
        const rdd = ctx.range(0, 6, 1, 6)
        const lists = () =>
          rdd.aggregate<number[]>(
            [],
            (l, x) => {
              l.push(x)
              return l
            },
            (a, b) => {
              a.push(...b)
              return a
            },
          )
        return [await lists(), await lists()]
      },
      expected: [
        [0, 1, 2, 3, 4, 5],
        [0, 1, 2, 3, 4, 5],
      ],
    },
    { name: 'treeReduce', run: (ctx) => ctx.range(-1000, 1000, 1, 10).treeReduce((a, b) => a + b, 9), expected: -1000 },
    {
      name: 'treeReduce over empty partitions',
      run: (ctx) =>
        ctx
          .range(0, 100, 1, 50)
          .filter((x) => x % 30 === 7)
          .treeReduce((a, b) => a + b, 3),
      expected: 7 + 37 + 67 + 97,
    },
    {
      name: 'treeAggregate with more partitions than elements',
      run: (ctx) =>
        ctx.parallelize([-5, -4, -3, -2, -1, 1, 2, 3, 4], 10).treeAggregate(
          0,
          (a, b) => a + b,
          (a, b) => a + b,
          1,
        ),
      expected: -5,
    },
    {
      name: 'treeAggregate of nothing',
      run: (ctx) =>
        ctx.emptyRDD<number>().treeAggregate(
          3,
          (a, b) => a + b,
          (a, b) => a + b,
        ),
      expected: 3,
    },
    {
      name: 'foldByKey',
      run: (ctx) =>
        ctx
          .parallelize(pairs, 2)
          .foldByKey(0, (a, b) => a + b)
          .collectAsMap(),
      expected: new Map([
        ['a', 5],
        ['b', 2],
      ]),
    },
    {
      name: 'foldByKey with a changed start value',
      run: async (ctx) => {
        const lists = ctx
          .parallelize(pairs, 2)
          .mapValues((v) => [v])
          .cache()
        const folded = await lists
          .foldByKey([], (a, b) => {
            a.push(...b)
            return a
          })
          .mapValues((v) => v.sort())
          .collectAsMap()
        return [folded, await lists.collect()]
      },
      expected: [
        new Map([
          ['a', [1, 1, 3]],
          ['b', [2]],
        ]),
        [
          ['a', [1]],
          ['b', [2]],
          ['a', [3]],
          ['a', [1]],
        ],
      ],
    },
    {
      name: 'aggregateByKey',
      run: (ctx) =>
        ctx
          .parallelize(pairs, 3)
          .aggregateByKey(
            '',
            (s, v) => `${s}${v}`,
            (a, b) => a + b,
          )
          .collectAsMap(),
      expected: new Map([
        ['a', '131'],
        ['b', '2'],
      ]),
    },
    {
      name: 'reduceByKeyLocally',
      run: (ctx) => ctx.parallelize(pairs, 3).reduceByKeyLocally((a, b) => a + b),
      expected: new Map([
        ['a', 5],
        ['b', 2],
      ]),
    },
    {
      name: 'reduceByKeyLocally by content of keys',
      run: (ctx) =>
        ctx
          .parallelize<[number[], number]>(
            [
              [[1], 1],
              [[1], 2],
            ],
            2,
          )
          .reduceByKeyLocally((a, b) => a + b),
      expected: new Map([[[1], 3]]),
    },
    {
      name: 'countByKey',
      run: (ctx) => ctx.parallelize(pairs, 3).countByKey(),
      expected: new Map([
        ['a', 3],
        ['b', 1],
      ]),
    },
  ])

  eachThreads((ctx) => {
    test('trees keep the order of the partitions, at any depth', async () => {
      await assert(
        asyncProperty(
          array(string({ maxLength: 3 }), { minLength: 1, maxLength: 40 }),
          integer({ min: 1, max: 30 }),
          integer({ min: 1, max: 6 }),
          async (list, partitions, depth) => {
            const rdd = ctx.parallelize(list, partitions)
            expect(await rdd.treeReduce((a, b) => a + b, depth)).toBe(list.join(''))
            expect(
              await rdd.treeAggregate(
                '',
                (a, s) => a + s,
                (a, b) => a + b,
                depth,
              ),
            ).toBe(list.join(''))
          },
        ),
        { numRuns: 20 },
      )
    })

    test('what is refused', async () => {
      await expect(ctx.range(3).treeReduce((a, b) => a + b, 0)).rejects.toThrow(ArgumentError)
      await expect(ctx.emptyRDD<number>().treeReduce((a, b) => a + b)).rejects.toThrow(StateError)
      await expect(
        ctx.range(3).aggregate(
          () => 1,
          (a) => a,
          (a) => a,
        ),
      ).rejects.toThrow()
      expect(() => ctx.parallelize(pairs).foldByKey(Symbol('no') as never, (a) => a)).toThrow(DataError)
    })
  })
})
