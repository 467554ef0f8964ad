import { builtin, defineBuiltin } from '../functions/builtin.js'
import type { AnyFunction } from '../functions/ref.js'
import { fresh } from './aggregate.js'
import type { Partitions } from './by-key.js'
import { combine } from './by-key.js'
import { captured, pairs, type RDD, type Rdd } from './rdd.js'

declare module './rdd.js' {
  interface PairRdd<K, V> {
    /**
     * One pair a key: its values folded by `seq` from a `zero` of its own on the map side, and by `comb` between. `zero`
     * is plain data and neutral, as it counts once for each map partition that has the key. Shuffle; combines on the map
     * side first.
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
     * As aggregateByKey, with one function for both.
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
  rdd: Rdd<unknown>,
  zero: unknown,
  seq: AnyFunction,
  comb: AnyFunction,
  label: string,
  partitions: Partitions | undefined,
): RDD<unknown> {
  const aggregator = {
    create: captured(rdd, builtin('fromFresh', zero, seq), label),
    mergeValue: captured(rdd, seq, label),
    mergeCombiners: captured(rdd, comb, label),
    mapSide: true,
    label,
  }
  return combine(rdd, aggregator, partitions)
}

pairs.aggregateByKey = function (zero, seq, comb, partitions) {
  return aggregated(this, zero, seq, comb, 'aggregateByKey', partitions)
}
pairs.foldByKey = function (zero, fn, partitions) {
  return aggregated(this, zero, fn, fn, 'foldByKey', partitions)
}
