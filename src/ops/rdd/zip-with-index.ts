import { IndeterminateError } from '../../errors.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import { step } from './elementwise.js'
import { byNumber } from './numbered.js'
import { face, type RDD, Rdd } from './rdd.js'
import { ShuffledRdd } from './shuffled.js'
import { ZippedRdd } from './zip.js'

declare module './rdd.js' {
  interface Rdd<T> {
    /**
     * `[x, i]` for element x at place i, counted over all partitions. With several partitions the dataset is computed
     * twice, once to count (persist it if that is dear), and the counts go through two small shuffles. Repeatable only
     * where the order of elements is: not right after a shuffle by key.
     *
     * ```ts
     * await ctx.parallelize(['a', 'b', 'c'], 2).zipWithIndex().collect() // [['a', 0], ['b', 1], ['c', 2]]
     * ```
     */
    zipWithIndex(): RDD<[T, number]>
    /**
     * `[x, id]` with ids that differ: element k of partition i of n gets `k * n + i`. Narrow, computed once.
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
/** Counts of all partitions to the index at which each begins, with its count. */
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
      `zipWithIndex counted ${counted} records in partition ${partition}, and got ${records.length} when it computed them again to number them. Make what comes before it repeatable, or persist() the dataset.`,
      { operation: 'zipWithIndex', partition, counted, numbered: records.length },
    )
  return records.map((value, i) => [value, first + i])
})
defineBuiltin('uniqueIds', (partitions: number) => (records: Iterable<unknown>, partition: number) => {
  return Array.from(records, (value, k) => [value, k * partitions + partition])
})

Rdd.prototype.zipWithIndex = function <T>(this: Rdd<T>): RDD<[T, number]> {
  const label = 'zipWithIndex'
  // One partition begins at 0, none has no elements: the unique ids are the indexes.
  if (this.partitions < 2) return step(this, 'mapPartitions', builtin('uniqueIds', 1), label)
  const counts = step(this, 'mapPartitions', builtin('countOfPartition'), label)
  const together = new ShuffledRdd(counts, { kind: 'deal', partitions: 1 }, label)
  const firsts = step(together, 'mapPartitions', builtin('firstIndexes'), label)
  const spread = new ShuffledRdd(firsts, byNumber(this.context, this.partitions), label)
  return face(new ZippedRdd<[T, number]>([this, spread], builtin('indexFrom'), label))
}
Rdd.prototype.zipWithUniqueId = function <T>(this: Rdd<T>): RDD<[T, number]> {
  return step(this, 'mapPartitions', builtin('uniqueIds', this.partitions), 'zipWithUniqueId')
}
