import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import type { Partitioner } from '../dataset.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import type { FnRef } from '../functions/ref.js'
import { checkPartitions, hashPartitioner, samePartitioner } from '../partitioner.js'
import type { Aggregator } from '../plan.js'
import { ChainRdd } from './chain.js'
import { CombinedRdd } from './combined.js'
import type { RddContext } from './context.js'
import { step } from './elementwise.js'
import { facade, nodeOf, pairs, type RDD, rdds } from './facade.js'
import { captured, type Rdd } from './rdd.js'
import { ShuffledRdd } from './shuffled.js'

/** How a shuffle partitions keys: a number of hash partitions, or a partitioner. */
export type Partitions = number | Partitioner

declare module './facade.js' {
  interface PairRdd<K, V> {
    /**
     * Reduces the values of each key with the associative `fn` to one pair per key. Shuffle, unless the dataset is
     * already partitioned this way; combines on the map side first. Combines values in the order of the map partitions,
     * so a recomputation returns exactly the same bits.
     *
     * ```ts
     * await ctx.parallelize([['a', 1], ['b', 1], ['a', 2]] as [string, number][]).reduceByKey((x, y) => x + y).collectAsMap()
     * // Map { 'a' => 3, 'b' => 1 }
     * ```
     */
    reduceByKey(fn: (a: V, b: V) => V, partitions?: Partitions): RDD<[K, V]>
    /**
     * Groups the values of each key into an array, in the order of the map partitions. Shuffles every value; if you
     * only reduce the groups, use reduceByKey.
     *
     * ```ts
     * await ctx.parallelize([['a', 1], ['a', 2]] as [string, number][]).groupByKey().collect() // [['a', [1, 2]]]
     * ```
     */
    groupByKey(partitions?: Partitions): RDD<[K, V[]]>
    /**
     * Combines the values of each key: `create(first)`, then `merge(acc, value)` on the map side and `combine(acc,
     * acc)` between map partitions. Shuffle; combines on the map side first.
     *
     * ```ts
     * const pairs = ctx.parallelize([['a', 1], ['a', 2]] as [string, number][])
     * await pairs.combineByKey((v) => [v], (acc, v) => [...acc, v], (a, b) => [...a, ...b]).collect() // [['a', [1, 2]]]
     * ```
     */
    combineByKey<C>(
      create: (value: V) => C,
      merge: (acc: C, value: V) => C,
      combine: (a: C, b: C) => C,
      partitions?: Partitions,
    ): RDD<[K, C]>
    /**
     * Partitions the pairs by key. Shuffle, unless the dataset is already partitioned this way.
     *
     * ```ts
     * const pairs = ctx.parallelize([['a', 1], ['b', 2], ['a', 3]] as [string, number][], 3)
     * await pairs.partitionBy(1).glom().collect() // [[['a', 1], ['b', 2], ['a', 3]]]
     * ```
     *
     * @throws ArgumentError unless `partitions` is a number of at least 1 or a partitioner.
     */
    partitionBy(partitions: Partitions): RDD<[K, V]>
  }
  interface BaseRdd<T> {
    /**
     * Removes duplicates; elements are compared by content, as keys are. Shuffle, unless the dataset is partitioned by
     * key and keeps its number of partitions.
     *
     * ```ts
     * await ctx.parallelize([1, 2, 1], 1).distinct(1).collect() // [1, 2]
     * ```
     */
    distinct(partitions?: number): RDD<T>
    /**
     * Distributes the records evenly over `partitions`, whose sizes differ by at most one. Shuffle. The same records in
     * the same partitions are always distributed in the same way.
     *
     * ```ts
     * await ctx.range(0, 6, 1, 1).repartition(3).glom().collect() // [[0, 3], [1, 4], [2, 5]]
     * ```
     */
    repartition(partitions: number): RDD<T>
  }
}

/** Returns the partitioner for `partitions`; by default the dataset's own, else a hash partitioner. */
export function toPartitioner(rdd: Rdd<unknown>, partitions: Partitions | undefined): Partitioner {
  return partitionerOf(rdd.context, partitions ?? rdd.partitioner)
}

/** Returns the partitioner for `partitions` when there is no dataset yet; by default `parallelism` hash partitions. */
export function partitionerOf(context: RddContext, partitions: Partitions | undefined): Partitioner {
  const ready = withFunction(context, partitions ?? context.parallelism)
  return typeof ready === 'number' ? hashPartitioner(ready) : ready
}

const KINDS: readonly (Partitioner['kind'] | undefined)[] = ['hash', 'range', 'custom']

/**
 * Checks `partitions` and registers its function. Streams call it while their graph is built, because functions are
 * recorded then.
 */
export function withFunction<P extends Partitions | undefined>(context: RddContext, partitions: P): P {
  if (partitions === undefined) return partitions
  if (typeof partitions !== 'object') {
    checkPartitions(partitions)
    return partitions
  }
  if (!KINDS.includes(partitions?.kind)) {
    throw new ArgumentError(
      `The partitioner is ${describe(partitions)}; it must be a number of partitions, hashPartitioner(n) or customPartitioner(n, fn).`,
    )
  }
  if (partitions.kind !== 'custom' || 'fn' in partitions) return partitions
  return { ...partitions, fn: context.capture(partitions.identity, 'customPartitioner') }
}

/** Combines values by key, without a shuffle if the dataset is already partitioned this way. */
export function combine<T>(rdd: Rdd<unknown>, aggregator: Aggregator, partitions?: Partitions): Rdd<T> {
  const partitioner = toPartitioner(rdd, partitions)
  if (samePartitioner(rdd.partitioner, partitioner)) return new CombinedRdd<T>(rdd, aggregator)
  return new ShuffledRdd<T>(rdd, partitioner, aggregator.label, aggregator)
}

/** Returns the aggregator of reduceByKey. */
export function reducing(fn: FnRef, label = 'reduceByKey'): Aggregator {
  return { mergeValue: fn, mergeCombiners: fn, mapSide: true, label }
}

/** Returns the aggregator of groupByKey. */
export function grouping(context: RddContext): Aggregator {
  return {
    create: context.capture(builtin('toList'), 'groupByKey'),
    mergeValue: context.capture(builtin('appendToList'), 'groupByKey'),
    mergeCombiners: context.capture(builtin('concatLists'), 'groupByKey'),
    mapSide: false,
    label: 'groupByKey',
  }
}

defineBuiltin('pairWithNull', () => (value: unknown) => [value, null])

/** Partitions pairs by key. Returns the same node if it is already partitioned this way. */
export function partitionBy<K, V>(rdd: Rdd<readonly [K, V]>, partitions: Partitions): Rdd<[K, V]> {
  const partitioner = toPartitioner(rdd, partitions)
  if (samePartitioner(rdd.partitioner, partitioner)) return rdd as Rdd<[K, V]>
  return new ShuffledRdd<[K, V]>(rdd, partitioner, 'partitionBy')
}

/** Distributes records evenly over partitions. */
export function repartition<T>(rdd: Rdd<T>, partitions: number): Rdd<T> {
  return new ShuffledRdd<T>(rdd, { kind: 'deal', partitions: checkPartitions(partitions) }, 'repartition')
}

pairs.reduceByKey = function (fn, partitions) {
  const rdd = nodeOf(this)
  return facade(combine(rdd, reducing(captured(rdd, fn, 'reduceByKey')), partitions))
}
pairs.groupByKey = function (partitions) {
  const rdd = nodeOf(this)
  return facade(combine(rdd, grouping(rdd.context), partitions))
}
pairs.combineByKey = function (create, merge, combiners, partitions) {
  const label = 'combineByKey'
  const rdd = nodeOf(this)
  const aggregator: Aggregator = {
    create: captured(rdd, create, label),
    mergeValue: captured(rdd, merge, label),
    mergeCombiners: captured(rdd, combiners, label),
    mapSide: true,
    label,
  }
  return facade(combine(rdd, aggregator, partitions))
}
pairs.partitionBy = function (partitions) {
  const rdd = nodeOf(this)
  const placed = partitionBy(rdd, partitions)
  return placed === rdd ? this : facade(placed)
}
rdds.distinct = function <T>(partitions?: number): RDD<T> {
  const label = 'distinct'
  const rdd = nodeOf<T>(this)
  const { context, partitioner } = rdd
  const marked = step<[T, null]>(rdd, 'map', builtin('pairWithNull'), label)
  const aggregator = reducing(context.capture(builtin('first'), label), label)
  if (partitioner && (partitions ?? partitioner.partitions) === partitioner.partitions) {
    // Equal pairs have equal keys, so they are in one partition already.
    const fn = captured(rdd, builtin('keyOf'), label)
    return facade(new ChainRdd<T>(new CombinedRdd(marked, aggregator), { op: 'map', fn, label }, partitioner))
  }
  return facade(step<T>(combine<[T, null]>(marked, aggregator, partitions), 'map', builtin('keyOf'), label))
}
rdds.repartition = function (partitions) {
  return facade(repartition(nodeOf(this), partitions))
}
