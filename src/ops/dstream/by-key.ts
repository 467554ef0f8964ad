import { builtin, defineBuiltin } from '../functions/builtin.js'
import type { AnyFunction } from '../functions/ref.js'
import { checkPartitions } from '../partitioner.js'
import type { Aggregator } from '../plan.js'
import { combine, grouping, type Partitions, reducing, repartition, withFunction } from '../rdd/by-key.js'
import { cogroup, type JoinName, join } from '../rdd/join.js'
import type { Rdd } from '../rdd/rdd.js'
import { ValuesRdd } from '../rdd/source-rdds.js'
import { UnionRdd } from '../rdd/union.js'
import { capturedBy, Stream } from './dstream.js'
import { chain, paired } from './elementwise.js'
import { type BaseStream, type DStream, dstreams, pairStreams, streamNode, toDStream } from './facade.js'
import { streamOperand, TransformedStream } from './transform.js'

declare module './facade.js' {
  interface PairStream<K, V> {
    /**
     * Reduces the values of each key in a batch by the associative `fn` to one pair a key. Shuffle; combines on the map
     * side first.
     *
     * ```ts
     * const sales = ssc.queueStream<[string, number]>([[['tea', 3], ['tea', 4]]])
     * sales.reduceByKey((a, b) => a + b).output('totals') // [['tea', 7]]
     * ```
     */
    reduceByKey(fn: (a: V, b: V) => V, partitions?: Partitions): DStream<[K, V]>
    /**
     * Groups the values of each key in a batch into an array. Shuffles every value; if you only reduce the groups, use
     * reduceByKey.
     *
     * ```ts
     * ssc.queueStream<[string, number]>([[['tea', 3], ['tea', 4]]]).groupByKey().output('lists') // [['tea', [3, 4]]]
     * ```
     */
    groupByKey(partitions?: Partitions): DStream<[K, V[]]>
    /**
     * Combines the values of each key in a batch: `create(first)`, then `merge(acc, value)` on the map side and
     * `combine(acc, acc)` between map partitions. Shuffle; combines on the map side first.
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
     * Groups the values of both streams in a batch by key: `[key, [mine, theirs]]` for each key of either. Shuffles
     * both. If one stream has no dataset in a batch, the batch fails.
     *
     * ```ts
     * const prices = ssc.queueStream<[string, number]>([[['tea', 3]]])
     * prices.cogroup(ssc.queueStream<[string, string]>([[['tea', 'green']]])).output('groups') // [['tea', [[3], ['green']]]]
     * ```
     */
    cogroup<W>(other: BaseStream<readonly [K, W]>, partitions?: Partitions): DStream<[K, [V[], W[]]]>
    /**
     * Joins pairs with equal keys in the same batch: `[key, [mine, theirs]]`. Shuffles both. If one stream has no
     * dataset in a batch, the batch fails. To join by event time use joinWithin.
     *
     * ```ts
     * const prices = ssc.queueStream<[string, number]>([[['tea', 3]]])
     * prices.join(ssc.queueStream<[string, string]>([[['tea', 'green']]])).output('joined') // [['tea', [3, 'green']]]
     * ```
     *
     * @throws ArgumentError unless both streams belong to this context and have the same slide.
     */
    join<W>(other: BaseStream<readonly [K, W]>, partitions?: Partitions): DStream<[K, [V, W]]>
    /**
     * Joins like `join`, and also emits this stream's pairs without a partner, with `undefined`. Shuffles both.
     *
     * ```ts
     * const prices = ssc.queueStream<[string, number]>([[['tea', 3]]])
     * prices.leftOuterJoin(ssc.queueStream<[string, string]>([[]])).output('joined') // [['tea', [3, undefined]]]
     * ```
     */
    leftOuterJoin<W>(other: BaseStream<readonly [K, W]>, partitions?: Partitions): DStream<[K, [V, W | undefined]]>
    /**
     * Joins like `join`, and also emits the other stream's pairs without a partner, with `undefined`. Shuffles both.
     *
     * ```ts
     * const prices = ssc.queueStream<[string, number]>([[]])
     * prices.rightOuterJoin(ssc.queueStream<[string, string]>([[['tea', 'green']]])).output('joined') // [['tea', [undefined, 'green']]]
     * ```
     */
    rightOuterJoin<W>(other: BaseStream<readonly [K, W]>, partitions?: Partitions): DStream<[K, [V | undefined, W]]>
    /**
     * Joins like `join`, and also emits both streams' pairs without a partner, with `undefined`. Shuffles both.
     *
     * ```ts
     * const prices = ssc.queueStream<[string, number]>([[['tea', 3]]])
     * prices.fullOuterJoin(ssc.queueStream<[string, string]>([[]])).output('joined') // [['tea', [3, undefined]]]
     * ```
     */
    fullOuterJoin<W>(
      other: BaseStream<readonly [K, W]>,
      partitions?: Partitions,
    ): DStream<[K, [V | undefined, W | undefined]]>
  }
  interface BaseStream<T> {
    /**
     * Counts how often each element occurs in a batch. Shuffle; combines on the map side first.
     *
     * ```ts
     * ssc.queueStream([['a', 'a']]).countByValue().output('counts') // [['a', 2]]
     * ```
     */
    countByValue(partitions?: Partitions): DStream<[T, number]>
    /**
     * Counts the elements of each batch: emits one number per batch, 0 for an empty one. Shuffles one number per
     * partition.
     *
     * ```ts
     * ssc.queueStream([['a', 'b'], []]).count().output('counts') // [2]; [0]
     * ```
     */
    count(): DStream<number>
    /**
     * Reduces the elements of each batch to one by the associative `fn`. An empty batch emits none. Shuffles one
     * element per partition.
     *
     * ```ts
     * ssc.queueStream([[1, 2, 3]]).reduce((a, b) => a + b).output('sums') // [6]
     * ```
     */
    reduce(fn: (a: T, b: T) => T): DStream<T>
    /**
     * Distributes the elements of each batch evenly over `partitions`, whose sizes differ by at most one. Shuffle.
     *
     * ```ts
     * ssc.queueStream([[1, 2]]).repartition(2).glom().output('partitions') // [[1], [2]]
     * ```
     *
     * @throws ArgumentError unless `partitions` is a whole number of at least 1.
     */
    repartition(partitions: number): DStream<T>
  }
}

/** Combines the values of each key, batch by batch. */
class CombinedStream<T> extends Stream<T> {
  readonly #aggregator: Aggregator
  readonly #partitions: Partitions | undefined

  constructor(parent: Stream<unknown>, aggregator: Aggregator, partitions: Partitions | undefined) {
    super(parent.graph, aggregator.label, [parent], parent.slideDuration)
    this.#aggregator = { ...aggregator, label: `${aggregator.label}#${this.id}` }
    this.#partitions = withFunction(parent.graph.context, partitions)
  }

  protected override compute(time: number): Rdd<T> | undefined {
    const rdd = this.parents[0]!.getOrCompute(time)
    return rdd && combine<T>(rdd, this.#aggregator, this.#partitions)
  }
}

export function combined<T>(parent: Stream<unknown>, aggregator: Aggregator, partitions?: Partitions): Stream<T> {
  return new CombinedStream<T>(parent, aggregator, partitions)
}

/** Reduces the values of each key in each batch. */
export function reducedByKey<T>(parent: Stream<unknown>, fn: AnyFunction, partitions?: Partitions): Stream<T> {
  return combined(parent, reducing(capturedBy(parent, fn, 'reduceByKey')), partitions)
}

/** Groups the values of each key in each batch. */
export function groupedByKey<T>(parent: Stream<unknown>, partitions?: Partitions): Stream<T> {
  return combined(parent, grouping(parent.graph.context), partitions)
}

/** Distributes the elements of each batch evenly. */
export function repartitioned<T>(parent: Stream<T>, partitions: number): Stream<T> {
  checkPartitions(partitions)
  return new TransformedStream<T>([parent], ([rdd]) => repartition(rdd as Rdd<T>, partitions), 'repartition')
}

function reduced<T>(parent: Stream<T>, fn: AnyFunction): Stream<T> {
  const keyed = chain<[null, T]>(parent, 'map', builtin('pairWithNullKey'), 'reduce')
  return chain<T>(reducedByKey(keyed, fn, 1), 'map', builtin('valueOf'), 'reduce')
}

function joining(name: JoinName) {
  // biome-ignore lint/suspicious/noExplicitAny: the declarations above give the types
  return function (this: BaseStream<any>, other: BaseStream<any>, partitions?: Partitions): any {
    const [left, right] = [streamNode(this), streamOperand(other, name)]
    const place = withFunction(left.graph.context, partitions)
    return toDStream(new TransformedStream([left, right], ([l, r]) => join(l!, r!, name, place), name))
  }
}

defineBuiltin('pairWithNullKey', () => (value: unknown) => [null, value])
defineBuiltin('one', () => () => 1)
defineBuiltin('countPartition', () => (records: Iterable<unknown>) => {
  let n = 0
  for (const _ of records) n++
  return [n]
})

pairStreams.reduceByKey = function (fn, partitions) {
  return toDStream(reducedByKey(streamNode(this), fn, partitions))
}
pairStreams.groupByKey = function (partitions) {
  return toDStream(groupedByKey(streamNode(this), partitions))
}
pairStreams.combineByKey = function (create, merge, combiners, partitions) {
  const label = 'combineByKey'
  const parent = streamNode(this)
  const aggregator: Aggregator = {
    create: capturedBy(parent, create, label),
    mergeValue: capturedBy(parent, merge, label),
    mergeCombiners: capturedBy(parent, combiners, label),
    mapSide: true,
    label,
  }
  return toDStream(combined(parent, aggregator, partitions))
}
pairStreams.cogroup = function (other, partitions) {
  const [left, right] = [streamNode(this), streamOperand(other, 'cogroup')]
  const place = withFunction(left.graph.context, partitions)
  return toDStream(new TransformedStream([left, right], ([l, r]) => cogroup(l!, r!, place), 'cogroup'))
}
pairStreams.join = joining('join')
pairStreams.leftOuterJoin = joining('leftOuterJoin')
pairStreams.rightOuterJoin = joining('rightOuterJoin')
pairStreams.fullOuterJoin = joining('fullOuterJoin')

dstreams.countByValue = function (partitions) {
  return toDStream(reducedByKey(paired(streamNode(this)), builtin('sum'), partitions))
}
dstreams.reduce = function (fn) {
  return toDStream(reduced(streamNode(this), fn))
}
dstreams.count = function () {
  // A zero in each batch makes the count of an empty batch 0.
  const ones = chain<number>(streamNode(this), 'mapPartitions', builtin('countPartition'), 'count')
  const counted = new TransformedStream<number>(
    [ones],
    ([rdd]) => new UnionRdd(rdd!.context, [rdd as Rdd<number>, new ValuesRdd(rdd!.context, [0], 1)]),
    'count',
  )
  return toDStream(reduced(counted, builtin('sum')))
}
dstreams.repartition = function (partitions) {
  return toDStream(repartitioned(streamNode(this), partitions))
}
