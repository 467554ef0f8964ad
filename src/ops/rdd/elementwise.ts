import { builtin } from '../functions/builtin.js'
import type { AnyFunction, ReturnKind } from '../functions/ref.js'
import type { Step } from '../plan.js'
import { ChainRdd } from './chain.js'
import { facade, nodeOf, pairs, type RDD, rdds } from './facade.js'
import { captured, type Rdd } from './rdd.js'
import { type RecordOptions, rejecting } from './record-options.js'

declare module './facade.js' {
  interface BaseRdd<T> {
    /**
     * Applies `fn` to each element. Narrow. An error in `fn` fails the task, which is retried, unless `onRecordError`
     * makes it reject the record.
     *
     * ```ts
     * await ctx.parallelize([1, 2, 3]).map((x) => x * 2).collect() // [2, 4, 6]
     * ```
     *
     * @throws CaptureError if `fn` cannot be shipped to the threads.
     */
    map<U>(fn: (value: T) => U, options?: RecordOptions): RDD<U>
    filter<S extends T>(fn: (value: T) => value is S, options?: RecordOptions): RDD<S>
    /**
     * Keeps the elements for which `fn` returns true. Narrow; keeps the partitioner.
     *
     * ```ts
     * await ctx.parallelize([1, 2, 3]).filter((x) => x > 1).collect() // [2, 3]
     * ```
     */
    filter(fn: (value: T) => boolean, options?: RecordOptions): RDD<T>
    /**
     * Replaces each element by the elements of the iterable that `fn` returns. Narrow.
     *
     * ```ts
     * await ctx.parallelize(['a b', 'c']).flatMap((line) => line.split(' ')).collect() // ['a', 'b', 'c']
     * ```
     */
    flatMap<U>(fn: (value: T) => Iterable<U>, options?: RecordOptions): RDD<U>
    /**
     * Applies `fn(records, partitionIndex)` to each partition. Narrow; holds one partition in memory as an array.
     *
     * ```ts
     * await ctx.parallelize([1, 2, 3], 1).mapPartitions((xs) => [[...xs].length]).collect() // [3]
     * ```
     */
    mapPartitions<U>(fn: (records: Iterable<T>, partition: number) => Iterable<U>): RDD<U>
  }
  interface PairRdd<K, V> {
    /**
     * Applies `fn` to the value of each pair. Narrow; keeps keys and partitioner.
     *
     * ```ts
     * await ctx.parallelize([['a', 1]] as [string, number][]).mapValues((v) => v + 1).collect() // [['a', 2]]
     * ```
     */
    mapValues<U>(fn: (value: V) => U, options?: RecordOptions): RDD<[K, U]>
    /**
     * Replaces each pair by one pair for each value that `fn` returns, with the same key. Narrow; keeps the
     * partitioner.
     *
     * ```ts
     * const pairs = ctx.parallelize([['a', 'x y']] as [string, string][])
     * await pairs.flatMapValues((v) => v.split(' ')).collect() // [['a', 'x'], ['a', 'y']]
     * ```
     */
    flatMapValues<U>(fn: (value: V) => Iterable<U>, options?: RecordOptions): RDD<[K, U]>
    /**
     * Returns the keys, duplicates included. Narrow.
     *
     * ```ts
     * await ctx.parallelize([['a', 1], ['a', 2]] as [string, number][]).keys().collect() // ['a', 'a']
     * ```
     */
    keys(): RDD<K>
    /**
     * Returns the values. Narrow.
     *
     * ```ts
     * await ctx.parallelize([['a', 1], ['a', 2]] as [string, number][]).values().collect() // [1, 2]
     * ```
     */
    values(): RDD<V>
  }
}

const ITERATED: readonly Step['op'][] = ['flatMap', 'flatMapValues', 'mapPartitions']

/** Returns how a step uses the results of its function. */
export function resultsOf(op: Step['op']): ReturnKind {
  if (op === 'mapAsync') return 'later'
  return ITERATED.includes(op) ? 'each' : 'value'
}

/** Builds an element-wise operation. Other operator files use it too. */
export function step<U>(
  rdd: Rdd<unknown>,
  op: Exclude<Step['op'], 'mapAsync'>,
  fn: AnyFunction,
  label: string = op,
  options?: RecordOptions,
): Rdd<U> {
  const keepsKeys = op === 'filter' || op === 'mapValues' || op === 'flatMapValues'
  const partitioner = keepsKeys ? rdd.partitioner : undefined
  const made: Step = { op, fn: captured(rdd, fn, label, resultsOf(op)), label }
  return new ChainRdd<U>(rdd, made, partitioner, rejecting(label, options))
}

rdds.map = function (fn, options) {
  return facade(step(nodeOf(this), 'map', fn, 'map', options))
}
rdds.filter = function (fn: AnyFunction, options?: RecordOptions): never {
  return facade(step(nodeOf(this), 'filter', fn, 'filter', options)) as never
}
rdds.flatMap = function (fn, options) {
  return facade(step(nodeOf(this), 'flatMap', fn, 'flatMap', options))
}
rdds.mapPartitions = function (fn) {
  return facade(step(nodeOf(this), 'mapPartitions', fn))
}
pairs.mapValues = function (fn, options) {
  return facade(step(nodeOf(this), 'mapValues', fn, 'mapValues', options))
}
pairs.flatMapValues = function (fn, options) {
  return facade(step(nodeOf(this), 'flatMapValues', fn, 'flatMapValues', options))
}
pairs.keys = function () {
  return facade(step(nodeOf(this), 'map', builtin('keyOf'), 'keys'))
}
pairs.values = function () {
  return facade(step(nodeOf(this), 'map', builtin('valueOf'), 'values'))
}
