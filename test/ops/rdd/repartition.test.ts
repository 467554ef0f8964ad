import { ArgumentError, Context } from 'millrace'
import { runBatches, terminateThread } from 'millrace/testing'
import { describe, expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { expectBag } from '../../support/compare.js'
import { eachThreads } from '../../support/contexts.js'
import fc from '../../support/fast-check.js'

const deal = (records: readonly number[], n: number) =>
  Array.from({ length: n }, (_, p) => records.filter((_, i) => i % n === p))

describe('repartition', () => {
  eachThreads((ctx) => {
    test('deals records out in turn across all partitions, whatever their sizes are', async () => {
      const lists = fc.array(fc.array(fc.integer(), { maxLength: 5 }), { minLength: 1, maxLength: 9 })
      await fc.assert(
        fc.asyncProperty(lists, fc.integer({ min: 1, max: 12 }), async (partitions, n) => {
          const rdd = ctx.parallelize(partitions, partitions.length).flatMap((list) => [...list])
          expect(await rdd.repartition(n).glom().collect()).toEqual(deal(partitions.flat(), n))
        }),
        { numRuns: 60 },
      )
    })

    test('leaves no partition empty when a filter left a record in every fourth partition', async () => {
      const few = ctx.range(0, 32, 1, 32).filter((x) => x % 4 === 0)
      const sizes = (await few.repartition(8).glom().collect()).map((part) => part.length)
      expect(sizes).toEqual(Array(8).fill(1))
      expect(await few.repartition(4).glom().collect()).toEqual(deal([0, 4, 8, 12, 16, 20, 24, 28], 4))
    })

    test('keeps its sizes as coalesce with a shuffle, and over files, unions and cached datasets', async () => {
      const sizes = async (rdd: { glom(): { collect(): Promise<unknown[][]> } }) =>
        (await rdd.glom().collect()).map((part) => part.length)
      const many = ctx.range(0, 10, 1, 10)
      expect(await sizes(many.coalesce(5, { shuffle: true }))).toEqual([2, 2, 2, 2, 2])
      expect(await sizes(many.persist().repartition(3))).toEqual([4, 3, 3])
      expect(await sizes(many.union(many).repartition(4).persist())).toEqual([5, 5, 5, 5])
      expect(await sizes(ctx.emptyRDD().repartition(3))).toEqual([0, 0, 0])
    })
  })

  test('gives the same when a thread dies between the two stages', async () => {
    const ctx = new Context({ threads: 2, spare: false, replicas: 1 })
    try {
      const dealt = ctx
        .range(0, 1000, 1, 20)
        .filter((x) => x % 7 === 0)
        .repartition(6)
      const before = await dealt.glom().collect()
      for (const slot of [0, 1]) {
        await terminateThread(ctx, slot)
        await localEngineOf(ctx).pool!.whenStrong()
        expect(await dealt.glom().collect()).toEqual(before)
      }
    } finally {
      await ctx.stop()
    }
  })

  test('of a stream spreads the records of small batches', async () => {
    const batches = await runBatches(
      (_, numbers) =>
        numbers
          .filter((x) => x % 2 === 0)
          .repartition(4)
          .glom(),
      [[[0, 1, 2, 3, 4, 5, 6, 7]]],
      { threads: 2, partitions: 8 },
    )
    expectBag(batches[0]!.records as number[][], [[0], [2], [4], [6]])
  })

  test('is no partitioner of keys', () => {
    const ctx = new Context()
    const pairs = ctx.parallelize([[1, 1]] as [number, number][])
    expect(() => pairs.partitionBy({ kind: 'deal', partitions: 2 })).toThrow(ArgumentError)
    expect(() => pairs.reduceByKey((a, b) => a + b, { kind: 'deal', partitions: 2 })).toThrow(ArgumentError)
  })
})
