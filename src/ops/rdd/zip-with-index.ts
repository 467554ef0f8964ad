import { IndeterminateError } from '../../errors.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import { step } from './elementwise.js'
import { facade, nodeOf, type RDD, rdds } from './facade.js'
import { byNumber } from './numbered.js'
import { ShuffledRdd } from './shuffled.js'
import { ZippedRdd } from './zip.js'

declare module './facade.js' {
  interface BaseRdd<T> {
    /**
     * Pairs each element with its index over all partitions. Two small shuffles for the counts. With several partitions
     * the dataset is computed twice, so persist it if that is expensive. Fails if the order of elements differs between
     * the two, as it may right after a shuffle by key.
     *
     * ```ts
     * await ctx.parallelize(['a', 'b', 'c'], 2).zipWithIndex().collect() // [['a', 0], ['b', 1], ['c', 2]]
     * ```
     */
    zipWithIndex(): RDD<[T, number]>
    /**
     * Pairs each element with a unique id: element k of partition i of n has the id `k * n + i`. Narrow.
     *
     * ```ts
     * await ctx.parallelize(['a', 'b', 'c'], 2).zipWithUniqueId().collect() // [['a', 0], ['b', 1], ['c', 3]]
     * ```
     */
    zipWithUniqueId(): RDD<[T, number]>
  }
}

type Count = readonly [partition: number, records: number]
type Range = readonly [partition: number, [first: number, records: number]]

defineBuiltin('countOfPartition', () => (records: Iterable<unknown>, partition: number) => {
  let n = 0
  for (const _ of records) n++
  return [[partition, n]]
})
/** Computes, from the counts of all partitions, each partition's first index. */
defineBuiltin('firstIndexes', () => (counts: Iterable<Count>) => {
  let next = 0
  return [...counts]
    .sort(([a], [b]) => a - b)
    .map(([partition, records]) => {
      const first = next
      next += records
      return [partition, [first, records]]
    })
})
defineBuiltin('indexFrom', () => (partition: number, records: readonly unknown[], [range]: readonly Range[]) => {
  const [, [first, counted]] = range!
  if (records.length !== counted)
    throw new IndeterminateError(
      `zipWithIndex counted ${counted} records in partition ${partition}, and ${records.length} when the partition was computed again. Make the operations before it deterministic, or persist() the dataset.`,
      { operation: 'zipWithIndex', partition, counted, numbered: records.length },
    )
  return records.map((value, i) => [value, first + i])
})
defineBuiltin('uniqueIds', (partitions: number) => (records: Iterable<unknown>, partition: number) => {
  return Array.from(records, (value, k) => [value, k * partitions + partition])
})

rdds.zipWithIndex = function <T>(): RDD<[T, number]> {
  const label = 'zipWithIndex'
  const rdd = nodeOf<T>(this)
  // A single partition starts at index 0, so its unique ids are the indexes.
  if (rdd.partitions < 2) return facade(step<[T, number]>(rdd, 'mapPartitions', builtin('uniqueIds', 1), label))
  const counts = step(rdd, 'mapPartitions', builtin('countOfPartition'), label)
  const together = new ShuffledRdd(counts, { kind: 'deal', partitions: 1 }, label)
  const firsts = step(together, 'mapPartitions', builtin('firstIndexes'), label)
  const spread = new ShuffledRdd(firsts, byNumber(rdd.context, rdd.partitions), label)
  return facade(new ZippedRdd<[T, number]>([rdd, spread], builtin('indexFrom'), label))
}
rdds.zipWithUniqueId = function <T>(): RDD<[T, number]> {
  const rdd = nodeOf<T>(this)
  return facade(step<[T, number]>(rdd, 'mapPartitions', builtin('uniqueIds', rdd.partitions), 'zipWithUniqueId'))
}
