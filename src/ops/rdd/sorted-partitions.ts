import { builtin, defineBuiltin } from '../functions/builtin.js'
import type { AnyFunction } from '../functions/ref.js'
import { asPair } from '../pair.js'
import { type Partitions, partitionBy } from './by-key.js'
import { ChainRdd } from './chain.js'
import { checkedOrder } from './checked-order.js'
import { step } from './elementwise.js'
import { facade, nodeOf, pairs, type RDD } from './facade.js'
import { captured } from './rdd.js'
import type { SortOptions } from './sort.js'

declare module './facade.js' {
  interface PairRdd<K, V> {
    /**
     * Keeps the pairs whose key is from `lower` to `upper`, both included. Narrow; keeps the partitioner.
     *
     * ```ts
     * await ctx.parallelize([[1, 'a'], [2, 'b'], [5, 'c']] as [number, string][]).filterByRange(2, 5).values().collect() // ['b', 'c']
     * ```
     */
    filterByRange(lower: K, upper: K, compare?: (a: K, b: K) => number): RDD<[K, V]>
    /**
     * Partitions the pairs by `partitions` and sorts each partition by key. Shuffle, unless the dataset is already
     * partitioned this way. Cheaper than partitionBy and sortByKey, because it does not order the partitions.
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

defineBuiltin('keyBetween', (lower: unknown, upper: unknown, compare: AnyFunction) => {
  const order = checkedOrder(compare)
  return (record: unknown) => {
    const [key] = asPair(record)
    return order(key, lower) >= 0 && order(key, upper) <= 0
  }
})

pairs.filterByRange = function (lower, upper, compare = builtin('naturalOrder')) {
  return facade(step(nodeOf(this), 'filter', builtin('keyBetween', lower, upper, compare), 'filterByRange'))
}
pairs.repartitionAndSortWithinPartitions = function (partitions, options = {}) {
  const { ascending = true, compare = builtin<AnyFunction>('naturalOrder') } = options
  const label = 'repartitionAndSortWithinPartitions'
  const rdd = nodeOf(this)
  const placed = partitionBy(rdd, partitions)
  const fn = captured(rdd, builtin('sortPartition', builtin('keyOf'), compare, ascending), label)
  return facade(new ChainRdd<[unknown, unknown]>(placed, { op: 'mapPartitions', fn, label }, placed.partitioner))
}
