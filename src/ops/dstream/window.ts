import { builtin } from '../functions/builtin.js'
import { checkNames } from '../option-names.js'
import type { Partitioner } from '../partitioner.js'
import type { StateOperator } from '../plan.js'
import { type Partitions, reducing, toPartitioner } from '../rdd/by-key.js'
import type { Rdd } from '../rdd/rdd.js'
import { StateRdd } from '../rdd/state.js'
import type { StorageLevel } from '../rdd/storage-level.js'
import { UnionRdd } from '../rdd/union.js'
import type { Duration } from '../time.js'
import { combined } from './by-key.js'
import { capturedBy, type DStream, multipleOfSlide, nextAfter, pairStreams, Stream, streamFace } from './dstream.js'
import { chain, paired } from './elementwise.js'
import { type MadeVersion, StatefulStream, type Version } from './stateful.js'

declare module './dstream.js' {
  interface Stream<T> {
    /**
     * The elements of the last `length`, once a `slide` (default: this stream's own). Early windows are partial. Narrow;
     * keeps this stream's RDDs in memory for the window's length.
     */
    window(length: Duration, slide?: Duration): DStream<T>
    /** One element a slide: the number of elements in the window; nothing before the first element ever. Incremental. */
    countByWindow(length: Duration, slide?: Duration): DStream<number>
    /**
     * How often each element occurs in the window. Incremental: a batch costs what enters and what leaves, whatever the
     * window's length. Shuffle; keeps the counts of the window, and of each of its batches.
     */
    countByValueAndWindow(length: Duration, slide?: Duration, partitions?: Partitions): DStream<[T, number]>
    /** One element a slide: the elements of the window reduced by `fn`; with `inverse` incrementally. */
    reduceByWindow(
      fn: (a: T, b: T) => T,
      length: Duration,
      slide?: Duration,
      inverse?: (total: T, old: T) => T,
    ): DStream<T>
  }
  interface PairStream<K, V> {
    /**
     * One pair a key: the values of the window reduced by `fn`. With `inverse` incrementally: value =
     * inverse(previous, reduced old) then reduced with the new; a key leaves only through `filter`.
     */
    reduceByKeyAndWindow(
      fn: (a: V, b: V) => V,
      length: Duration,
      slide?: Duration,
      options?: WindowOptions<K, V>,
    ): DStream<[K, V]>
    /** One pair a key with all its values in the window. Shuffle. */
    groupByKeyAndWindow(length: Duration, slide?: Duration, partitions?: Partitions): DStream<[K, V[]]>
  }
}

export interface WindowOptions<K, V> {
  /** Undoes `fn`: makes the window incremental. */
  readonly inverse?: (total: V, old: V) => V
  /** With `inverse`: keys whose pair it refuses leave the window's state. */
  readonly filter?: (pair: readonly [K, V]) => boolean
  readonly partitions?: Partitions
}

/** The union of the parent's RDDs in (time - length, time]. */
class WindowedStream<T> extends Stream<T> {
  readonly #length: number

  constructor(parent: Stream<T>, length: number, slide: number) {
    super(parent.builder, 'window', [parent], slide)
    this.#length = length
    // Each RDD is read again in every window that it belongs to.
    parent.storage ??= 'memory'
  }

  /** What a window is made of is kept, once for all windows that it belongs to; the windows themselves are not. */
  override keep(level: StorageLevel): void {
    this.parents[0]!.keep(level)
  }

  override get parentRemember(): number {
    return this.#length
  }

  override get shape(): string {
    return `length=${this.#length}`
  }

  override neededAfter(time: number): readonly number[] {
    return timesOf(this.parents[0]!, nextAfter(this, time) - this.#length, time)
  }

  protected override compute(time: number): Rdd<T> | undefined {
    const rdds = between(this.parents[0] as Stream<T>, time - this.#length, time).map(([, rdd]) => rdd)
    if (rdds.length === 0) return this.builder.context.emptyRDD<T>()
    return new UnionRdd(this.builder.context, rdds, 'window', 4 * this.builder.context.parallelism)
  }
}

/** RDDs of a stream with start < time <= end, with their times; times without a dataset are skipped. */
function between<T>(stream: Stream<T>, start: number, end: number): [number, Rdd<T>][] {
  const rdds: [number, Rdd<T>][] = []
  for (const time of timesOf(stream, start, end)) {
    const rdd = stream.getOrCompute(time)
    if (rdd) rdds.push([time, rdd])
  }
  return rdds
}

/** Times of a stream with start < time <= end, where `start` is one of its times. */
function timesOf({ builder, slideDuration }: Stream<unknown>, start: number, end: number): number[] {
  const times: number[] = []
  for (let time = Math.max(start, builder.zeroTime) + slideDuration; time <= end; time += slideDuration)
    times.push(time)
  return times
}

/** A version of a window: also the times of the parent's RDDs that the window holds. */
interface WindowVersion extends Version {
  readonly times: readonly number[]
}

/** A window kept as state: what enters is reduced in, what leaves is taken out by the inverse. */
class WindowStateStream<T> extends StatefulStream<T, WindowVersion> {
  readonly #length: number
  readonly #how: StateOperator
  readonly #partitioner: Partitioner

  /** `reduced` holds at most one pair a key in each batch, and is placed by `partitioner`. */
  constructor(reduced: Stream<unknown>, length: number, slide: number, how: StateOperator, partitioner: Partitioner) {
    super(reduced.builder, 'reduceByKeyAndWindow', [reduced], slide)
    this.#length = length
    this.#how = how
    this.#partitioner = partitioner
    // Each batch is read twice, when it enters and when it leaves.
    reduced.storage ??= 'memory'
  }

  /** What leaves now entered a window ago; a rebuild replays the batches since the last snapshot. */
  override get parentRemember(): number {
    return this.#length + super.parentRemember
  }

  override get shape(): string {
    return `length=${this.#length} partitions=${this.#partitioner.partitions}`
  }

  /** What will leave, and what has arrived since the newest version. */
  override neededAfter(time: number): readonly number[] {
    const start = nextAfter(this, time) - Math.min(this.slideDuration, this.#length)
    return [...new Set([...(this.newest?.times ?? []), ...timesOf(this.parents[0]!, start, time)])]
  }

  protected override next(time: number, previous: WindowVersion | undefined): MadeVersion<T, WindowVersion> {
    const parent = this.parents[0]!
    const times = previous?.times ?? []
    const entering = between(parent, time - Math.min(this.slideDuration, this.#length), time)
    const left = times.filter((entered) => entered <= time - this.#length)
    const leaving = left.map((entered) => parent.getOrCompute(entered)).filter((rdd) => rdd !== undefined)
    const rdd = new StateRdd<T>(this.builder.context, {
      operator: this.id,
      time,
      previous: previous?.time,
      changes: [entering.map(([, rdd]) => rdd), leaving],
      partitioner: this.#partitioner,
      how: this.#how,
      label: `${this.label}#${this.id}`,
    })
    return { version: { time, times: [...times.slice(left.length), ...entering.map(([entered]) => entered)] }, rdd }
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

Stream.prototype.window = function <T>(this: Stream<T>, length: Duration, slide?: Duration): DStream<T> {
  const checked = lengths(this, length, slide)
  return streamFace(new WindowedStream<T>(this, checked.length, checked.slide))
}
pairStreams.reduceByKeyAndWindow = function (fn, length, slide, options = {}) {
  checkNames(options, ['inverse', 'filter', 'partitions'], 'reduceByKeyAndWindow')
  const checked = lengths(this, length, slide)
  const reduce = capturedBy(this, fn, 'reduceByKeyAndWindow')
  if (!options.inverse) {
    const reduced = combined(this, reducing(reduce), options.partitions)
    return combined(new WindowedStream(reduced, checked.length, checked.slide), reducing(reduce), options.partitions)
  }
  // State stays where it is: every batch must be placed alike, whatever places the stream's RDDs, or whether there is one.
  const partitioner = toPartitioner(this.builder.context.emptyRDD(), options.partitions)
  const reduced = combined(this, reducing(reduce), partitioner)
  const how: StateOperator = {
    kind: 'window',
    reduce,
    inverse: capturedBy(this, options.inverse, 'inverse of reduceByKeyAndWindow'),
    filter: options.filter && capturedBy(this, options.filter, 'filter of reduceByKeyAndWindow'),
  }
  return streamFace(new WindowStateStream<[unknown, unknown]>(reduced, checked.length, checked.slide, how, partitioner))
}
pairStreams.groupByKeyAndWindow = function (length, slide, partitions) {
  return this.window(length, slide).groupByKey(partitions)
}
Stream.prototype.countByValueAndWindow = function <T>(
  this: Stream<T>,
  length: Duration,
  slide?: Duration,
  partitions?: Partitions,
) {
  return paired(this).reduceByKeyAndWindow(builtin('sum'), length, slide, {
    inverse: builtin('subtract'),
    filter: builtin('isNotZeroValue'),
    partitions,
  }) as DStream<[T, number]>
}
Stream.prototype.reduceByWindow = function <T>(
  this: Stream<T>,
  fn: (a: T, b: T) => T,
  length: Duration,
  slide?: Duration,
  inverse?: (total: T, old: T) => T,
): DStream<T> {
  const keyed = chain<[null, T]>(this, 'map', builtin('pairWithNullKey'), 'reduceByWindow')
  return chain<T>(
    keyed.reduceByKeyAndWindow(fn, length, slide, { inverse, partitions: 1 }),
    'map',
    builtin('valueOf'),
    'reduceByWindow',
  )
}
Stream.prototype.countByWindow = function <T>(this: Stream<T>, length: Duration, slide?: Duration): DStream<number> {
  const ones = chain<number>(this, 'map', builtin('one'), 'countByWindow')
  return ones.reduceByWindow(builtin('sum'), length, slide, builtin('subtract'))
}
