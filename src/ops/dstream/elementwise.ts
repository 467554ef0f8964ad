import { builtin } from '../functions/builtin.js'
import type { AnyFunction, FnRef } from '../functions/ref.js'
import type { Step } from '../plan.js'
import { ChainRdd } from '../rdd/chain.js'
import type { Rdd } from '../rdd/rdd.js'
import { capturedBy, type DStream, pairStreams, Stream, streamFace } from './dstream.js'

declare module './dstream.js' {
  interface Stream<T> {
    /** Each element through `fn`. Narrow; no state.
     *
     * ```ts
     * ssc.queueStream([[1, 2]]).map((x) => x * 2).output('doubled') // [2, 4]
     * ```
     */
    map<U>(fn: (value: T) => U): DStream<U>
    /** Zero or more elements for each element. Narrow; no state. */
    flatMap<U>(fn: (value: T) => Iterable<U>): DStream<U>
    /** The elements for which `fn` answers true. Narrow; no state. */
    filter<S extends T>(fn: (value: T) => value is S): DStream<S>
    filter(fn: (value: T) => boolean): DStream<T>
    /** Whole partitions through `fn(records, partitionIndex)`. Narrow; holds one partition in memory. */
    mapPartitions<U>(fn: (records: Iterable<T>, partition: number) => Iterable<U>): DStream<U>
  }
  interface PairStream<K, V> {
    /** The value of each pair through `fn`; keys stay where they are. Narrow. */
    mapValues<U>(fn: (value: V) => U): DStream<[K, U]>
    /** Zero or more pairs with the same key for each pair. Narrow. */
    flatMapValues<U>(fn: (value: V) => Iterable<U>): DStream<[K, U]>
  }
}

/** One element-wise operation on each RDD of the parent; no dataset stays no dataset. */
class ChainStream<T> extends Stream<T> {
  readonly #op: Step['op']
  readonly #fn: FnRef

  constructor(parent: Stream<unknown>, op: Step['op'], fn: FnRef, label: string) {
    super(parent.builder, label, [parent], parent.slideDuration)
    this.#op = op
    this.#fn = fn
  }

  protected override compute(time: number): Rdd<T> | undefined {
    const rdd = this.parents[0]!.getOrCompute(time)
    if (!rdd) return undefined
    const keepsKeys = this.#op === 'filter' || this.#op === 'mapValues' || this.#op === 'flatMapValues'
    return new ChainRdd<T>(
      rdd,
      { op: this.#op, fn: this.#fn, label: `${this.label}#${this.id}` },
      keepsKeys ? rdd.partitioner : undefined,
    )
  }
}

/** The one way to make an element-wise stream, for the operators of other files too. */
export function chain<U>(parent: Stream<unknown>, op: Step['op'], fn: AnyFunction, label: string = op): DStream<U> {
  return streamFace(new ChainStream<U>(parent, op, capturedBy(parent, fn, label), label))
}

Stream.prototype.map = function (fn) {
  return chain(this, 'map', fn)
}
Stream.prototype.flatMap = function (fn) {
  return chain(this, 'flatMap', fn)
}
Stream.prototype.filter = function (this: Stream<unknown>, fn: AnyFunction): never {
  return chain(this, 'filter', fn) as never
}
Stream.prototype.mapPartitions = function (fn) {
  return chain(this, 'mapPartitions', fn)
}
pairStreams.mapValues = function (fn) {
  return chain(this, 'mapValues', fn)
}
pairStreams.flatMapValues = function (fn) {
  return chain(this, 'flatMapValues', fn)
}

/** `[value, 1]` for each value. */
export function paired<T>(parent: Stream<T>): DStream<[T, number]> {
  return chain(parent, 'map', builtin('pairWithOne'), 'pairWithOne')
}
