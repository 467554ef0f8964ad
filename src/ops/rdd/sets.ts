import { builtin, defineBuiltin } from '../functions/builtin.js'
import { hashPartitioner } from '../partitioner.js'
import { type Partitions, toPartitioner } from './by-key.js'
import { step } from './elementwise.js'
import { type BaseRdd, facade, nodeOf, pairs, type RDD, rdds } from './facade.js'
import { alone, cogroup } from './join.js'
import { operand } from './operand.js'
import type { Rdd } from './rdd.js'

declare module './facade.js' {
  interface BaseRdd<T> {
    /**
     * Returns the distinct elements that occur in both datasets, compared by content as keys are. Shuffles both.
     *
     * ```ts
     * await ctx.parallelize([3, 1, 1, 2]).intersection(ctx.parallelize([1, 3, 3]), 1).sortBy((x) => x).collect() // [1, 3]
     * ```
     */
    intersection(other: BaseRdd<T>, partitions?: Partitions): RDD<T>
    /**
     * Returns the elements that do not occur in the other dataset, duplicates included. Shuffles both, by default into
     * as many partitions as this dataset has.
     *
     * ```ts
     * await ctx.parallelize([1, 1, 2, 3]).subtract(ctx.parallelize([2, 4])).sortBy((x) => x).collect() // [1, 1, 3]
     * ```
     */
    subtract(other: BaseRdd<T>, partitions?: Partitions): RDD<T>
  }
  interface PairRdd<K, V> {
    /**
     * Returns the pairs whose key does not occur in the other dataset. Shuffles each side that is not already
     * partitioned like the result, by default into as many partitions as this dataset has.
     *
     * ```ts
     * const all = ctx.parallelize([['a', 1], ['b', 2], ['a', 3]] as [string, number][])
     * await all.subtractByKey(ctx.parallelize([['b', 0]] as [string, number][])).collect() // [['a', 1], ['a', 3]]
     * ```
     */
    subtractByKey<W>(other: BaseRdd<readonly [K, W]>, partitions?: Partitions): RDD<[K, V]>
  }
}

type Sides = readonly [readonly unknown[], readonly unknown[]]

defineBuiltin(
  'inBoth',
  () =>
    ([, [left, right]]: readonly [unknown, Sides]) =>
      left.length > 0 && right.length > 0,
)
defineBuiltin(
  'mine',
  () =>
    ([mine]: readonly [unknown, undefined]) =>
      mine,
)

function marked(rdd: Rdd<unknown>, label: string): Rdd<[unknown, null]> {
  return step(rdd, 'map', builtin('pairWithNull'), label)
}

function without(left: Rdd<unknown>, right: Rdd<unknown>, partitions: Partitions | undefined, label: string) {
  const place = partitions ?? left.partitioner ?? hashPartitioner(Math.max(1, left.partitions))
  return step(alone(left, right, toPartitioner(left, place), label), 'mapValues', builtin('mine'), label)
}

rdds.intersection = function <T>(other: BaseRdd<T>, partitions?: Partitions): RDD<T> {
  const label = 'intersection'
  const rdd = nodeOf<T>(this)
  const grouped = cogroup(marked(rdd, label), marked(operand(rdd, other, label), label), partitions)
  return facade(step<T>(step(grouped, 'filter', builtin('inBoth'), label), 'map', builtin('keyOf'), label))
}
rdds.subtract = function <T>(other: BaseRdd<T>, partitions?: Partitions): RDD<T> {
  const label = 'subtract'
  const rdd = nodeOf<T>(this)
  const rest = without(marked(rdd, label), marked(operand(rdd, other, label), label), partitions, label)
  return facade(step<T>(rest, 'map', builtin('keyOf'), label))
}
pairs.subtractByKey = function (other, partitions) {
  const rdd = nodeOf(this)
  return facade(without(rdd, operand(rdd, other, 'subtractByKey'), partitions, 'subtractByKey'))
}
