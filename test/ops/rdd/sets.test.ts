import { describe, expect, test } from 'vitest'
import { expectBag } from '../../support/compare.js'
import { eachThreads } from '../../support/contexts.js'
import { array, assert, asyncProperty, integer } from '../../support/fast-check.js'
import { table } from '../../support/table.js'

describe('intersection, subtract, subtractByKey, groupBy, keyBy, groupWith', () => {
  table([
    {
      name: 'intersection drops duplicates',
      run: (ctx) =>
        ctx
          .parallelize([1, 2, 3, 3])
          .intersection(ctx.parallelize([1, 1, 2, 3]))
          .collect(),
      expected: [1, 2, 3],
      bag: true,
    },
    {
      name: 'intersection with nothing',
      run: (ctx) => ctx.emptyRDD<number>().intersection(ctx.range(5)).count(),
      expected: 0,
    },
    {
      name: 'intersection compares by content',
      run: (ctx) =>
        ctx
          .parallelize<unknown>([[1, 2], { a: 1 }, Number.NaN])
          .intersection(ctx.parallelize<unknown>([{ a: 1 }, [1, 2], Number.NaN, 4]))
          .collect(),
      expected: [[1, 2], { a: 1 }, Number.NaN],
      bag: true,
    },
    {
      name: 'subtract keeps duplicates',
      run: (ctx) =>
        ctx
          .parallelize([1, 1, 2, 3], 2)
          .subtract(ctx.parallelize([2, 3, 4], 4))
          .collect(),
      expected: [1, 1],
    },
    {
      name: 'subtract has the partitions of the left',
      run: async (ctx) =>
        ctx
          .parallelize([1, 2, 3], 2)
          .subtract(ctx.parallelize([2], 4))
          .getNumPartitions(),
      expected: 2,
    },
    {
      name: 'subtract of nothing from nothing',
      run: (ctx) => ctx.emptyRDD<number>().subtract(ctx.emptyRDD<number>()).collect(),
      expected: [],
    },
    {
      name: 'subtractByKey',
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
          .subtractByKey(
            ctx.parallelize<[string, string]>([
              ['b', 'x'],
              ['c', 'y'],
            ]),
          )
          .collect(),
      expected: [
        ['a', 1],
        ['a', 3],
      ],
    },
    {
      name: 'keyBy',
      run: (ctx) =>
        ctx
          .parallelize(['x', 'yy'])
          .keyBy((s) => s.length)
          .collect(),
      expected: [
        [1, 'x'],
        [2, 'yy'],
      ],
    },
    {
      name: 'groupBy keeps the order of the elements',
      run: (ctx) =>
        ctx
          .parallelize([5, 2, 3, 4, 1], 3)
          .groupBy((x) => x % 2)
          .collectAsMap(),
      expected: new Map([
        [1, [5, 3, 1]],
        [0, [2, 4]],
      ]),
    },
    {
      name: 'groupWith two others',
      run: (ctx) =>
        ctx
          .parallelize<[string, number]>([
            ['a', 1],
            ['b', 2],
          ])
          .groupWith(
            ctx.parallelize<[string, string]>([
              ['a', 'x'],
              ['a', 'y'],
            ]),
            ctx.parallelize<[string, boolean]>([['c', true]]),
          )
          .collect(),
      expected: [
        ['a', [[1], ['x', 'y'], []]],
        ['b', [[2], [], []]],
        ['c', [[], [], [true]]],
      ],
      bag: true,
    },
  ])

  eachThreads((ctx) => {
    test('as arrays would do it', async () => {
      const small = array(integer({ min: 0, max: 9 }), { maxLength: 30 })
      const counts = integer({ min: 1, max: 5 })
      await assert(
        asyncProperty(small, small, counts, counts, async (a, b, m, n) => {
          const left = ctx.parallelize(a, m)
          const right = ctx.parallelize(b, n)
          expectBag(
            await left.intersection(right).collect(),
            [...new Set(a)].filter((x) => b.includes(x)),
          )
          expectBag(
            await left.subtract(right).collect(),
            a.filter((x) => !b.includes(x)),
          )
          expectBag(
            await left
              .keyBy((x) => x)
              .subtractByKey(
                right.keyBy((x) => x),
                n,
              )
              .values()
              .collect(),
            a.filter((x) => !b.includes(x)),
          )
          const groups = await left.groupBy((x) => x % 3, n).collectAsMap()
          for (const [key, values] of groups) expect(values).toEqual(a.filter((x) => x % 3 === key))
          expect([...groups.values()].flat()).toHaveLength(a.length)
        }),
        { numRuns: 20 },
      )
    })
  })
})
