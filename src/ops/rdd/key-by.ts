import { builtin } from '../functions/builtin.js'
import { combine, grouping, type Partitions } from './by-key.js'
import { step } from './elementwise.js'
import { facade, nodeOf, type RDD, rdds } from './facade.js'
import type { RecordOptions } from './record-options.js'

declare module './facade.js' {
  interface BaseRdd<T> {
    /**
     * Turns each element x into the pair `[key(x), x]`. Narrow.
     *
     * ```ts
     * await ctx.parallelize(['a', 'bcd']).keyBy((s) => s.length).collect() // [[1, 'a'], [3, 'bcd']]
     * ```
     */
    keyBy<K>(key: (value: T) => K, options?: RecordOptions): RDD<[K, T]>
    /**
     * Groups the elements by the result of `key`, each group in the order of its elements. Shuffles every element, and
     * holds the elements of a key in memory. If you only count or reduce the groups, keyBy and reduceByKey are cheaper.
     *
     * ```ts
     * await ctx.parallelize([1, 2, 3, 4]).groupBy((x) => x % 2, 1).collect() // [[1, [1, 3]], [0, [2, 4]]]
     * ```
     */
    groupBy<K>(key: (value: T) => K, partitions?: Partitions): RDD<[K, T[]]>
  }
}

rdds.keyBy = function (key, options) {
  return facade(step(nodeOf(this), 'map', builtin('keyBy', key), 'keyBy', options)) as never
}
rdds.groupBy = function (key, partitions) {
  const keyed = step(nodeOf(this), 'map', builtin('keyBy', key), 'groupBy')
  return facade(combine(keyed, grouping(keyed.context), partitions)) as never
}
