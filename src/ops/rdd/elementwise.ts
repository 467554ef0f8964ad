import { builtin } from '../functions/builtin.js'
import type { AnyFunction } from '../functions/ref.js'
import type { Gives } from '../functions/results.js'
import type { Step } from '../plan.js'
import { ChainRdd } from './chain.js'
import { captured, face, pairs, type RDD, Rdd } from './rdd.js'
import { type RecordOptions, rejecting } from './record-options.js'

declare module './rdd.js' {
  interface Rdd<T> {
    /**
     * Each element through `fn`. Narrow; no state. An error in `fn` fails the task, which is retried, unless
     * `onRecordError` says to give up the record instead.
     *
     * ```ts
     * await ctx.parallelize([1, 2, 3]).map((x) => x * 2).collect() // [2, 4, 6]
     * ```
     */
    map<U>(fn: (value: T) => U, options?: RecordOptions): RDD<U>
    /**
     * The elements for which `fn` answers true. Narrow; keeps the partitioner.
     *
     * ```ts
     * await ctx.parallelize([1, 2, 3]).filter((x) => x > 1).collect() // [2, 3]
     * ```
     */
    filter<S extends T>(fn: (value: T) => value is S, options?: RecordOptions): RDD<S>
    filter(fn: (value: T) => boolean, options?: RecordOptions): RDD<T>
    /**
     * Zero or more elements for each element. Narrow.
     *
     * ```ts
     * await ctx.parallelize(['a b', 'c']).flatMap((line) => line.split(' ')).collect() // ['a', 'b', 'c']
     * ```
     */
    flatMap<U>(fn: (value: T) => Iterable<U>, options?: RecordOptions): RDD<U>
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
    mapValues<U>(fn: (value: V) => U, options?: RecordOptions): RDD<[K, U]>
    /** Zero or more pairs with the same key for each pair. Narrow; keeps the partitioner. */
    flatMapValues<U>(fn: (value: V) => Iterable<U>, options?: RecordOptions): RDD<[K, U]>
    keys(): RDD<K>
    values(): RDD<V>
  }
}

const ITERATED: readonly Step['op'][] = ['flatMap', 'flatMapValues', 'mapPartitions']

/** What a step does with the results of its function. */
export function givenBy(op: Step['op']): Gives {
  if (op === 'mapAsync') return 'later'
  return ITERATED.includes(op) ? 'each' : 'value'
}

/** The one way to make a step, for the operators of other files too. */
export function step<U>(
  rdd: Rdd<unknown>,
  op: Exclude<Step['op'], 'mapAsync'>,
  fn: AnyFunction,
  label: string = op,
  options?: RecordOptions,
): RDD<U> {
  const keepsKeys = op === 'filter' || op === 'mapValues' || op === 'flatMapValues'
  const partitioner = keepsKeys ? rdd.partitioner : undefined
  const made: Step = { op, fn: captured(rdd, fn, label, givenBy(op)), label }
  return face<U>(new ChainRdd<U>(rdd, made, partitioner, rejecting(label, options)))
}

Rdd.prototype.map = function (fn, options) {
  return step(this, 'map', fn, 'map', options)
}
Rdd.prototype.filter = function (this: Rdd<unknown>, fn: AnyFunction, options?: RecordOptions): never {
  return step(this, 'filter', fn, 'filter', options) as never
}
Rdd.prototype.flatMap = function (fn, options) {
  return step(this, 'flatMap', fn, 'flatMap', options)
}
Rdd.prototype.mapPartitions = function (fn) {
  return step(this, 'mapPartitions', fn)
}
pairs.mapValues = function (fn, options) {
  return step(this, 'mapValues', fn, 'mapValues', options)
}
pairs.flatMapValues = function (fn, options) {
  return step(this, 'flatMapValues', fn, 'flatMapValues', options)
}
pairs.keys = function () {
  return step(this, 'map', builtin('keyOf'), 'keys')
}
pairs.values = function () {
  return step(this, 'map', builtin('valueOf'), 'values')
}
