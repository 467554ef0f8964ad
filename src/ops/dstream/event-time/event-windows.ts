import { ArgumentError } from '../../../errors.js'
import { builtin, defineBuiltin } from '../../functions/builtin.js'
import type { AnyFunction, FnRef } from '../../functions/ref.js'
import { checkNames } from '../../option-names.js'
import type { Aggregator, EventWindowOperator } from '../../plan.js'
import { fresh } from '../../rdd/aggregate.js'
import { grouping, type Partitions, reducing } from '../../rdd/by-key.js'
import { type Duration, formatMillis, toMillis } from '../../time.js'
import { capturedBy } from '../dstream.js'
import { chain } from '../elementwise.js'
import { type DStream, toDStream } from '../facade.js'
import { type StateVersion, type StateVersionOptions, stateVersionOf } from '../state-version.js'
import { ofAccumulators } from './accumulator-version.js'
import { difference, zeroOrMore } from './durations.js'
import { type EventStateOptions, EventStateStream, LateStream } from './event-state.js'
import { type EventNode, type EventStream, EventStreamFacade, eventNode, toEventStream } from './event-stream.js'

/** A window of event time: its first millisecond, and the first millisecond after it. */
export interface EventWindow {
  readonly start: number
  readonly end: number
}
/** The result of a window over all records. */
export interface WindowResult<U> {
  readonly window: EventWindow
  readonly value: U
}
/** The result of a window for a key. */
export interface KeyedWindowResult<K, U> {
  readonly window: EventWindow
  readonly key: K
  readonly value: U
}

/** `stateVersion` and `upgrade` are about the accumulators of the windows. */
export interface EventWindowOptions extends StateVersionOptions<unknown> {
  /**
   * `allowedLateness` (0): how long a window accepts records after the watermark has passed its end. Each batch with
   * such records emits the window again, with its new result.
   */
  readonly allowedLateness?: Duration
  /** `partitions`: the number of hash partitions, or a partitioner. Default: `parallelism`. */
  readonly partitions?: Partitions
}
export interface AlignedWindowOptions extends EventWindowOptions {
  /**
   * `offset` (0): shifts the starts of windows, which are multiples of the slide since 1970 in UTC; `'-5h'` for days of
   * UTC+5.
   */
  readonly offset?: Duration
}

/**
 * A stream of results, each timed at the last millisecond of its window, and of records that were too late for all of
 * their windows.
 */
export type WindowStream<R, L> = EventStream<R> & LateRecords<L>
export interface LateRecords<L> {
  /**
   * Returns the records that were too late for all of their windows, with their event times. Narrow. The `eventTime` of
   * each batch counts them too.
   *
   * ```ts
   * const events = ssc.queueStream([[500], [9000], [], [700]]).withTimestamps((time) => time)
   * events.tumbling('1s').count().lateRecords().output('late') // []; []; []; [[700, 700]]
   * ```
   */
  lateRecords(): DStream<[time: number, record: L]>
}

/**
 * Event-time windows, before an operation reduces them. Functions receive a window's values in the order of arrival.
 */
export type EventWindows<T> = WholeWindows<T> &
  ([T] extends [readonly [infer K, infer V]] ? KeyedWindows<K, V> : unknown)

export interface WholeWindows<T> {
  /**
   * Counts the records of each window that has any. Shuffle to one partition; keeps a count for each open window.
   *
   * ```ts
   * const events = ssc.queueStream([[100, 200, 1000], []]).withTimestamps((time) => time)
   * events.tumbling('1s').count().map(({ value }) => value).output('counts') // []; [2]
   * ```
   */
  count(): WindowStream<WindowResult<number>, T>
  /**
   * Reduces the records of each window by the associative `fn`, which may change and return its first argument. Shuffle
   * to one partition; keeps one record for each open window.
   *
   * ```ts
   * const events = ssc.queueStream([[100, 200, 1000], []]).withTimestamps((time) => time)
   * events.tumbling('1s').reduce((a, b) => a + b).map(({ value }) => value).output('sums') // []; [300]
   * ```
   */
  reduce(fn: (a: T, b: T) => T): WindowStream<WindowResult<T>, T>
  /**
   * Folds the records of each window: `seq` starts from a copy of `zero`, `comb` combines parts. Shuffle to one
   * partition; keeps one accumulator for each open window.
   *
   * ```ts
   * const events = ssc.queueStream([[100, 200, 1000], []]).withTimestamps((time) => time)
   * const longest = events.tumbling('1s').aggregate(0, (n, x) => Math.max(n, x), (a, b) => Math.max(a, b))
   * longest.map(({ value }) => value).output('longest') // []; [200]
   * ```
   */
  aggregate<U>(zero: U, seq: (acc: U, value: T) => U, comb: (a: U, b: U) => U): WindowStream<WindowResult<U>, T>
  /**
   * Counts how often each record occurs in each window. Shuffle; keeps a count for each record and open window.
   *
   * ```ts
   * const events = ssc.queueStream([[100, 100, 1000], []]).withTimestamps((time) => time)
   * events.tumbling('1s').countByValue().map(({ key, value }) => [key, value]).output('counts') // []; [[100, 2]]
   * ```
   */
  countByValue(): WindowStream<KeyedWindowResult<T, number>, T>
}

export interface KeyedWindows<K, V> {
  /**
   * Reduces the values of each key in each window by the associative `fn`, which may change and return its first
   * argument. Shuffle; keeps a value for each key and open window.
   *
   * ```ts
   * const events = ssc.queueStream<[string, number]>([[['a', 100], ['a', 200], ['a', 1000]], []]).withTimestamps(([, time]) => time)
   * events.tumbling('1s').reduceByKey((x, y) => x + y).map(({ key, value }) => [key, value]).output('sums') // []; [['a', 300]]
   * ```
   */
  reduceByKey(fn: (a: V, b: V) => V): WindowStream<KeyedWindowResult<K, V>, [K, V]>
  /**
   * Folds the values of each key in each window: `seq` starts from a copy of `zero`, `comb` combines parts. Shuffle;
   * keeps an accumulator for each key and open window.
   *
   * ```ts
   * const events = ssc.queueStream<[string, number]>([[['a', 100], ['a', 200], ['a', 1000]], []]).withTimestamps(([, time]) => time)
   * const counts = events.tumbling('1s').aggregateByKey(0, (n) => n + 1, (a, b) => a + b)
   * counts.map(({ key, value }) => [key, value]).output('counts') // []; [['a', 2]]
   * ```
   */
  aggregateByKey<U>(
    zero: U,
    seq: (acc: U, value: V) => U,
    comb: (a: U, b: U) => U,
  ): WindowStream<KeyedWindowResult<K, U>, [K, V]>
  /**
   * Groups the values of each key in each window into an array. Shuffle; keeps all values of open windows.
   *
   * ```ts
   * const events = ssc.queueStream<[string, number]>([[['a', 100], ['a', 200], ['a', 1000]], []]).withTimestamps(([, time]) => time)
   * events.tumbling('1s').groupByKey().map(({ key, value }) => [key, value]).output('lists') // []; [['a', [100, 200]]]
   * ```
   */
  groupByKey(): WindowStream<KeyedWindowResult<K, V[]>, [K, V]>
  /**
   * Counts the records of each key in each window. Shuffle; keeps a count for each key and open window.
   *
   * ```ts
   * const events = ssc.queueStream<[string, number]>([[['a', 100], ['a', 200], ['a', 1000]], []]).withTimestamps(([, time]) => time)
   * events.tumbling('1s').countByKey().map(({ key, value }) => [key, value]).output('counts') // []; [['a', 2]]
   * ```
   */
  countByKey(): WindowStream<KeyedWindowResult<K, number>, [K, V]>
}

declare module './event-stream.js' {
  interface EventTimed<T> {
    /**
     * Divides event time into consecutive windows of `size`: `[0, 1m), [1m, 2m), ...` Narrow; the operation on the
     * windows shuffles. Each window is emitted once, in the first batch whose watermark has reached its end.
     *
     * ```ts
     * const events = ssc.queueStream([[['a', 10], ['b', 20], ['a', 1000]], []] as [string, number][][])
     *   .withTimestamps(([, time]) => time)
     * events.tumbling('1s').countByKey().map(({ key, value }) => `${key} ${value}`).output('counts') // []; ['a 1', 'b 1']
     * ```
     */
    tumbling(size: Duration, options?: AlignedWindowOptions): EventWindows<T>
    /**
     * Divides event time into windows of `size`, one every `slide`, so that a record belongs to several. Narrow; the
     * operation on the windows shuffles. Stores a record once, however many windows it belongs to.
     *
     * ```ts
     * const events = ssc.queueStream([[500, 1500, 9000], []]).withTimestamps((time) => time)
     * events.sliding('2s', '1s').count().map(({ window, value }) => [window.end, value]).output('counts')
     * // []; [[1000, 1], [2000, 2], [3000, 1]]
     * ```
     */
    sliding(size: Duration, slide: Duration, options?: AlignedWindowOptions): EventWindows<T>
    /**
     * Divides the records of each key into sessions. A session ends when its key has had no record for `gap`: `[first,
     * last + gap)`. Narrow; the operation on the windows shuffles. A record between two sessions merges them.
     *
     * ```ts
     * const events = ssc.queueStream([[100, 900, 5000], []]).withTimestamps((time) => time)
     * events.session('1s').count().output('sessions') // []; [{ window: { start: 100, end: 1900 }, value: 2 }]
     * ```
     */
    session(gap: Duration, options?: EventWindowOptions): EventWindows<T>
  }
}

defineBuiltin('freshCopy', (zero: unknown) => () => fresh(zero))
defineBuiltin('addOne', () => (count: number) => count + 1)

/** The windows that `tumbling`, `sliding` and `session` return. */
class WindowsFacade<T> {
  readonly #of: EventNode<T>
  readonly #window: EventWindowOperator['window']
  readonly #allowedLateness: number
  readonly #partitions: Partitions | undefined
  readonly #version: StateVersion

  constructor(of: EventNode<T>, window: EventWindowOperator['window'], options: AlignedWindowOptions) {
    this.#of = of
    this.#window = window
    this.#allowedLateness = zeroOrMore(options.allowedLateness ?? 0, 'allowedLateness')
    this.#partitions = options.partitions
    this.#version = stateVersionOf(options, 'the windows')
  }

  count() {
    return this.#whole('count', this.#counting('count'))
  }
  reduce(fn: AnyFunction) {
    return this.#whole('reduce', reducing(this.#captured(fn, 'reduce'), 'reduce'))
  }
  aggregate(zero: unknown, seq: AnyFunction, comb: AnyFunction) {
    return this.#whole('aggregate', this.#folding(zero, seq, comb, 'aggregate'), this.#neutral(zero))
  }
  countByValue() {
    const aggregator = reducing(this.#captured(builtin('sum'), 'countByValue'), 'countByValue')
    return this.#made({ label: 'countByValue', place: 'timedByValue', aggregator, late: 'keyOf' })
  }
  reduceByKey(fn: AnyFunction) {
    return this.#byKey('reduceByKey', reducing(this.#captured(fn, 'reduceByKey')))
  }
  aggregateByKey(zero: unknown, seq: AnyFunction, comb: AnyFunction) {
    return this.#byKey('aggregateByKey', this.#folding(zero, seq, comb, 'aggregateByKey'), this.#neutral(zero))
  }
  groupByKey() {
    return this.#byKey('groupByKey', grouping(this.#of.graph.context), this.#neutral([]))
  }
  countByKey() {
    return this.#byKey('countByKey', this.#counting('countByKey'))
  }

  #captured(fn: AnyFunction, label: string): FnRef {
    return capturedBy(this.#of, fn, label)
  }

  #neutral(zero: unknown): FnRef {
    return this.#captured(builtin('freshCopy', zero), 'aggregateByKey')
  }

  #counting(label: string): Aggregator {
    return {
      create: this.#captured(builtin('one'), label),
      mergeValue: this.#captured(builtin('addOne'), label),
      mergeCombiners: this.#captured(builtin('sum'), label),
      mapSide: true,
      label,
    }
  }

  #folding(zero: unknown, seq: AnyFunction, comb: AnyFunction, label: string): Aggregator {
    return {
      create: this.#captured(builtin('fromFresh', zero, seq), label),
      mergeValue: this.#captured(seq, label),
      mergeCombiners: this.#captured(comb, label),
      mapSide: true,
      label,
    }
  }

  #whole(label: string, aggregator: Aggregator, neutral?: FnRef) {
    return this.#made({ label, place: 'timedTogether', aggregator, neutral, late: 'valueOf' })
  }

  #byKey(label: string, aggregator: Aggregator, neutral?: FnRef) {
    return this.#made({ label, place: 'timedByPair', aggregator, neutral })
  }

  #made(options: {
    readonly label: string
    readonly place: EventStateOptions['place']
    readonly aggregator: Aggregator
    readonly neutral?: FnRef
    /** The part of `[key, value]` that `lateRecords` returns; undefined: the pair. */
    readonly late?: 'keyOf' | 'valueOf'
  }): WindowStream<unknown, unknown> {
    const { label, place, aggregator, neutral, late } = options
    const keyed = place !== 'timedTogether'
    const state = new EventStateStream([this.#of], {
      label,
      place,
      partitions: keyed ? this.#partitions : 1,
      how: {
        kind: 'eventWindow',
        window: this.#window,
        aggregator,
        neutral,
        allowedLateness: this.#allowedLateness,
        keyed,
      },
      version: ofAccumulators(this.#version),
    })
    const lateRecords = () => {
      const records = new LateStream(state)
      return toDStream<unknown>(late ? chain(records, 'mapValues', builtin(late), 'lateRecords') : records)
    }
    return Object.assign(toEventStream<unknown>(state, state.watermarks), { lateRecords }) as WindowStream<
      unknown,
      unknown
    >
  }
}

function windows<T>(
  stream: EventStreamFacade,
  window: EventWindowOperator['window'],
  options: AlignedWindowOptions,
): EventWindows<T> {
  return new WindowsFacade(eventNode(stream) as EventNode<T>, window, options) as unknown as EventWindows<T>
}

const SESSIONS = ['allowedLateness', 'partitions', 'stateVersion', 'upgrade']
const ALIGNED = [...SESSIONS, 'offset']

Object.assign(EventStreamFacade.prototype, {
  tumbling(this: EventStreamFacade, size: Duration, options: AlignedWindowOptions = {}) {
    checkNames(options, ALIGNED, 'tumbling')
    const ms = toMillis(size, 'The window size')
    const offset = difference(options.offset ?? 0, 'The offset')
    return windows(this, { kind: 'fixed', size: ms, slide: ms, offset }, options)
  },
  sliding(this: EventStreamFacade, size: Duration, slide: Duration, options: AlignedWindowOptions = {}) {
    checkNames(options, ALIGNED, 'sliding')
    const window = {
      kind: 'fixed',
      size: toMillis(size, 'The window size'),
      slide: toMillis(slide, 'The window slide'),
      offset: difference(options.offset ?? 0, 'The offset'),
    } as const
    if (window.slide > window.size) {
      throw new ArgumentError(
        `sliding: the slide is ${formatMillis(window.slide)} and the size ${formatMillis(window.size)}; records between windows would be lost. Use a slide of at most the size.`,
        window,
      )
    }
    return windows(this, window, options)
  },
  session(this: EventStreamFacade, gap: Duration, options: EventWindowOptions = {}) {
    checkNames(options, SESSIONS, 'session')
    return windows(this, { kind: 'session', gap: toMillis(gap, 'The gap of sessions') }, options)
  },
})
