import { builtin, defineBuiltin } from '../functions/builtin.js'
import type { AnyFunction } from '../functions/ref.js'
import { fresh } from './aggregate.js'
import type { Partitions } from './by-key.js'
import { combine } from './by-key.js'
import { type BaseRdd, facade, nodeOf, pairs, type RDD } from './facade.js'
import { captured } from './rdd.js'

declare module './facade.js' {
  interface PairRdd<K, V> {
    /**
     * Folds the values of each key: `seq` starts from a copy of `zero` on the map side, `comb` combines map partitions.
     * Shuffle; combines on the map side first. `zero` must be plain data and a neutral value, because each map
     * partition with the key starts from it.
     *
     * ```ts
     * const scores = ctx.parallelize([['a', 1], ['a', 5]] as [string, number][], 2)
     * await scores.aggregateByKey(0, (m, v) => Math.max(m, v), (m, n) => Math.max(m, n)).collect() // [['a', 5]]
     * ```
     */
    aggregateByKey<U>(
      zero: U,
      seq: (acc: U, value: V) => U,
      comb: (a: U, b: U) => U,
      partitions?: Partitions,
    ): RDD<[K, U]>
    /**
     * Folds the values of each key with one function, starting from `zero`, as in aggregateByKey. Shuffle; combines on
     * the map side first.
     *
     * ```ts
     * await ctx.parallelize([['a', 1], ['a', 5]] as [string, number][]).foldByKey(0, (a, b) => a + b).collect() // [['a', 6]]
     * ```
     */
    foldByKey(zero: V, fn: (a: V, b: V) => V, partitions?: Partitions): RDD<[K, V]>
  }
}

defineBuiltin('fromFresh', (zero: unknown, seq: AnyFunction) => (value: unknown) => seq(fresh(zero), value))

function aggregated(
  dataset: BaseRdd<unknown>,
  zero: unknown,
  seq: AnyFunction,
  comb: AnyFunction,
  label: string,
  partitions: Partitions | undefined,
): RDD<unknown> {
  const rdd = nodeOf(dataset)
  const aggregator = {
    create: captured(rdd, builtin('fromFresh', zero, seq), label),
    mergeValue: captured(rdd, seq, label),
    mergeCombiners: captured(rdd, comb, label),
    mapSide: true,
    label,
  }
  return facade(combine(rdd, aggregator, partitions))
}

pairs.aggregateByKey = function (zero, seq, comb, partitions) {
  return aggregated(this, zero, seq, comb, 'aggregateByKey', partitions)
}
pairs.foldByKey = function (zero, fn, partitions) {
  return aggregated(this, zero, fn, fn, 'foldByKey', partitions)
}
