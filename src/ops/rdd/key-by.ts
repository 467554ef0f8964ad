import { builtin } from '../functions/builtin.js'
import type { Partitions } from './by-key.js'
import { step } from './elementwise.js'
import { type RDD, Rdd } from './rdd.js'
import type { RecordOptions } from './record-options.js'

declare module './rdd.js' {
  interface Rdd<T> {
    /**
     * `[key(x), x]` for each element x. Narrow.
     *
     * ```ts
     * await ctx.parallelize(['a', 'bcd']).keyBy((s) => s.length).collect() // [[1, 'a'], [3, 'bcd']]
     * ```
     */
    keyBy<K>(key: (value: T) => K, options?: RecordOptions): RDD<[K, T]>
    /**
     * One pair for each answer of `key`, with the array of the elements that gave it, in their order. Shuffle; all
     * elements travel and a key's elements are held in memory: where they are only counted or reduced, keyBy and
     * reduceByKey are cheaper.
     *
     * ```ts
     * await ctx.parallelize([1, 2, 3, 4]).groupBy((x) => x % 2, 1).collect() // [[1, [1, 3]], [0, [2, 4]]]
     * ```
     */
    groupBy<K>(key: (value: T) => K, partitions?: Partitions): RDD<[K, T[]]>
  }
}

Rdd.prototype.keyBy = function <T, K>(this: Rdd<T>, key: (value: T) => K, options?: RecordOptions): RDD<[K, T]> {
  return step<[K, T]>(this, 'map', builtin('keyBy', key), 'keyBy', options)
}
Rdd.prototype.groupBy = function <T, K>(this: Rdd<T>, key: (value: T) => K, partitions?: Partitions): RDD<[K, T[]]> {
  return step<[K, T]>(this, 'map', builtin('keyBy', key), 'groupBy').groupByKey(partitions)
}
