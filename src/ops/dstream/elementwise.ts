import { builtin } from '../functions/builtin.js'
import type { AnyFunction } from '../functions/ref.js'
import type { Step } from '../plan.js'
import { givenBy } from '../rdd/elementwise.js'
import type { RecordOptions } from '../rdd/record-options.js'
import { ChainStream } from './chain-stream.js'
import type { DeadLetterOptions, WithDeadLetters } from './dead-letters.js'
import { capturedBy, type DStream, pairStreams, Stream, streamFace } from './dstream.js'

declare module './dstream.js' {
  interface Stream<T> {
    /** As below; the records that are given up are a stream, too: `deadLetters()`. */
    map<U>(fn: (value: T) => U, options: DeadLetterOptions): DStream<U> & WithDeadLetters<T>
    /**
     * Each element through `fn`. Narrow; no state. An error in `fn` fails the batch, unless `onRecordError` says to give up
     * the record instead: see `deadLetters`.
     *
     * ```ts
     * ssc.queueStream([[1, 2]]).map((x) => x * 2).output('doubled') // [2, 4]
     * ```
     */
    map<U>(fn: (value: T) => U, options?: RecordOptions): DStream<U>
    /** As below; the records that are given up are a stream, too: `deadLetters()`. */
    flatMap<U>(fn: (value: T) => Iterable<U>, options: DeadLetterOptions): DStream<U> & WithDeadLetters<T>
    /** Zero or more elements for each element. Narrow; no state. */
    flatMap<U>(fn: (value: T) => Iterable<U>, options?: RecordOptions): DStream<U>
    /** As below; the records that are given up are a stream, too: `deadLetters()`. */
    filter<S extends T>(fn: (value: T) => value is S, options: DeadLetterOptions): DStream<S> & WithDeadLetters<T>
    filter(fn: (value: T) => boolean, options: DeadLetterOptions): DStream<T> & WithDeadLetters<T>
    /** The elements for which `fn` answers true. Narrow; no state. */
    filter<S extends T>(fn: (value: T) => value is S, options?: RecordOptions): DStream<S>
    filter(fn: (value: T) => boolean, options?: RecordOptions): DStream<T>
    /** Whole partitions through `fn(records, partitionIndex)`. Narrow; holds one partition in memory. */
    mapPartitions<U>(fn: (records: Iterable<T>, partition: number) => Iterable<U>): DStream<U>
  }
  interface PairStream<K, V> {
    /** As below; the records that are given up are a stream, too: `deadLetters()`. */
    mapValues<U>(fn: (value: V) => U, options: DeadLetterOptions): DStream<[K, U]> & WithDeadLetters<[K, V]>
    /** The value of each pair through `fn`; keys stay where they are. Narrow. */
    mapValues<U>(fn: (value: V) => U, options?: RecordOptions): DStream<[K, U]>
    /** As below; the records that are given up are a stream, too: `deadLetters()`. */
    flatMapValues<U>(
      fn: (value: V) => Iterable<U>,
      options: DeadLetterOptions,
    ): DStream<[K, U]> & WithDeadLetters<[K, V]>
    /** Zero or more pairs with the same key for each pair. Narrow. */
    flatMapValues<U>(fn: (value: V) => Iterable<U>, options?: RecordOptions): DStream<[K, U]>
  }
}

/** The one way to make an element-wise stream, for the operators of other files too. */
export function chain<U>(
  parent: Stream<unknown>,
  op: Exclude<Step['op'], 'mapAsync'>,
  fn: AnyFunction,
  label: string = op,
  options?: RecordOptions,
): DStream<U> {
  return chainStep(parent, { op, fn: capturedBy(parent, fn, label, givenBy(op)), label }, options)
}

/** The same for a step that is more than an operation and its function. */
export function chainStep<U>(parent: Stream<unknown>, step: Step, options?: RecordOptions): DStream<U> {
  return streamFace(new ChainStream<U>(parent, step, options))
}

Stream.prototype.map = function (this: Stream<unknown>, fn: AnyFunction, options?: RecordOptions): never {
  return chain(this, 'map', fn, 'map', options) as never
}
Stream.prototype.flatMap = function (this: Stream<unknown>, fn: AnyFunction, options?: RecordOptions): never {
  return chain(this, 'flatMap', fn, 'flatMap', options) as never
}
Stream.prototype.filter = function (this: Stream<unknown>, fn: AnyFunction, options?: RecordOptions): never {
  return chain(this, 'filter', fn, 'filter', options) as never
}
Stream.prototype.mapPartitions = function (fn) {
  return chain(this, 'mapPartitions', fn)
}
pairStreams.mapValues = function (fn, options) {
  return chain(this, 'mapValues', fn, 'mapValues', options)
}
pairStreams.flatMapValues = function (fn, options) {
  return chain(this, 'flatMapValues', fn, 'flatMapValues', options)
}

/** `[value, 1]` for each value. */
export function paired<T>(parent: Stream<T>): DStream<[T, number]> {
  return chain(parent, 'map', builtin('pairWithOne'), 'pairWithOne')
}
