import { builtin } from '../functions/builtin.js'
import type { AnyFunction } from '../functions/ref.js'
import type { Step } from '../plan.js'
import { ChainRdd } from './chain.js'
import { captured, face, pairs, type RDD, Rdd } from './rdd.js'

declare module './rdd.js' {
  interface Rdd<T> {
    /**
     * Each element through `fn`. Narrow; no state. An error in `fn` fails the task, which is retried.
     *
     * ```ts
     * await ctx.parallelize([1, 2, 3]).map((x) => x * 2).collect() // [2, 4, 6]
     * ```
     */
    map<U>(fn: (value: T) => U): RDD<U>
    /**
     * The elements for which `fn` answers true. Narrow; keeps the partitioner.
     *
     * ```ts
     * await ctx.parallelize([1, 2, 3]).filter((x) => x > 1).collect() // [2, 3]
     * ```
     */
    filter<S extends T>(fn: (value: T) => value is S): RDD<S>
    filter(fn: (value: T) => boolean): RDD<T>
    /**
     * Zero or more elements for each element. Narrow.
     *
     * ```ts
     * await ctx.parallelize(['a b', 'c']).flatMap((line) => line.split(' ')).collect() // ['a', 'b', 'c']
     * ```
     */
    flatMap<U>(fn: (value: T) => Iterable<U>): RDD<U>
    /**
     * Whole partitions through `fn(records, partitionIndex)`. Narrow; the partition is held in memory as an array.
     *
     * ```ts
     * await ctx.parallelize([1, 2, 3], 1).mapPartitions((xs) => [[...xs].length]).collect() // [3]
     * ```
     */
    mapPartitions<U>(fn: (records: Iterable<T>, partition: number) => Iterable<U>): RDD<U>
  }
  interface PairRdd<K, V> {
    /** The value of each pair through `fn`; the key stays, and so does the partitioner. Narrow. */
    mapValues<U>(fn: (value: V) => U): RDD<[K, U]>
    /** Zero or more pairs with the same key for each pair. Narrow; keeps the partitioner. */
    flatMapValues<U>(fn: (value: V) => Iterable<U>): RDD<[K, U]>
    keys(): RDD<K>
    values(): RDD<V>
  }
}

/** The one way to make a step, for the operators of other files too. */
export function step<U>(rdd: Rdd<unknown>, op: Step['op'], fn: AnyFunction, label: string = op): RDD<U> {
  const keepsKeys = op === 'filter' || op === 'mapValues' || op === 'flatMapValues'
  return face<U>(
    new ChainRdd<U>(rdd, { op, fn: captured(rdd, fn, label), label }, keepsKeys ? rdd.partitioner : undefined),
  )
}

Rdd.prototype.map = function (fn) {
  return step(this, 'map', fn)
}
Rdd.prototype.filter = function (this: Rdd<unknown>, fn: AnyFunction): never {
  return step(this, 'filter', fn) as never
}
Rdd.prototype.flatMap = function (fn) {
  return step(this, 'flatMap', fn)
}
Rdd.prototype.mapPartitions = function (fn) {
  return step(this, 'mapPartitions', fn)
}
pairs.mapValues = function (fn) {
  return step(this, 'mapValues', fn)
}
pairs.flatMapValues = function (fn) {
  return step(this, 'flatMapValues', fn)
}
pairs.keys = function () {
  return step(this, 'map', builtin('keyOf'), 'keys')
}
pairs.values = function () {
  return step(this, 'map', builtin('valueOf'), 'values')
}
