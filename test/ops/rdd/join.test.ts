import { Context } from 'millrace'
import { describe, expect, test } from 'vitest'
import { expectBag } from '../../support/compare.js'
import { eachThreads } from '../../support/contexts.js'

type Left = [string, number][]
type Right = [string, string][]

interface Row {
  readonly name: string
  readonly left: Left
  readonly right: Right
  readonly inner: unknown[]
  /** Pairs of the left side without partner, and of the right side. */
  readonly onlyLeft: unknown[]
  readonly onlyRight: unknown[]
}

const rows: Row[] = [
  {
    name: 'one partner each',
    left: [
      ['a', 1],
      ['b', 2],
    ],
    right: [
      ['a', 'x'],
      ['b', 'y'],
    ],
    inner: [
      ['a', [1, 'x']],
      ['b', [2, 'y']],
    ],
    onlyLeft: [],
    onlyRight: [],
  },
  {
    name: 'all pairs of a key',
    left: [
      ['a', 1],
      ['a', 2],
      ['a', 1],
    ],
    right: [
      ['a', 'x'],
      ['a', 'y'],
    ],
    inner: [
      ['a', [1, 'x']],
      ['a', [1, 'y']],
      ['a', [2, 'x']],
      ['a', [2, 'y']],
      ['a', [1, 'x']],
      ['a', [1, 'y']],
    ],
    onlyLeft: [],
    onlyRight: [],
  },
  {
    name: 'no partners',
    left: [
      ['a', 1],
      ['a', 2],
    ],
    right: [['b', 'x']],
    inner: [],
    onlyLeft: [
      ['a', [1, undefined]],
      ['a', [2, undefined]],
    ],
    onlyRight: [['b', [undefined, 'x']]],
  },
  {
    name: 'some partners',
    left: [
      ['a', 1],
      ['b', 2],
    ],
    right: [
      ['b', 'x'],
      ['c', 'y'],
    ],
    inner: [['b', [2, 'x']]],
    onlyLeft: [['a', [1, undefined]]],
    onlyRight: [['c', [undefined, 'y']]],
  },
  {
    name: 'nothing on the left',
    left: [],
    right: [['a', 'x']],
    inner: [],
    onlyLeft: [],
    onlyRight: [['a', [undefined, 'x']]],
  },
  {
    name: 'nothing on the right',
    left: [['a', 1]],
    right: [],
    inner: [],
    onlyLeft: [['a', [1, undefined]]],
    onlyRight: [],
  },
  { name: 'nothing at all', left: [], right: [], inner: [], onlyLeft: [], onlyRight: [] },
]

describe('joins', () => {
  eachThreads((ctx) => {
    for (const { name, left, right, inner, onlyLeft, onlyRight } of rows) {
      test.each([
        ['the default number of partitions', undefined],
        ['1 partition', 1],
        ['9 partitions', 9],
      ])(`${name}, %s`, async (_, partitions) => {
        const mine = ctx.parallelize(left, 3)
        const theirs = ctx.parallelize(right, 2)
        expectBag(await mine.join(theirs, partitions).collect(), inner)
        expectBag(await mine.leftOuterJoin(theirs, partitions).collect(), [...inner, ...onlyLeft])
        expectBag(await mine.rightOuterJoin(theirs, partitions).collect(), [...inner, ...onlyRight])
        expectBag(await mine.fullOuterJoin(theirs, partitions).collect(), [...inner, ...onlyLeft, ...onlyRight])
      })
    }

    test('with a dataset without partitions', async () => {
      const mine = ctx.parallelize<[string, number]>([['a', 1]])
      expect(await mine.join(ctx.emptyRDD<[string, number]>()).collect()).toEqual([])
      expect(await mine.fullOuterJoin(ctx.emptyRDD<[string, number]>()).collect()).toStrictEqual([
        ['a', [1, undefined]],
      ])
      expect(await ctx.emptyRDD<[string, number]>().rightOuterJoin(mine).collect()).toStrictEqual([
        ['a', [undefined, 1]],
      ])
    })

    test('with itself', async () => {
      const mine = ctx.parallelize<[string, number]>(
        [
          ['a', 1],
          ['a', 2],
        ],
        2,
      )
      expectBag(await mine.join(mine).collect(), [
        ['a', [1, 1]],
        ['a', [1, 2]],
        ['a', [2, 1]],
        ['a', [2, 2]],
      ])
    })

    test('a value that is undefined is a value', async () => {
      const mine = ctx.parallelize<[string, undefined]>([['a', undefined]])
      expect(await mine.join(mine).collect()).toStrictEqual([['a', [undefined, undefined]]])
      expect(await mine.leftOuterJoin(ctx.parallelize<[string, number]>([['b', 1]])).collect()).toStrictEqual([
        ['a', [undefined, undefined]],
      ])
    })

    test('cogroup has every key of either side, once', async () => {
      const mine = ctx.parallelize<[string, number]>(
        [
          ['a', 1],
          ['b', 2],
          ['a', 3],
        ],
        2,
      )
      const theirs = ctx.parallelize<[string, string]>(
        [
          ['b', 'x'],
          ['c', 'y'],
          ['c', 'z'],
        ],
        3,
      )
      expectBag(await mine.cogroup(theirs).collect(), [
        ['a', [[1, 3], []]],
        ['b', [[2], ['x']]],
        ['c', [[], ['y', 'z']]],
      ])
    })

    test('values of a key stay in the order of their partitions', async () => {
      const mine = ctx.range(0, 20, 1, 5).map((n): ['k', number] => ['k', n])
      const [[, [values]]] = (await mine.cogroup(mine, 3).collect()) as [[string, [number[], number[]]]]
      expect(values).toEqual(Array.from({ length: 20 }, (_, i) => i))
    })

    test('the partitioner of either side is taken over', () => {
      const mine = ctx.parallelize<[string, number]>([['a', 1]])
      expect(mine.partitionBy(5).join(mine).getNumPartitions()).toBe(5)
      expect(mine.join(mine.partitionBy(6)).getNumPartitions()).toBe(6)
      // Of two, the one with more partitions; none where another side has ten times as many.
      expect(mine.partitionBy(5).join(mine.partitionBy(6)).getNumPartitions()).toBe(6)
      const many = ctx.range(0, 60, 1, 60).map((x) => [x, x] as [number, number])
      expect(many.join(mine.partitionBy(7)).getNumPartitions()).toBe(7)
      expect(many.join(mine.partitionBy(6)).getNumPartitions()).toBe(60)
      expect(many.groupWith(mine.partitionBy(6)).getNumPartitions()).toBe(60)
      expect(mine.partitionBy(5).join(mine, 7).getNumPartitions()).toBe(7)
    })

    test('sides that are placed by different numbers of partitions meet', async () => {
      const mine = ctx.range(0, 50).map((n): [number, number] => [n, n])
      expect(
        await mine
          .partitionBy(5)
          .join(mine.partitionBy(6))
          .filter(([k, [l, r]]) => k === l && l === r)
          .count(),
      ).toBe(50)
    })
  })

  test.each([
    [4, 6],
    [9, 9],
  ])('beside a side with ten times as many partitions, parallelism %i gives %i', async (parallelism, expected) => {
    await using ctx = new Context({ threads: 1, spare: false, parallelism })
    const many = ctx.range(0, 60, 1, 60).map((x) => [x, x] as [number, number])
    const placed = ctx.parallelize<[number, string]>([[1, 'a']]).partitionBy(6)
    expect(many.join(placed).getNumPartitions()).toBe(expected)
    expect(many.reduceByKey((a) => a).getNumPartitions()).toBe(parallelism)
  })
})
