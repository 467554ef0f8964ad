import { builtin, defineBuiltin } from '../functions/builtin.js'
import { checkPartitions } from '../partitioner.js'
import type { Aggregator } from '../plan.js'
import { combine, grouping, type Partitions, reducing, withFunction } from '../rdd/by-key.js'
import { cogroup, type JoinName, join } from '../rdd/join.js'
import type { Rdd } from '../rdd/rdd.js'
import { capturedBy, type DStream, pairStreams, Stream, streamFace } from './dstream.js'
import { chain, paired } from './elementwise.js'
import { TransformedStream } from './transform.js'

declare module './dstream.js' {
  interface PairStream<K, V> {
    /** One pair a key in each batch, its values reduced by the associative `fn`. Shuffle; combines on the map side. */
    reduceByKey(fn: (a: V, b: V) => V, partitions?: Partitions): DStream<[K, V]>
    /** One pair a key in each batch with the array of its values. Shuffle; all values travel. */
    groupByKey(partitions?: Partitions): DStream<[K, V[]]>
    /**
     * One pair a key in each batch: `create(first)`, then `merge(acc, value)` on the map side and `combine(acc, acc)`
     * between. Shuffle.
     *
     * ```ts
     * const calls = ssc.queueStream<[string, number]>([[['a', 1], ['a', 5]]])
     * calls.combineByKey((v) => [v], (vs, v) => [...vs, v], (a, b) => [...a, ...b]).output('lists') // [['a', [1, 5]]]
     * ```
     */
    combineByKey<C>(
      create: (value: V) => C,
      merge: (acc: C, value: V) => C,
      combine: (a: C, b: C) => C,
      partitions?: Partitions,
    ): DStream<[K, C]>
    /**
     * For each key of either side in a batch, the values of both: `[key, [mine, theirs]]`. Shuffle of both sides; a side
     * without a dataset fails the batch.
     *
     * ```ts
     * const prices = ssc.queueStream<[string, number]>([[['tea', 3]]])
     * prices.cogroup(ssc.queueStream<[string, string]>([[['tea', 'green']]])).output('groups') // [['tea', [[3], ['green']]]]
     * ```
     */
    cogroup<W>(other: Stream<readonly [K, W]>, partitions?: Partitions): DStream<[K, [V[], W[]]]>
    /** All pairs of values with equal keys in the same batch. Shuffle of both sides. */
    join<W>(other: Stream<readonly [K, W]>, partitions?: Partitions): DStream<[K, [V, W]]>
    leftOuterJoin<W>(other: Stream<readonly [K, W]>, partitions?: Partitions): DStream<[K, [V, W | undefined]]>
    rightOuterJoin<W>(other: Stream<readonly [K, W]>, partitions?: Partitions): DStream<[K, [V | undefined, W]]>
    fullOuterJoin<W>(
      other: Stream<readonly [K, W]>,
      partitions?: Partitions,
    ): DStream<[K, [V | undefined, W | undefined]]>
  }
  interface Stream<T> {
    /** How often each element occurs in a batch. Shuffle; combines on the map side. */
    countByValue(partitions?: Partitions): DStream<[T, number]>
    /** One element a batch: the number of elements. An empty batch gives 0. */
    count(): DStream<number>
    /** At most one element a batch: all elements reduced by `fn`. */
    reduce(fn: (a: T, b: T) => T): DStream<T>
    /** Deals the elements of each batch out to `partitions` in turn: sizes differ by one at most. Shuffle. */
    repartition(partitions: number): DStream<T>
  }
}

/** Combines by key in each batch. */
class CombinedStream<T> extends Stream<T> {
  readonly #aggregator: Aggregator
  readonly #partitions: Partitions | undefined

  constructor(parent: Stream<unknown>, aggregator: Aggregator, partitions: Partitions | undefined) {
    super(parent.builder, aggregator.label, [parent], parent.slideDuration)
    this.#aggregator = { ...aggregator, label: `${aggregator.label}#${this.id}` }
    this.#partitions = withFunction(parent.builder.context, partitions)
  }

  protected override compute(time: number): Rdd<T> | undefined {
    const rdd = this.parents[0]!.getOrCompute(time)
    return rdd && combine<T>(rdd, this.#aggregator, this.#partitions)
  }
}

export function combined<T>(parent: Stream<unknown>, aggregator: Aggregator, partitions?: Partitions): DStream<T> {
  return streamFace(new CombinedStream<T>(parent, aggregator, partitions))
}

pairStreams.reduceByKey = function (fn, partitions) {
  return combined(this, reducing(capturedBy(this, fn, 'reduceByKey')), partitions)
}
pairStreams.groupByKey = function (partitions) {
  return combined(this, grouping(this.builder.context), partitions)
}

function cogrouped(
  left: Stream<unknown>,
  right: Stream<unknown>,
  partitions?: Partitions,
): Stream<[unknown, unknown[][]]> {
  const place = withFunction(left.builder.context, partitions)
  return new TransformedStream([left, right], ([mine, theirs]) => cogroup(mine!, theirs!, place), 'cogroup')
}

pairStreams.combineByKey = function (create, merge, combiners, partitions) {
  const label = 'combineByKey'
  const aggregator: Aggregator = {
    create: capturedBy(this, create, label),
    mergeValue: capturedBy(this, merge, label),
    mergeCombiners: capturedBy(this, combiners, label),
    mapSide: true,
    label,
  }
  return combined(this, aggregator, partitions)
}
pairStreams.cogroup = function (other, partitions) {
  return streamFace(cogrouped(this, other, partitions))
}

function joining(name: JoinName) {
  // biome-ignore lint/suspicious/noExplicitAny: the declarations above give the types
  return function (this: Stream<unknown>, other: Stream<unknown>, partitions?: Partitions): any {
    const place = withFunction(this.builder.context, partitions)
    const both = new TransformedStream([this, other], ([l, r]) => join(l!, r!, name, place), name)
    return streamFace(both)
  }
}
pairStreams.join = joining('join')
pairStreams.leftOuterJoin = joining('leftOuterJoin')
pairStreams.rightOuterJoin = joining('rightOuterJoin')
pairStreams.fullOuterJoin = joining('fullOuterJoin')

defineBuiltin('pairWithNullKey', () => (value: unknown) => [null, value])
defineBuiltin('one', () => () => 1)
defineBuiltin('countPartition', () => (records: Iterable<unknown>) => {
  let n = 0
  for (const _ of records) n++
  return [n]
})

Stream.prototype.countByValue = function <T>(this: Stream<T>, partitions?: Partitions): DStream<[T, number]> {
  return paired(this).reduceByKey(builtin('sum'), partitions) as DStream<[T, number]>
}
Stream.prototype.reduce = function <T>(this: Stream<T>, fn: (a: T, b: T) => T): DStream<T> {
  const keyed = chain<[null, T]>(this, 'map', builtin('pairWithNullKey'), 'reduce')
  return chain<T>(keyed.reduceByKey(fn, 1), 'map', builtin('valueOf'), 'reduce')
}
Stream.prototype.count = function <T>(this: Stream<T>): DStream<number> {
  // One zero is added to each batch, so that an empty batch still gives its 0.
  const ones = chain<number>(this, 'mapPartitions', builtin('countPartition'), 'count')
  const counted = new TransformedStream<number>(
    [ones],
    ([rdd]) => (rdd as Rdd<number>).union(this.builder.context.parallelize([0], 1)),
    'count',
  )
  return counted.reduce(builtin('sum'))
}
Stream.prototype.repartition = function <T>(this: Stream<T>, partitions: number): DStream<T> {
  checkPartitions(partitions)
  return streamFace(new TransformedStream<T>([this], ([rdd]) => (rdd as Rdd<T>).repartition(partitions), 'repartition'))
}
