import { ArgumentError } from '../../../errors.js'
import { builtin, defineBuiltin } from '../../functions/builtin.js'
import type { AnyFunction, FnRef } from '../../functions/ref.js'
import { checkNames } from '../../option-names.js'
import type { Aggregator, EventWindowOperator } from '../../plan.js'
import { fresh } from '../../rdd/aggregate.js'
import { grouping, type Partitions, reducing } from '../../rdd/by-key.js'
import { type Duration, formatMillis, toMillis } from '../../time.js'
import { capturedBy, type DStream } from '../dstream.js'
import { chain } from '../elementwise.js'
import { difference, zeroOrMore } from './durations.js'
import { type EventStateOptions, EventStateStream, LateStream } from './event-state.js'
import { EventNode, type EventStream, eventStream } from './event-stream.js'

/** A window of event time: its first ms, and the first that is after it. */
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

export interface EventWindowOptions {
  /**
   * How long after the watermark has passed its end a window still takes records. Each batch with such records gives the
   * window once more, with its new result. Default 0.
   */
  readonly allowedLateness?: Duration
  /** Where keys are put. Default: the context's parallelism. */
  readonly partitions?: Partitions
}
export interface AlignedWindowOptions extends EventWindowOptions {
  /** Windows begin at multiples of the slide since 1970, UTC, plus this; `'-5h'` for days of UTC+5. Default 0. */
  readonly offset?: Duration
}

/** Results at the last ms of their windows, and beside them the records that came too late for any window. */
export type WindowStream<R, L> = EventStream<R> & LateRecords<L>
export interface LateRecords<L> {
  /**
   * The records that came too late, with their event times: every window that they belong to was given up already. They
   * are counted in `eventTime` of each batch, too. No shuffle of its own.
   */
  lateRecords(): DStream<[time: number, record: L]>
}

/** Windows of event time, to be reduced. Functions see a window's values in the order in which they come. */
export type EventWindows<T> = WholeWindows<T> &
  ([T] extends [readonly [infer K, infer V]] ? KeyedWindows<K, V> : unknown)

export interface WholeWindows<T> {
  /** The number of records of each window that has any. Shuffle to one partition. */
  count(): WindowStream<WindowResult<number>, T>
  /** The records of each window reduced by the associative `fn`, which may change and return its first argument. Shuffle to one partition. */
  reduce(fn: (a: T, b: T) => T): WindowStream<WindowResult<T>, T>
  /** The records of each window folded by `seq` from a `zero` of its own, and by `comb` between parts. Shuffle to one partition. */
  aggregate<U>(zero: U, seq: (acc: U, value: T) => U, comb: (a: U, b: U) => U): WindowStream<WindowResult<U>, T>
  /** How often each record occurs in each window. Shuffle. */
  countByValue(): WindowStream<KeyedWindowResult<T, number>, T>
}

export interface KeyedWindows<K, V> {
  /**
   * The values of each key in each window reduced by the associative `fn`, which may change and return its first argument.
   * Shuffle; keeps a value for each key and window that is open.
   */
  reduceByKey(fn: (a: V, b: V) => V): WindowStream<KeyedWindowResult<K, V>, [K, V]>
  /** The values of each key in each window folded by `seq` from a `zero` of its own, and by `comb` between parts. Shuffle. */
  aggregateByKey<U>(
    zero: U,
    seq: (acc: U, value: V) => U,
    comb: (a: U, b: U) => U,
  ): WindowStream<KeyedWindowResult<K, U>, [K, V]>
  /** The values of each key in each window as an array. Shuffle; keeps all values. */
  groupByKey(): WindowStream<KeyedWindowResult<K, V[]>, [K, V]>
  /** The number of records of each key in each window. Shuffle. */
  countByKey(): WindowStream<KeyedWindowResult<K, number>, [K, V]>
}

declare module './event-stream.js' {
  interface EventTimed<T> {
    /**
     * Windows of `size` that follow each other: `[0, 1m), [1m, 2m), ...` Each is given once, in the first batch whose
     * watermark has reached its end.
     *
     * ```ts
     * const events = ssc.queueStream([[['a', 10], ['b', 20], ['a', 1000]], []] as [string, number][][])
     *   .withTimestamps(([, time]) => time)
     * events.tumbling('1s').countByKey().map(({ key, value }) => `${key} ${value}`).output('counts') // []; ['a 1', 'b 1']
     * ```
     */
    tumbling(size: Duration, options?: AlignedWindowOptions): EventWindows<T>
    /**
     * Windows of `size`, one each `slide`, so that a record is in several. Each record is kept once, whatever their number.
     *
     * ```ts
     * const events = ssc.queueStream([[500, 1500, 9000], []]).withTimestamps((time) => time)
     * events.sliding('2s', '1s').count().map(({ window, value }) => [window.end, value]).output('counts')
     * // []; [[1000, 1], [2000, 2], [3000, 1]]
     * ```
     */
    sliding(size: Duration, slide: Duration, options?: AlignedWindowOptions): EventWindows<T>
    /**
     * Windows that end when their key has had no record for `gap`: `[first, last + gap)`. Records that come between two
     * sessions make them one.
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

class WindowsNode<T> {
  readonly #of: EventNode<T>
  readonly #window: EventWindowOperator['window']
  readonly #allowedLateness: number
  readonly #partitions: Partitions | undefined

  constructor(of: EventNode<T>, window: EventWindowOperator['window'], options: AlignedWindowOptions) {
    this.#of = of
    this.#window = window
    this.#allowedLateness = zeroOrMore(options.allowedLateness ?? 0, 'allowedLateness')
    this.#partitions = options.partitions
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
    return this.#byKey('groupByKey', grouping(this.#of.builder.context), this.#neutral([]))
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
    /** What of `[key, value]` was the record; all of it if absent. */
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
    })
    const lateRecords = () => {
      const records = new LateStream(state)
      return late ? chain(records, 'mapValues', builtin(late), 'lateRecords') : records
    }
    return Object.assign(eventStream<unknown>(state, state.watermarks), { lateRecords }) as WindowStream<
      unknown,
      unknown
    >
  }
}

function windows<T>(
  node: unknown,
  window: EventWindowOperator['window'],
  options: AlignedWindowOptions,
): EventWindows<T> {
  return new WindowsNode(node as EventNode<T>, window, options) as unknown as EventWindows<T>
}

const ALIGNED = ['allowedLateness', 'partitions', 'offset']

Object.assign(EventNode.prototype, {
  tumbling(this: EventNode<unknown>, size: Duration, options: AlignedWindowOptions = {}) {
    checkNames(options, ALIGNED, 'tumbling')
    const ms = toMillis(size, 'The window size')
    const offset = difference(options.offset ?? 0, 'The offset')
    return windows(this, { kind: 'fixed', size: ms, slide: ms, offset }, options)
  },
  sliding(this: EventNode<unknown>, size: Duration, slide: Duration, options: AlignedWindowOptions = {}) {
    checkNames(options, ALIGNED, 'sliding')
    const window = {
      kind: 'fixed',
      size: toMillis(size, 'The window size'),
      slide: toMillis(slide, 'The window slide'),
      offset: difference(options.offset ?? 0, 'The offset'),
    } as const
    if (window.slide > window.size) {
      throw new ArgumentError(
        `sliding: the slide is ${formatMillis(window.slide)} and the size ${formatMillis(window.size)}; records between windows would be in none. Give a slide of at most the size.`,
        window,
      )
    }
    return windows(this, window, options)
  },
  session(this: EventNode<unknown>, gap: Duration, options: EventWindowOptions = {}) {
    checkNames(options, ['allowedLateness', 'partitions'], 'session')
    return windows(this, { kind: 'session', gap: toMillis(gap, 'The gap of sessions') }, options)
  },
})
