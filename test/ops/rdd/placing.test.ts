import { type Context, customPartitioner } from 'millrace'
import { describe, expect, test } from 'vitest'
import { eachThreads } from '../../support/contexts.js'
import { table } from '../../support/table.js'

const numbers: [number, string][] = [
  [1, 'a'],
  [2, 'b'],
  [3, 'c'],
  [5, 'd'],
  [5, 'e'],
]
const parity = customPartitioner(2, (key: number) => key % 2)
const placed = (ctx: Context) => ctx.parallelize(numbers, 3).partitionBy(parity)

describe('custom partitioners and lookup', () => {
  table([
    {
      name: 'partitionBy',
      run: (ctx) => placed(ctx).glom().collect(),
      expected: [
        [[2, 'b']],
        [
          [1, 'a'],
          [3, 'c'],
          [5, 'd'],
          [5, 'e'],
        ],
      ],
    },
    {
      name: 'reduceByKey',
      run: (ctx) =>
        ctx
          .parallelize(numbers, 3)
          .reduceByKey((a, b) => a + b, parity)
          .glom()
          .collect(),
      expected: [
        [[2, 'b']],
        [
          [1, 'a'],
          [3, 'c'],
          [5, 'de'],
        ],
      ],
    },
    { name: 'lookup', run: (ctx) => ctx.parallelize(numbers, 3).lookup(5), expected: ['d', 'e'] },
    { name: 'lookup of an absent key', run: (ctx) => ctx.parallelize(numbers, 3).lookup(4), expected: [] },
    {
      name: 'lookup by content',
      run: (ctx) =>
        ctx
          .parallelize<[unknown, number]>(
            [
              [[1, 2], 1],
              [{ a: 1 }, 2],
              [Number.NaN, 3],
              [-0, 4],
            ],
            2,
          )
          .lookup([1, 2]),
      expected: [1],
    },
    {
      name: 'lookup of NaN',
      run: (ctx) =>
        ctx
          .parallelize<[number, number]>(
            [
              [Number.NaN, 3],
              [0, 4],
            ],
            2,
          )
          .lookup(Number.NaN),
      expected: [3],
    },
    { name: 'lookup where placed by a function', run: (ctx) => placed(ctx).lookup(5), expected: ['d', 'e'] },
    {
      name: 'lookup where placed by hash',
      run: (ctx) => ctx.parallelize(numbers, 3).partitionBy(7).lookup(5),
      expected: ['d', 'e'],
    },
    {
      name: 'lookup where sorted',
      run: (ctx) => ctx.parallelize(numbers, 3).sortByKey().lookup(5),
      expected: ['d', 'e'],
    },
  ])

  eachThreads((ctx) => {
    test('lookup computes only the partition of the key', async () => {
      const poisoned = placed(ctx).mapValues((v) => {
        if (v === 'b') throw new Error('of another partition')
        return v
      })
      expect(await poisoned.lookup(5)).toEqual(['d', 'e'])
      await expect(poisoned.lookup(4)).rejects.toThrow('of another partition')
    })

    test('one function places alike: no shuffle', () => {
      const once = placed(ctx)
      expect(once.partitionBy(parity)).toBe(once)
      expect(once.partitionBy(customPartitioner(2, (key: number) => key % 2))).not.toBe(once)
    })

    test.each([2, -1, 0.5])('a partitioner that answers %s fails the task', async (answer) => {
      const wrong = customPartitioner(
        2,
        [(_: number) => 2, (_: number) => -1, (_: number) => 0.5][[2, -1, 0.5].indexOf(answer)]!,
      )
      await expect(ctx.parallelize(numbers).partitionBy(wrong).count()).rejects.toThrow(`returned ${answer}`)
    })

    test('what is no partitioner', () => {
      expect(() => customPartitioner(0, (key: number) => key)).toThrow('at least 1')
      expect(() => customPartitioner(2, 5 as never)).toThrow('takes a function')
    })
  })
})
