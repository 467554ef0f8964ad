import { builtin, defineBuiltin } from '../functions/builtin.js'
import type { AnyFunction } from '../functions/ref.js'
import { asPair } from '../pair.js'
import type { Partitions } from './by-key.js'
import { ChainRdd } from './chain.js'
import { step } from './elementwise.js'
import { captured, face, pairs, type RDD } from './rdd.js'
import type { SortOptions } from './sort.js'

declare module './rdd.js' {
  interface PairRdd<K, V> {
    /**
     * The pairs whose key is from `lower` to `upper`, both included. Narrow; keeps the partitioner.
     *
     * ```ts
     * await ctx.parallelize([[1, 'a'], [2, 'b'], [5, 'c']] as [number, string][]).filterByRange(2, 5).values().collect() // ['b', 'c']
     * ```
     */
    filterByRange(lower: K, upper: K, compare?: (a: K, b: K) => number): RDD<[K, V]>
    /**
     * Placed by `partitions` and each partition sorted by key: cheaper than sorting after partitionBy by hand, as no
     * order between partitions is made. Shuffle, unless keys are in place.
     *
     * ```ts
     * const pairs = ctx.parallelize([[2, 'b'], [3, 'c'], [0, 'z'], [1, 'a']] as [number, string][])
     * const even = customPartitioner(2, (key: number) => key % 2)
     * await pairs.repartitionAndSortWithinPartitions(even).glom().collect()
     * // [[[0, 'z'], [2, 'b']], [[1, 'a'], [3, 'c']]]
     * ```
     */
    repartitionAndSortWithinPartitions(
      partitions: Partitions,
      options?: Pick<SortOptions<K>, 'ascending' | 'compare'>,
    ): RDD<[K, V]>
  }
}

defineBuiltin('keyBetween', (lower: unknown, upper: unknown, compare: AnyFunction) => (record: unknown) => {
  const [key] = asPair(record)
  return compare(key, lower) >= 0 && compare(key, upper) <= 0
})

pairs.filterByRange = function (lower, upper, compare = builtin('naturalOrder')) {
  return step(this, 'filter', builtin('keyBetween', lower, upper, compare), 'filterByRange')
}
pairs.repartitionAndSortWithinPartitions = function (partitions, options = {}) {
  const { ascending = true, compare = builtin<AnyFunction>('naturalOrder') } = options
  const label = 'repartitionAndSortWithinPartitions'
  const placed = this.partitionBy(partitions)
  const fn = captured(this, builtin('sortPartition', builtin('keyOf'), compare, ascending), label)
  return face(new ChainRdd<[unknown, unknown]>(placed, { op: 'mapPartitions', fn, label }, placed.partitioner))
}
