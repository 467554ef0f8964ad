import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { builtin } from '../functions/builtin.js'
import type { AnyFunction } from '../functions/ref.js'
import { checkNames } from '../option-names.js'
import type { StateOperator } from '../plan.js'
import { type Partitions, partitionerOf, reducing } from '../rdd/by-key.js'
import type { Duration } from '../time.js'
import { combined, groupedByKey } from './by-key.js'
import { capturedBy, multipleOfSlide, type Stream } from './dstream.js'
import { chain, paired } from './elementwise.js'
import { type DStream, dstreams, pairStreams, streamNode, toDStream } from './facade.js'
import { WindowStateStream } from './window-state.js'
import { WindowedStream } from './windowed-stream.js'

/**
 * Options of windows that reduce. Functions are declared as methods, so that a stream of pairs is assignable to one of
 * readonly pairs.
 */
export interface ReduceWindowOptions<V> {
  /**
   * `inverse` (none): removes `old` from `total`, undoing `fn`. The cost of a batch then depends on the entering and
   * the leaving batches, not on the window's length.
   */
  inverse?(total: V, old: V): V
}

/** Options of windows that reduce by key. */
export interface WindowOptions<K, V> extends ReduceWindowOptions<V> {
  /**
   * `filter` (none): with `inverse`, removes pairs for which it returns false from the results, and from the state when
   * the window has no more records of their key.
   */
  filter?(pair: readonly [K, V]): boolean
  /** `partitions`: the number of hash partitions, or a partitioner. Default: `parallelism`. */
  readonly partitions?: Partitions
}

declare module './facade.js' {
  interface BaseStream<T> {
    /**
     * Returns the elements of the last `length`, every `slide` (default: this stream's slide). Narrow; persists this
     * stream's datasets for the window's length. The first windows are partial.
     *
     * ```ts
     * ssc.queueStream([[1], [2], [3]]).window('2s').output('windows') // [1]; [1, 2]; [2, 3]
     * ```
     *
     * @throws ArgumentError unless both durations are multiples of this stream's slide.
     */
    window(length: Duration, slide?: Duration): DStream<T>
    /**
     * Counts the elements of the window: one number every `slide`, from the first element on. Shuffles one number per
     * partition. Incremental: keeps the count of the window and of each of its batches.
     *
     * ```ts
     * ssc.queueStream([['a'], ['b', 'c'], []]).countByWindow('2s').output('counts') // [1]; [3]; [2]
     * ```
     */
    countByWindow(length: Duration, slide?: Duration): DStream<number>
    /**
     * Counts how often each element occurs in the window. Shuffle. Incremental: keeps the counts of the window and of
     * each of its batches; the cost of a batch depends on the entering and the leaving batches.
     *
     * ```ts
     * ssc.queueStream([['a'], ['a']]).countByValueAndWindow('2s').output('counts') // [['a', 1]]; [['a', 2]]
     * ```
     */
    countByValueAndWindow(length: Duration, slide?: Duration, partitions?: Partitions): DStream<[T, number]>
    /**
     * Reduces the elements of the window to one by the associative `fn`, every `slide`. Shuffles one element per
     * partition. With `inverse` it is incremental: keeps one element for the window and for each of its batches.
     *
     * ```ts
     * const numbers = ssc.queueStream([[1, 2], [3], [4]])
     * numbers.reduceByWindow((a, b) => a + b, '2s', '1s', { inverse: (a, b) => a - b }).output('sums') // [3]; [6]; [7]
     * ```
     *
     * @throws ArgumentError unless both durations are multiples of this stream's slide, or for an unknown option.
     */
    reduceByWindow(
      fn: (a: T, b: T) => T,
      length: Duration,
      slide?: Duration,
      options?: ReduceWindowOptions<T>,
    ): DStream<T>
  }
  interface PairStream<K, V> {
    /**
     * Reduces the values of each key in the window by the associative `fn` to one pair per key, every `slide`. Shuffle.
     * With `inverse` it is incremental: the new value is `fn(inverse(previous, leaving), entering)`, the stream keeps a
     * state for each key, and only `filter` removes keys.
     *
     * ```ts
     * const sales = ssc.queueStream<[string, number]>([[['tea', 3]], [['tea', 4]], []])
     * const undo = { inverse: (total: number, old: number) => total - old }
     * sales.reduceByKeyAndWindow((a, b) => a + b, '2s', '1s', undo).output('totals') // [['tea', 3]]; [['tea', 7]]; [['tea', 4]]
     * ```
     *
     * @throws ArgumentError unless both durations are multiples of this stream's slide, or for an unknown option.
     */
    reduceByKeyAndWindow(
      fn: (a: V, b: V) => V,
      length: Duration,
      slide?: Duration,
      options?: WindowOptions<K, V>,
    ): DStream<[K, V]>
    /**
     * Groups the values of each key in the window into an array, every `slide`. Every window shuffles all of its
     * values.
     *
     * ```ts
     * const sales = ssc.queueStream<[string, number]>([[['tea', 3]], [['tea', 4]]])
     * sales.groupByKeyAndWindow('2s').output('lists') // [['tea', [3]]]; [['tea', [3, 4]]]
     * ```
     */
    groupByKeyAndWindow(length: Duration, slide?: Duration, partitions?: Partitions): DStream<[K, V[]]>
  }
}

interface LengthAndSlide {
  readonly length: number
  readonly slide: number
}

function lengths(parent: Stream<unknown>, length: Duration, slide: Duration = parent.slideDuration): LengthAndSlide {
  return {
    length: multipleOfSlide(parent, length, 'The window length'),
    slide: multipleOfSlide(parent, slide, 'The window slide'),
  }
}

function windowed<T>(parent: Stream<T>, length: Duration, slide?: Duration): Stream<T> {
  const checked = lengths(parent, length, slide)
  return new WindowedStream<T>(parent, checked.length, checked.slide)
}

type AnyWindowOptions = WindowOptions<unknown, unknown>

function reducedByKeyAndWindow(
  parent: Stream<unknown>,
  fn: AnyFunction,
  length: Duration,
  slide: Duration | undefined,
  { inverse, filter, partitions }: AnyWindowOptions,
  counted = filter !== undefined,
): Stream<[unknown, unknown]> {
  const checked = lengths(parent, length, slide)
  const reduce = capturedBy(parent, fn, 'reduceByKeyAndWindow')
  if (!inverse) {
    const reduced = combined(parent, reducing(reduce), partitions)
    return combined(new WindowedStream(reduced, checked.length, checked.slide), reducing(reduce), partitions)
  }
  // State stays in its partition, so all batches of a stream need one partitioner, however their own records are
  // partitioned.
  const partitioner = partitionerOf(parent.graph.context, partitions)
  const reduced = combined(parent, reducing(reduce), partitioner)
  const how: StateOperator = {
    kind: 'window',
    reduce,
    inverse: capturedBy(parent, inverse, 'inverse of reduceByKeyAndWindow'),
    filter: filter && capturedBy(parent, filter, 'filter of reduceByKeyAndWindow'),
    counted,
  }
  return new WindowStateStream<[unknown, unknown]>(reduced, checked.length, checked.slide, how, partitioner)
}

function reducedByWindow<T>(
  parent: Stream<T>,
  fn: AnyFunction,
  length: Duration,
  slide: Duration | undefined,
  inverse: AnyFunction | undefined,
): Stream<T> {
  const keyed = chain<[null, T]>(parent, 'map', builtin('pairWithNullKey'), 'reduceByWindow')
  const reduced = reducedByKeyAndWindow(keyed, fn, length, slide, { inverse, partitions: 1 })
  return chain<T>(reduced, 'map', builtin('valueOf'), 'reduceByWindow')
}

function checkOptions(options: object, known: readonly string[], label: string): void {
  if (typeof options !== 'object' || options === null) {
    throw new ArgumentError(
      `${label} got ${describe(options)} for its options; it takes an object such as { inverse: (total, old) => total - old }.`,
    )
  }
  checkNames(options, known, label)
}

dstreams.window = function (length, slide) {
  return toDStream(windowed(streamNode(this), length, slide))
}
pairStreams.reduceByKeyAndWindow = function (fn, length, slide, options = {}) {
  checkOptions(options, ['inverse', 'filter', 'partitions'], 'reduceByKeyAndWindow')
  return toDStream(reducedByKeyAndWindow(streamNode(this), fn, length, slide, options as AnyWindowOptions))
}
pairStreams.groupByKeyAndWindow = function (length, slide, partitions) {
  return toDStream(groupedByKey(windowed(streamNode(this), length, slide), partitions))
}
dstreams.countByValueAndWindow = function (length, slide, partitions) {
  const how = { inverse: builtin('subtract'), filter: builtin('isNotZeroValue'), partitions }
  // Counts of a batch are above 0, so a sum of 0 is of no batch.
  const counts = reducedByKeyAndWindow(paired(streamNode(this)), builtin('sum'), length, slide, how, false)
  return toDStream(counts) as never
}
dstreams.reduceByWindow = function (fn, length, slide, options = {}) {
  checkOptions(options, ['inverse'], 'reduceByWindow')
  return toDStream(reducedByWindow(streamNode(this), fn, length, slide, options.inverse))
}
dstreams.countByWindow = function (length, slide) {
  const ones = chain<number>(streamNode(this), 'map', builtin('one'), 'countByWindow')
  return toDStream(reducedByWindow(ones, builtin('sum'), length, slide, builtin('subtract')))
}
