import { builtin, defineBuiltin } from '../../functions/builtin.js'
import { checkFunction } from '../../functions/check-function.js'
import type { AnyFunction, FnRef } from '../../functions/ref.js'
import { ChainRdd } from '../../rdd/chain.js'
import type { Rdd } from '../../rdd/rdd.js'
import type { RecordOptions } from '../../rdd/record-options.js'
import type { StorageLevel } from '../../rdd/storage-level.js'
import { UnionRdd } from '../../rdd/union.js'
import { type DeadLetterOptions, type DeadRecord, deadLettersOf, type WithDeadLetters } from '../dead-letters.js'
import { capturedBy, Stream } from '../dstream.js'
import { chain } from '../elementwise.js'
import { type BaseStream, type DStream, dstreams, StreamFacade, streamNode, toDStream } from '../facade.js'
import { checkSlides } from '../transform.js'
import { LeastWatermarks, type Watermarks } from './watermarks.js'

/** Operations of event-time streams. Operator files add theirs. */
export interface EventTimed<T> {
  /**
   * Returns the records as pairs with their event times. Narrow.
   *
   * ```ts
   * const events = ssc.queueStream([[5]]).withTimestamps((time) => time)
   * events.stamped().output('stamped') // [[5, 5]]
   * ```
   */
  stamped(): DStream<[time: number, value: T]>
  map<U>(fn: (value: T) => U, options: DeadLetterOptions): EventStream<U> & WithDeadLetters<[time: number, record: T]>
  /**
   * Applies `fn` to each record; the result keeps the record's event time. Narrow. `onRecordError` as in the `map` of
   * streams.
   *
   * ```ts
   * const events = ssc.queueStream([[5]]).withTimestamps((time) => time)
   * events.map((x) => x * 2).stamped().output('stamped') // [[5, 10]]
   * ```
   */
  map<U>(fn: (value: T) => U, options?: RecordOptions): EventStream<U>
  flatMap<U>(
    fn: (value: T) => Iterable<U>,
    options: DeadLetterOptions,
  ): EventStream<U> & WithDeadLetters<[time: number, record: T]>
  /**
   * Replaces each record by the records of the iterable that `fn` returns, with the same event time. Narrow.
   * `onRecordError` as in the `map` of streams.
   *
   * ```ts
   * const events = ssc.queueStream([[5]]).withTimestamps((time) => time)
   * events.flatMap((x) => [x, -x]).stamped().output('stamped') // [[5, 5], [5, -5]]
   * ```
   */
  flatMap<U>(fn: (value: T) => Iterable<U>, options?: RecordOptions): EventStream<U>
  filter<S extends T>(
    fn: (value: T) => value is S,
    options: DeadLetterOptions,
  ): EventStream<S> & WithDeadLetters<[time: number, record: T]>
  filter(
    fn: (value: T) => boolean,
    options: DeadLetterOptions,
  ): EventStream<T> & WithDeadLetters<[time: number, record: T]>
  filter<S extends T>(fn: (value: T) => value is S, options?: RecordOptions): EventStream<S>
  /**
   * Keeps the records for which `fn` returns true. Narrow. `onRecordError` as in the `map` of streams.
   *
   * ```ts
   * const events = ssc.queueStream([[5, 6]]).withTimestamps((time) => time)
   * events.filter((x) => x > 5).stamped().output('stamped') // [[6, 6]]
   * ```
   */
  filter(fn: (value: T) => boolean, options?: RecordOptions): EventStream<T>
  keyBy<K>(
    fn: (value: T) => K,
    options: DeadLetterOptions,
  ): EventStream<[K, T]> & WithDeadLetters<[time: number, record: T]>
  /**
   * Turns each record into the pair `[fn(record), record]`: the key for windows and joins. Narrow. `onRecordError` as
   * in the `map` of streams.
   *
   * ```ts
   * const events = ssc.queueStream([[5]]).withTimestamps((time) => time)
   * events.keyBy((x) => x % 2).output('pairs') // [[1, 5]]
   * ```
   */
  keyBy<K>(fn: (value: T) => K, options?: RecordOptions): EventStream<[K, T]>
  /**
   * Returns the records of both streams. Narrow. The watermark is the lesser of the two; an idle stream does not hold
   * it back.
   *
   * ```ts
   * const events = ssc.queueStream([[5]]).withTimestamps((time) => time)
   * events.union(events.map((x) => -x)).output('both') // [5, -5]
   * ```
   *
   * @throws ArgumentError unless both streams belong to this context and have the same slide.
   */
  union<U>(other: EventTimed<U>): EventStream<T | U>
}

/** Operations of event-time streams whose records are pairs. Operator files add theirs. */
export interface EventPairs<K, V> {
  mapValues<U>(
    fn: (value: V) => U,
    options: DeadLetterOptions,
  ): EventStream<[K, U]> & WithDeadLetters<[time: number, record: [K, V]]>
  /**
   * Applies `fn` to the value of each pair, which keeps its key and its event time. Narrow. `onRecordError` as in the
   * `map` of streams.
   *
   * ```ts
   * const events = ssc.queueStream<[string, number]>([[['a', 5]]]).withTimestamps(([, time]) => time)
   * events.mapValues((x) => x * 2).output('pairs') // [['a', 10]]
   * ```
   */
  mapValues<U>(fn: (value: V) => U, options?: RecordOptions): EventStream<[K, U]>
  flatMapValues<U>(
    fn: (value: V) => Iterable<U>,
    options: DeadLetterOptions,
  ): EventStream<[K, U]> & WithDeadLetters<[time: number, record: [K, V]]>
  /**
   * Replaces each pair by one pair for each value that `fn` returns, with the same key and event time. Narrow.
   * `onRecordError` as in the `map` of streams.
   *
   * ```ts
   * const events = ssc.queueStream<[string, number]>([[['a', 5]]]).withTimestamps(([, time]) => time)
   * events.flatMapValues((x) => [x, -x]).output('pairs') // [['a', 5], ['a', -5]]
   * ```
   */
  flatMapValues<U>(fn: (value: V) => Iterable<U>, options?: RecordOptions): EventStream<[K, U]>
}

/**
 * A stream whose records have event times. It is also a stream of its records: outputs, and operations that event-time
 * streams do not define, work on its batches.
 */
export type EventStream<T> = EventTimed<T> &
  ([T] extends [readonly [infer K, infer V]] ? EventPairs<K, V> : unknown) &
  DStream<T>

/** The records of a stream of `[time, record]`, with the stream's watermarks. */
export class EventNode<T> extends Stream<T> {
  readonly timed: Stream<[number, T]>
  readonly watermarks: Watermarks
  readonly #value: FnRef

  constructor(timed: Stream<[number, T]>, watermarks: Watermarks) {
    super(timed.graph, 'eventTime', [timed], timed.slideDuration)
    this.timed = timed
    this.watermarks = watermarks
    this.#value = capturedBy(this, builtin('valueOf'), 'eventTime')
  }

  /** All operations read the stamped records, so those are persisted. */
  override keep(level: StorageLevel): void {
    this.timed.keep(level)
  }

  protected override compute(time: number): Rdd<T> | undefined {
    const rdd = this.timed.getOrCompute(time)
    return rdd && new ChainRdd<T>(rdd, { op: 'map', fn: this.#value, label: this.label })
  }
}

/** The object behind every event-time stream. */
export class EventStreamFacade extends StreamFacade {}

Object.defineProperty(EventStreamFacade, 'name', { value: 'EventStream' })

/** Wraps timed records for users. */
export function toEventStream<T>(timed: Stream<[number, T]>, watermarks: Watermarks): EventStream<T> {
  return new EventStreamFacade(new EventNode<T>(timed, watermarks)) as unknown as EventStream<T>
}

/** Returns the node of an event-time stream; undefined for anything else. */
export function eventNode(stream: unknown): EventNode<unknown> | undefined {
  return stream instanceof EventStreamFacade ? nodeOf(stream) : undefined
}

function nodeOf(stream: EventStreamFacade): EventNode<unknown> {
  return streamNode(stream as unknown as BaseStream<unknown>) as EventNode<unknown>
}

/** Applies an operation to the stamped records; their times and the watermarks stay the same. */
function through<U>(
  stream: EventStreamFacade,
  op: 'mapValues' | 'flatMapValues' | 'filter',
  fn: AnyFunction,
  label: string,
  options: RecordOptions | undefined,
): EventStream<U> {
  const { timed, watermarks } = nodeOf(stream)
  return toEventStream<U>(chain<[number, U]>(timed, op, fn, label, options), watermarks)
}

/** Operations on the prototype; the types above declare which ones a stream has. */
Object.assign(EventStreamFacade.prototype, {
  stamped(this: EventStreamFacade): DStream<[number, unknown]> {
    return toDStream(nodeOf(this).timed)
  },
  map(this: EventStreamFacade, fn: AnyFunction, options?: RecordOptions) {
    return through(this, 'mapValues', fn, 'map', options)
  },
  flatMap(this: EventStreamFacade, fn: AnyFunction, options?: RecordOptions) {
    return through(this, 'flatMapValues', fn, 'flatMap', options)
  },
  filter(this: EventStreamFacade, fn: AnyFunction, options?: RecordOptions) {
    return through(this, 'filter', builtin('ofValue', checkFunction(fn, 'filter')), 'filter', options)
  },
  keyBy(this: EventStreamFacade, fn: AnyFunction, options?: RecordOptions) {
    return through(this, 'mapValues', builtin('keyBy', fn), 'keyBy', options)
  },
  mapValues(this: EventStreamFacade, fn: AnyFunction, options?: RecordOptions) {
    return through(this, 'mapValues', builtin('onPairValue', checkFunction(fn, 'mapValues')), 'map', options)
  },
  flatMapValues(this: EventStreamFacade, fn: AnyFunction, options?: RecordOptions) {
    const onEach = builtin('onEachPairValue', checkFunction(fn, 'flatMapValues', 'each'))
    return through(this, 'flatMapValues', onEach, 'flatMap', options)
  },
  union(this: EventStreamFacade, other: BaseStream<unknown>) {
    const [left, right] = [nodeOf(this), eventNode(other)]
    if (!right) return dstreams.union.call(this as never, other)
    const watermarks = new LeastWatermarks([left.watermarks, right.watermarks], left.graph.run)
    return toEventStream(new EventUnion([left.timed, right.timed]), watermarks)
  },
  /** The rejected records, with their times, of the operation that returned the stream. */
  deadLetters(this: EventStreamFacade): DStream<DeadRecord<unknown>> {
    return deadLettersOf(nodeOf(this).timed)
  },
})

defineBuiltin('ofValue', (fn: AnyFunction) => (pair: readonly [unknown, unknown]) => fn(pair[1]))
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
    super(parents[0]!.graph, 'union', parents, parents[0]!.slideDuration)
  }

  protected override compute(time: number): Rdd<T> | undefined {
    const rdds = this.parents.map((parent) => parent.getOrCompute(time)).filter((rdd) => rdd !== undefined)
    return rdds.length === 0 ? undefined : new UnionRdd<T>(this.graph.context, rdds as Rdd<T>[])
  }
}
