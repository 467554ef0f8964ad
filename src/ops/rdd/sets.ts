import { builtin, defineBuiltin } from '../functions/builtin.js'
import { hashPartitioner } from '../partitioner.js'
import { type Partitions, toPartitioner } from './by-key.js'
import { step } from './elementwise.js'
import { cogroup } from './join.js'
import { operand } from './operand.js'
import { pairs, type RDD, Rdd } from './rdd.js'

declare module './rdd.js' {
  interface Rdd<T> {
    /**
     * The distinct elements that both have. Shuffle of both; elements are compared as keys are, by content.
     *
     * ```ts
     * await ctx.parallelize([3, 1, 1, 2]).intersection(ctx.parallelize([1, 3, 3]), 1).sortBy((x) => x).collect() // [1, 3]
     * ```
     */
    intersection(other: Rdd<T>, partitions?: Partitions): RDD<T>
    /**
     * My elements that the other does not have, duplicates kept. Shuffle of both, into as many partitions as mine if
     * not told otherwise.
     *
     * ```ts
     * await ctx.parallelize([1, 1, 2, 3]).subtract(ctx.parallelize([2, 4])).sortBy((x) => x).collect() // [1, 1, 3]
     * ```
     */
    subtract(other: Rdd<T>, partitions?: Partitions): RDD<T>
  }
  interface PairRdd<K, V> {
    /**
     * My pairs whose key the other does not have. Shuffles each side that is not in place, into as many partitions as
     * mine if not told otherwise.
     *
     * ```ts
     * const all = ctx.parallelize([['a', 1], ['b', 2], ['a', 3]] as [string, number][])
     * await all.subtractByKey(ctx.parallelize([['b', 0]] as [string, number][])).collect() // [['a', 1], ['a', 3]]
     * ```
     */
    subtractByKey<W>(other: Rdd<readonly [K, W]>, partitions?: Partitions): RDD<[K, V]>
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
  'onlyLeft',
  () =>
    ([left, right]: Sides) =>
      right.length === 0 ? left : [],
)

function marked(rdd: Rdd<unknown>, label: string): Rdd<[unknown, null]> {
  return step(rdd, 'map', builtin('pairWithNull'), label)
}

function without(left: Rdd<unknown>, right: Rdd<unknown>, partitions: Partitions | undefined, label: string) {
  const place = partitions ?? left.partitioner ?? hashPartitioner(Math.max(1, left.partitions))
  return step(cogroup(left, right, toPartitioner(left, place)), 'flatMapValues', builtin('onlyLeft'), label)
}

Rdd.prototype.intersection = function <T>(this: Rdd<T>, other: Rdd<T>, partitions?: Partitions): RDD<T> {
  const grouped = cogroup(
    marked(this, 'intersection'),
    marked(operand(this, other, 'intersection'), 'intersection'),
    partitions,
  )
  return step<T>(step(grouped, 'filter', builtin('inBoth'), 'intersection'), 'map', builtin('keyOf'), 'intersection')
}
Rdd.prototype.subtract = function <T>(this: Rdd<T>, other: Rdd<T>, partitions?: Partitions): RDD<T> {
  const label = 'subtract'
  return step<T>(
    without(marked(this, label), marked(operand(this, other, label), label), partitions, label),
    'map',
    builtin('keyOf'),
    label,
  )
}
pairs.subtractByKey = function (other, partitions) {
  return without(this, operand(this, other, 'subtractByKey'), partitions, 'subtractByKey')
}
