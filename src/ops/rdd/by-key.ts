import { ArgumentError } from '../../errors.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import { describe } from '../functions/plain-data.js'
import type { FnRef } from '../functions/ref.js'
import { checkPartitions, hashPartitioner, type Partitioner, samePartitioner } from '../partitioner.js'
import type { Aggregator } from '../plan.js'
import type { RddBuilder } from './builder.js'
import { ChainRdd } from './chain.js'
import { CombinedRdd } from './combined.js'
import { step } from './elementwise.js'
import { captured, face, pairs, type RDD, Rdd } from './rdd.js'
import { ShuffledRdd } from './shuffled.js'

/** Where a shuffle puts its keys: a number of hash partitions, or a partitioner. */
export type Partitions = number | Partitioner

declare module './rdd.js' {
  interface PairRdd<K, V> {
    /**
     * One pair a key, its values reduced by `fn`, which must be associative; values meet in the order of the map
     * partitions, so a recomputed result is the same bit for bit. Shuffle, unless keys are already placed so; combines
     * on the map side first.
     *
     * ```ts
     * await ctx.parallelize([['a', 1], ['b', 1], ['a', 2]] as [string, number][]).reduceByKey((x, y) => x + y).collectAsMap()
     * // Map { 'a' => 3, 'b' => 1 }
     * ```
     */
    reduceByKey(fn: (a: V, b: V) => V, partitions?: Partitions): RDD<[K, V]>
    /** One pair a key with the array of its values, in the order of the map partitions. Shuffle; all values travel. */
    groupByKey(partitions?: Partitions): RDD<[K, V[]]>
    /** One pair a key: `create(first)`, then `merge(acc, value)` on the map side and `combine(acc, acc)` between. Shuffle. */
    combineByKey<C>(
      create: (value: V) => C,
      merge: (acc: C, value: V) => C,
      combine: (a: C, b: C) => C,
      partitions?: Partitions,
    ): RDD<[K, C]>
    /** The pairs, placed by key. Shuffle, unless they already are. */
    partitionBy(partitions: Partitions): RDD<[K, V]>
  }
  interface Rdd<T> {
    /** Keeps one of equal elements. Shuffle, unless the dataset is placed by key and keeps its number of partitions. */
    distinct(partitions?: number): RDD<T>
    /**
     * Deals the records out to `partitions` in turn: sizes differ by one at most. Shuffle. The same records in the same
     * partitions are dealt the same way.
     */
    repartition(partitions: number): RDD<T>
  }
}

export function toPartitioner(rdd: Rdd<unknown>, partitions: Partitions | undefined): Partitioner {
  if (partitions === undefined) return rdd.partitioner ?? hashPartitioner(rdd.context.parallelism)
  const ready = withFunction(rdd.context, partitions)
  return typeof ready === 'number' ? hashPartitioner(ready) : ready
}

const KINDS: readonly (Partitioner['kind'] | undefined)[] = ['hash', 'range', 'custom']

/** The same, checked, and with its function captured: a stream does so while its graph is built and functions are recorded. */
export function withFunction<P extends Partitions | undefined>(context: RddBuilder, partitions: P): P {
  if (partitions === undefined) return partitions
  if (typeof partitions !== 'object') {
    checkPartitions(partitions)
    return partitions
  }
  if (!KINDS.includes(partitions?.kind)) {
    throw new ArgumentError(
      `The partitioner is ${describe(partitions)}; give a number of partitions, hashPartitioner(n) or customPartitioner(n, fn).`,
    )
  }
  if (partitions.kind !== 'custom' || partitions.fn) return partitions
  return { ...partitions, fn: context.capture(partitions.identity, 'customPartitioner') }
}

/** Combines values by key; where keys are already in place it does so without a shuffle. */
export function combine<T>(rdd: Rdd<unknown>, aggregator: Aggregator, partitions?: Partitions): RDD<T> {
  const partitioner = toPartitioner(rdd, partitions)
  if (samePartitioner(rdd.partitioner, partitioner)) return face(new CombinedRdd<T>(rdd, aggregator))
  return face(new ShuffledRdd<T>(rdd, partitioner, aggregator.label, aggregator))
}

/** The aggregator of reduceByKey, for streams too. */
export function reducing(fn: FnRef, label = 'reduceByKey'): Aggregator {
  return { mergeValue: fn, mergeCombiners: fn, mapSide: true, label }
}

export function grouping(context: RddBuilder): Aggregator {
  return {
    create: context.capture(builtin('toList'), 'groupByKey'),
    mergeValue: context.capture(builtin('appendToList'), 'groupByKey'),
    mergeCombiners: context.capture(builtin('concatLists'), 'groupByKey'),
    mapSide: false,
    label: 'groupByKey',
  }
}

defineBuiltin('pairWithNull', () => (value: unknown) => [value, null])

pairs.reduceByKey = function (fn, partitions) {
  return combine(this, reducing(captured(this, fn, 'reduceByKey')), partitions)
}
pairs.groupByKey = function (partitions) {
  return combine(this, grouping(this.context), partitions)
}
pairs.combineByKey = function (create, merge, combiners, partitions) {
  const label = 'combineByKey'
  const aggregator: Aggregator = {
    create: captured(this, create, label),
    mergeValue: captured(this, merge, label),
    mergeCombiners: captured(this, combiners, label),
    mapSide: true,
    label,
  }
  return combine(this, aggregator, partitions)
}
pairs.partitionBy = function (partitions) {
  const partitioner = toPartitioner(this, partitions)
  if (samePartitioner(this.partitioner, partitioner)) return face(this)
  return face(new ShuffledRdd<[unknown, unknown]>(this, partitioner, 'partitionBy'))
}
Rdd.prototype.distinct = function <T>(this: Rdd<T>, partitions?: number): RDD<T> {
  const label = 'distinct'
  const marked = step<[T, null]>(this, 'map', builtin('pairWithNull'), label)
  const aggregator = reducing(this.context.capture(builtin('first'), label), label)
  const { partitioner } = this
  if (partitioner && (partitions ?? partitioner.partitions) === partitioner.partitions) {
    // Equal pairs have equal keys, so they are in one partition already.
    const fn = captured(this, builtin('keyOf'), label)
    return face(new ChainRdd<T>(new CombinedRdd(marked, aggregator), { op: 'map', fn, label }, partitioner))
  }
  return step<T>(combine<[T, null]>(marked, aggregator, partitions), 'map', builtin('keyOf'), label)
}
Rdd.prototype.repartition = function <T>(this: Rdd<T>, partitions: number): RDD<T> {
  return face(new ShuffledRdd<T>(this, { kind: 'deal', partitions: checkPartitions(partitions) }, 'repartition'))
}
