import { builtin } from '../functions/builtin.js'
import type { AnyFunction } from '../functions/ref.js'
import type { Step } from '../plan.js'
import { resultsOf } from '../rdd/elementwise.js'
import '../rdd/partitions.js'
import type { RecordOptions } from '../rdd/record-options.js'
import { ChainStream } from './chain-stream.js'
import type { DeadLetterOptions, WithDeadLetters } from './dead-letters.js'
import { capturedBy, type Stream } from './dstream.js'
import { type DStream, dstreams, pairStreams, streamNode, toDStream } from './facade.js'

declare module './facade.js' {
  interface BaseStream<T> {
    map<U>(fn: (value: T) => U, options: DeadLetterOptions): DStream<U> & WithDeadLetters<T>
    /**
     * Applies `fn` to each element. Narrow. An error in `fn` fails the batch, unless `onRecordError` makes it reject
     * the record. With `'dead-letter'`, `deadLetters()` returns the rejected records as a stream.
     *
     * ```ts
     * ssc.queueStream([[1, 2]]).map((x) => x * 2).output('doubled') // [2, 4]
     * ```
     *
     * @throws CaptureError if `fn` cannot be shipped to the threads; StateError after start().
     */
    map<U>(fn: (value: T) => U, options?: RecordOptions): DStream<U>
    flatMap<U>(fn: (value: T) => Iterable<U>, options: DeadLetterOptions): DStream<U> & WithDeadLetters<T>
    /**
     * Replaces each element by the elements of the iterable that `fn` returns. Narrow. `onRecordError` as in map.
     *
     * ```ts
     * ssc.queueStream([['a b', 'c']]).flatMap((line) => line.split(' ')).output('words') // ['a', 'b', 'c']
     * ```
     */
    flatMap<U>(fn: (value: T) => Iterable<U>, options?: RecordOptions): DStream<U>
    filter<S extends T>(fn: (value: T) => value is S, options: DeadLetterOptions): DStream<S> & WithDeadLetters<T>
    filter(fn: (value: T) => boolean, options: DeadLetterOptions): DStream<T> & WithDeadLetters<T>
    filter<S extends T>(fn: (value: T) => value is S, options?: RecordOptions): DStream<S>
    /**
     * Keeps the elements for which `fn` returns true. Narrow. `onRecordError` as in map.
     *
     * ```ts
     * ssc.queueStream([[1, 2, 3]]).filter((x) => x > 1).output('large') // [2, 3]
     * ```
     */
    filter(fn: (value: T) => boolean, options?: RecordOptions): DStream<T>
    /**
     * Applies `fn(records, partitionIndex)` to each partition. Narrow; holds one partition in memory as an array.
     *
     * ```ts
     * ssc.queueStream([[1, 2, 3]]).mapPartitions((xs) => [[...xs].length]).output('sizes') // [3]
     * ```
     */
    mapPartitions<U>(fn: (records: Iterable<T>, partition: number) => Iterable<U>): DStream<U>
    /**
     * Returns each partition as one array. Narrow; holds one partition in memory.
     *
     * ```ts
     * ssc.queueStream([[1, 2]]).glom().output('partitions') // [[1, 2]]
     * ```
     */
    glom(): DStream<T[]>
  }
  interface PairStream<K, V> {
    mapValues<U>(fn: (value: V) => U, options: DeadLetterOptions): DStream<[K, U]> & WithDeadLetters<[K, V]>
    /**
     * Applies `fn` to the value of each pair. Narrow; keeps keys and partitioner. `onRecordError` as in map.
     *
     * ```ts
     * ssc.queueStream<[string, number]>([[['a', 1]]]).mapValues((v) => v + 1).output('pairs') // [['a', 2]]
     * ```
     */
    mapValues<U>(fn: (value: V) => U, options?: RecordOptions): DStream<[K, U]>
    flatMapValues<U>(
      fn: (value: V) => Iterable<U>,
      options: DeadLetterOptions,
    ): DStream<[K, U]> & WithDeadLetters<[K, V]>
    /**
     * Replaces each pair by one pair for each value that `fn` returns, with the same key. Narrow; keeps the
     * partitioner. `onRecordError` as in map.
     *
     * ```ts
     * const lines = ssc.queueStream<[string, string]>([[['a', 'x y']]])
     * lines.flatMapValues((v) => v.split(' ')).output('pairs') // [['a', 'x'], ['a', 'y']]
     * ```
     */
    flatMapValues<U>(fn: (value: V) => Iterable<U>, options?: RecordOptions): DStream<[K, U]>
  }
}

/** Builds an element-wise operation. Other operator files use it too. */
export function chain<U>(
  parent: Stream<unknown>,
  op: Exclude<Step['op'], 'mapAsync'>,
  fn: AnyFunction,
  label: string = op,
  options?: RecordOptions,
): Stream<U> {
  return new ChainStream<U>(parent, { op, fn: capturedBy(parent, fn, label, resultsOf(op)), label }, options)
}

/** Maps each value to `[value, 1]`. */
export function paired<T>(parent: Stream<T>): Stream<[T, number]> {
  return chain(parent, 'map', builtin('pairWithOne'), 'pairWithOne')
}

dstreams.map = function (fn: AnyFunction, options?: RecordOptions): never {
  return toDStream(chain(streamNode(this), 'map', fn, 'map', options)) as never
}
dstreams.flatMap = function (fn: AnyFunction, options?: RecordOptions): never {
  return toDStream(chain(streamNode(this), 'flatMap', fn, 'flatMap', options)) as never
}
dstreams.filter = function (fn: AnyFunction, options?: RecordOptions): never {
  return toDStream(chain(streamNode(this), 'filter', fn, 'filter', options)) as never
}
dstreams.mapPartitions = function (fn) {
  return toDStream(chain(streamNode(this), 'mapPartitions', fn))
}
dstreams.glom = function () {
  return toDStream(chain(streamNode(this), 'mapPartitions', builtin('inOneList'), 'glom'))
}
pairStreams.mapValues = function (fn, options) {
  return toDStream(chain(streamNode(this), 'mapValues', fn, 'mapValues', options))
}
pairStreams.flatMapValues = function (fn, options) {
  return toDStream(chain(streamNode(this), 'flatMapValues', fn, 'flatMapValues', options))
}
