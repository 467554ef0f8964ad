import { builtin, defineBuiltin } from '../functions/builtin.js'
import type { AnyFunction } from '../functions/ref.js'
import { checkPartitions, type RangePartitioner } from '../partitioner.js'
import { ChainRdd } from './chain.js'
import { naturalOrder } from './natural-order.js'
import { sortedIndices } from './prefix-sort.js'
import { captured, face, pairs, type RDD, Rdd } from './rdd.js'
import { ShuffledRdd } from './shuffled.js'

export interface SortOptions<K> {
  /** Default true. */
  readonly ascending?: boolean
  /** Partitions of the result; partition i holds nothing greater than partition i+1. Default: those of the input. */
  readonly partitions?: number
  /** Default: numbers by value, texts by UTF-16 units, arrays element by element. */
  readonly compare?: (a: K, b: K) => number
}

declare module './rdd.js' {
  interface Rdd<T> {
    /**
     * Sorted by what `key` answers; stable inside what was equal within one input partition. Shuffle by range: the first
     * job samples the input to find the borders.
     *
     * ```ts
     * await ctx.parallelize([3, 1, 2]).sortBy((x) => x).collect() // [1, 2, 3]
     * ```
     */
    sortBy<K>(key: (value: T) => K, options?: SortOptions<K> | boolean): RDD<T>
  }
  interface PairRdd<K, V> {
    /**
     * Sorts by key, as sortBy does by what its function returns. Shuffle by range; operations by key that follow find
     * equal keys in place and shuffle nothing.
     */
    sortByKey(options?: SortOptions<K> | boolean): RDD<[K, V]>
  }
}

/** Sorts by keys computed once a record; stable. */
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
    Uint32Array.from(byOrder(keys, compare as (a: unknown, b: unknown) => number, ascending))
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

/** Keys of a partition, evenly picked, and how many there were: the borders of a range partitioner come from them. */
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
): RDD<T> {
  const {
    ascending = true,
    partitions = rdd.partitions,
    compare = builtin<AnyFunction>('naturalOrder'),
  } = typeof options === 'boolean' ? { ascending: options } : (options ?? {})
  const partitioner: RangePartitioner = {
    kind: 'range',
    partitions: checkPartitions(Math.max(1, partitions)),
    sampled: rdd,
    key: captured(rdd, key, label),
    compare: captured(rdd, compare, label),
    ascending,
  }
  const fn = captured(rdd, builtin('sortPartition', key, compare, ascending), label)
  const placed = label === 'sortByKey' ? partitioner : undefined
  return face(new ChainRdd<T>(new ShuffledRdd<T>(rdd, partitioner, label), { op: 'mapPartitions', fn, label }, placed))
}

Rdd.prototype.sortBy = function (key, options) {
  return sorted(this, key, options as SortOptions<unknown>, 'sortBy')
}
pairs.sortByKey = function (options) {
  return sorted(this, builtin('keyOf'), options as SortOptions<unknown>, 'sortByKey')
}
