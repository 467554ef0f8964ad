import { builtin, defineBuiltin } from '../../functions/builtin.js'
import { checkFunction } from '../../functions/check-function.js'
import type { AnyFunction, FnRef } from '../../functions/ref.js'
import { ChainRdd } from '../../rdd/chain.js'
import type { Rdd } from '../../rdd/rdd.js'
import type { RecordOptions } from '../../rdd/record-options.js'
import type { StorageLevel } from '../../rdd/storage-level.js'
import { UnionRdd } from '../../rdd/union.js'
import type { DeadLetterOptions, DeadRecord, WithDeadLetters } from '../dead-letters.js'
import { capturedBy, type DStream, Stream, streamFace } from '../dstream.js'
import { chain } from '../elementwise.js'
import { checkSlides } from '../transform.js'
import { LeastWatermarks, type Watermarks } from './watermarks.js'

/** What an operation asks of another stream of event time. */
export interface EventInput<T> {
  /** Type of the elements; never set. */
  readonly __event?: T
  /** How far event time has come, by batch. */
  readonly watermarks: Watermarks
}

/** Operations of streams whose records have a time of their own; operator files add to it. */
export interface EventTimed<T> extends EventInput<T> {
  /** The records with their event times, as a stream of pairs. Narrow. */
  stamped(): DStream<[time: number, value: T]>
  /** As below; the records that are given up are a stream, too: `deadLetters()`. */
  map<U>(fn: (value: T) => U, options: DeadLetterOptions): EventStream<U> & WithDeadLetters<[time: number, record: T]>
  /** Each record through `fn`; it keeps its event time. Narrow. */
  map<U>(fn: (value: T) => U, options?: RecordOptions): EventStream<U>
  /** As below; the records that are given up are a stream, too: `deadLetters()`. */
  flatMap<U>(
    fn: (value: T) => Iterable<U>,
    options: DeadLetterOptions,
  ): EventStream<U> & WithDeadLetters<[time: number, record: T]>
  /** Zero or more records for each record, with its event time. Narrow. */
  flatMap<U>(fn: (value: T) => Iterable<U>, options?: RecordOptions): EventStream<U>
  /** As below; the records that are given up are a stream, too: `deadLetters()`. */
  filter<S extends T>(
    fn: (value: T) => value is S,
    options: DeadLetterOptions,
  ): EventStream<S> & WithDeadLetters<[time: number, record: T]>
  filter(
    fn: (value: T) => boolean,
    options: DeadLetterOptions,
  ): EventStream<T> & WithDeadLetters<[time: number, record: T]>
  /** The records for which `fn` answers true. Narrow. */
  filter<S extends T>(fn: (value: T) => value is S, options?: RecordOptions): EventStream<S>
  filter(fn: (value: T) => boolean, options?: RecordOptions): EventStream<T>
  /** As below; the records that are given up are a stream, too: `deadLetters()`. */
  keyBy<K>(
    fn: (value: T) => K,
    options: DeadLetterOptions,
  ): EventStream<[K, T]> & WithDeadLetters<[time: number, record: T]>
  /** `[fn(record), record]`: the key for windows and joins by key. Narrow. */
  keyBy<K>(fn: (value: T) => K, options?: RecordOptions): EventStream<[K, T]>
  /** The records of both. Narrow. Its watermark is the lesser of both; an idle stream does not hold the other back. */
  union<U>(other: EventInput<U>): EventStream<T | U>
}

/** Operations of streams of event time whose records are pairs; operator files add to it. */
export interface EventPairs<K, V> {
  /** As below; the records that are given up are a stream, too: `deadLetters()`. */
  mapValues<U>(
    fn: (value: V) => U,
    options: DeadLetterOptions,
  ): EventStream<[K, U]> & WithDeadLetters<[time: number, record: [K, V]]>
  /** The value of each pair through `fn`. Narrow. */
  mapValues<U>(fn: (value: V) => U, options?: RecordOptions): EventStream<[K, U]>
  /** As below; the records that are given up are a stream, too: `deadLetters()`. */
  flatMapValues<U>(
    fn: (value: V) => Iterable<U>,
    options: DeadLetterOptions,
  ): EventStream<[K, U]> & WithDeadLetters<[time: number, record: [K, V]]>
  /** Zero or more pairs with the same key for each pair. Narrow. */
  flatMapValues<U>(fn: (value: V) => Iterable<U>, options?: RecordOptions): EventStream<[K, U]>
}

/**
 * A stream whose records have a time of their own. It is a stream of its records as well: outputs, and operations that it
 * does not have itself, work on its batches.
 */
export type EventStream<T> = EventTimed<T> &
  ([T] extends [readonly [infer K, infer V]] ? EventPairs<K, V> : unknown) &
  DStream<T>

/** The public face of records stamped with their times, and of what is known of the time. */
export function eventStream<T>(stamped: Stream<[number, T]>, watermarks: Watermarks): EventStream<T> {
  return new EventNode<T>(stamped, watermarks) as unknown as EventStream<T>
}

defineBuiltin('ofValue', (fn: AnyFunction) => (pair: readonly [unknown, unknown]) => fn(pair[1]))

/** The records of a stamped stream. */
export class EventNode<T> extends Stream<T> {
  readonly timed: Stream<[number, T]>
  readonly watermarks: Watermarks
  readonly #value: FnRef

  constructor(timed: Stream<[number, T]>, watermarks: Watermarks) {
    super(timed.builder, 'eventTime', [timed], timed.slideDuration)
    this.timed = timed
    this.watermarks = watermarks
    this.#value = capturedBy(this, builtin('valueOf'), 'eventTime')
  }

  stamped(): DStream<[number, T]> {
    return streamFace(this.timed)
  }

  override map(fn: AnyFunction, options?: RecordOptions): never {
    return this.#through('mapValues', fn, 'map', options) as never
  }

  override flatMap(fn: AnyFunction, options?: RecordOptions): never {
    return this.#through('flatMapValues', fn, 'flatMap', options) as never
  }

  override filter(fn: (value: T) => boolean, options?: RecordOptions): never {
    return this.#through<T>('filter', builtin('ofValue', checkFunction(fn, 'filter')), 'filter', options) as never
  }

  keyBy<K>(fn: (value: T) => K, options?: RecordOptions): EventStream<[K, T]> {
    return this.#through('mapValues', builtin('keyBy', fn), 'keyBy', options)
  }

  override union(other: Stream<unknown>): never {
    if (!(other instanceof EventNode)) return super.union(other) as never
    return eventStream(
      new EventUnion([this.timed, other.timed]),
      new LeastWatermarks([this.watermarks, other.watermarks]),
    ) as never
  }

  /** Of the operation that made the stream: its records with their times. */
  deadLetters(): DStream<DeadRecord<unknown>> {
    return (this.timed as unknown as WithDeadLetters<unknown>).deadLetters()
  }

  /** The stamped records are what all operations read. */
  override persist(level?: StorageLevel): DStream<T> {
    this.timed.persist(level)
    return streamFace<T>(this)
  }

  protected override compute(time: number): Rdd<T> | undefined {
    const rdd = this.timed.getOrCompute(time)
    return rdd && new ChainRdd<T>(rdd, { op: 'map', fn: this.#value, label: this.label })
  }

  #through<U>(
    op: 'mapValues' | 'flatMapValues' | 'filter',
    fn: AnyFunction,
    label: string,
    options: RecordOptions | undefined,
  ): EventStream<U> {
    return eventStream<U>(chain<[number, U]>(this.timed, op, fn, label, options), this.watermarks)
  }
}

/** Pair operations, on the prototype only: the types show them where the records are pairs. */
Object.assign(EventNode.prototype, {
  mapValues(this: EventNode<unknown>, fn: AnyFunction, options?: RecordOptions) {
    return this.map(builtin('onPairValue', checkFunction(fn, 'mapValues')), options as RecordOptions)
  },
  flatMapValues(this: EventNode<unknown>, fn: AnyFunction, options?: RecordOptions) {
    return this.flatMap(builtin('onEachPairValue', checkFunction(fn, 'flatMapValues', 'each')), options)
  },
})
defineBuiltin('onPairValue', (fn: AnyFunction) => ([key, value]: [unknown, unknown]) => [key, fn(value)])
defineBuiltin(
  'onEachPairValue',
  (fn: AnyFunction) =>
    ([key, value]: [unknown, unknown]) =>
      Array.from(fn(value) as Iterable<unknown>, (each) => [key, each]),
  'each',
)

/** The records of all parents that have a dataset. */
class EventUnion<T> extends Stream<T> {
  constructor(parents: readonly Stream<T>[]) {
    checkSlides(parents, 'union')
    super(parents[0]!.builder, 'union', parents, parents[0]!.slideDuration)
  }

  protected override compute(time: number): Rdd<T> | undefined {
    const rdds = this.parents.map((parent) => parent.getOrCompute(time)).filter((rdd) => rdd !== undefined)
    return rdds.length === 0 ? undefined : new UnionRdd<T>(this.builder.context, rdds as Rdd<T>[])
  }
}
