import type { SampledPartitioner } from '../dataset.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import type { AnyFunction } from '../functions/ref.js'
import { checkPartitions } from '../partitioner.js'
import { ChainRdd } from './chain.js'
import { checkedOrder } from './checked-order.js'
import { facade, nodeOf, pairs, type RDD, rdds } from './facade.js'
import { naturalOrder } from './natural-order.js'
import { sortedIndices } from './prefix-sort.js'
import { captured, type Rdd } from './rdd.js'
import { ShuffledRdd } from './shuffled.js'

export interface SortOptions<K> {
  /** `ascending` (true): whether the smallest element comes first. */
  readonly ascending?: boolean
  /**
   * `partitions` (those of the input): the number of partitions. No element of partition i is greater than one of
   * partition i+1.
   */
  readonly partitions?: number
  /**
   * `compare`: the order of keys. Default: the natural order: numbers, bigints, booleans and dates by value, then texts
   * by UTF-16 units, then arrays and typed arrays element by element; NaN, null and undefined last. Other objects are
   * refused. A comparator must return a number: one that returns a text, a boolean or NaN fails the task.
   */
  readonly compare?: (a: K, b: K) => number
}

declare module './facade.js' {
  interface BaseRdd<T> {
    /**
     * Sorts by the result of `key`; equal elements of one input partition keep their order. Shuffles by range: a first
     * job samples the input to find the boundaries. `false` in place of the options is short for `{ ascending: false
     * }`.
     *
     * ```ts
     * await ctx.parallelize([3, 1, 2]).sortBy((x) => x).collect() // [1, 2, 3]
     * ```
     */
    sortBy<K>(key: (value: T) => K, options?: SortOptions<K> | boolean): RDD<T>
  }
  interface PairRdd<K, V> {
    /**
     * Sorts by key, like sortBy. Shuffles by range. Later operations by key need no further shuffle, because equal keys
     * are in one partition.
     *
     * ```ts
     * await ctx.parallelize([[2, 'b'], [1, 'a']] as [number, string][]).sortByKey().values().collect() // ['a', 'b']
     * ```
     */
    sortByKey(options?: SortOptions<K> | boolean): RDD<[K, V]>
  }
}

/** Sorts records by their keys, which it computes once per record. Stable. */
export function sortRecords<T>(
  records: Iterable<T>,
  key: (value: T) => unknown,
  compare: (a: never, b: never) => number,
  ascending: boolean,
): T[] {
  const values = Array.isArray(records) ? (records as readonly T[]) : Array.from(records)
  const keys = values.map((value) => key(value))
  const order =
    (compare === naturalOrder ? sortedIndices(keys, ascending) : undefined) ??
    Uint32Array.from(byOrder(keys, checkedOrder(compare as (a: unknown, b: unknown) => number), ascending))
  const sorted = new Array<T>(values.length)
  for (let i = 0; i < sorted.length; i++) sorted[i] = values[order[i]!]!
  return sorted
}

function byOrder(keys: readonly unknown[], order: (a: unknown, b: unknown) => number, ascending: boolean): number[] {
  const indices = Array.from(keys.keys())
  return indices.sort(ascending ? (a, b) => order(keys[a], keys[b]) : (a, b) => order(keys[b], keys[a]))
}

defineBuiltin('naturalOrder', () => naturalOrder)
defineBuiltin(
  'sortPartition',
  (key: (value: unknown) => unknown, compare: (a: never, b: never) => number, ascending: boolean) =>
    (records: Iterable<unknown>) =>
      sortRecords(records, key, compare, ascending),
)

/**
 * Returns evenly spaced keys of a partition, each with its weight. A range partitioner finds its boundaries from them.
 */
defineBuiltin('sampleKeys', (key: AnyFunction, most: number) => (records: readonly unknown[]) => {
  const step = Math.max(1, Math.ceil(records.length / most))
  const keys: unknown[] = []
  for (let i = 0; i < records.length; i += step) keys.push(key(records[i]))
  return { keys, weight: step }
})

function sorted<T>(
  rdd: Rdd<T>,
  key: AnyFunction,
  options: SortOptions<unknown> | boolean | undefined,
  label: string,
): Rdd<T> {
  const {
    ascending = true,
    partitions = rdd.partitions,
    compare = builtin<AnyFunction>('naturalOrder'),
  } = typeof options === 'boolean' ? { ascending: options } : (options ?? {})
  const partitioner: SampledPartitioner = {
    kind: 'range',
    partitions: checkPartitions(Math.max(1, partitions)),
    sampled: rdd,
    label,
    key: captured(rdd, key, label),
    compare: captured(rdd, compare, label),
    ascending,
  }
  const fn = captured(rdd, builtin('sortPartition', key, compare, ascending), label)
  const placed = label === 'sortByKey' ? partitioner : undefined
  return new ChainRdd<T>(new ShuffledRdd<T>(rdd, partitioner, label), { op: 'mapPartitions', fn, label }, placed)
}

rdds.sortBy = function (key, options) {
  return facade(sorted(nodeOf(this), key, options as SortOptions<unknown>, 'sortBy'))
}
pairs.sortByKey = function (options) {
  return facade(sorted(nodeOf(this), builtin('keyOf'), options as SortOptions<unknown>, 'sortByKey'))
}
