import type { Planner } from '../dataset.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import type { AnyFunction } from '../functions/ref.js'
import { checkNames } from '../option-names.js'
import { checkPartitions } from '../partitioner.js'
import type { Plan } from '../plan.js'
import { repartition } from './by-key.js'
import { step } from './elementwise.js'
import { facade, nodeOf, type RDD, rdds } from './facade.js'
import { NarrowRdd } from './narrow.js'
import { planAt } from './plan-at.js'
import type { Rdd } from './rdd.js'
import { sliceBounds } from './source-rdds.js'

declare module './facade.js' {
  interface BaseRdd<T> {
    /**
     * Returns each partition as one array. Narrow; holds one partition in memory.
     *
     * ```ts
     * await ctx.parallelize([1, 2, 3], 2).glom().collect() // [[1], [2, 3]]
     * ```
     */
    glom(): RDD<T[]>
    /**
     * Applies `fn(partitionIndex, records)` to each partition. Narrow; holds one partition in memory.
     *
     * ```ts
     * await ctx.parallelize(['a', 'b'], 2).mapPartitionsWithIndex((i, xs) => [...xs].map((x) => x + i)).collect() // ['a0', 'b1']
     * ```
     */
    mapPartitionsWithIndex<U>(fn: (index: number, records: Iterable<T>) => Iterable<U>): RDD<U>
    /**
     * Merges neighbouring partitions into at most `partitions`, for fewer and larger tasks after a filter. Narrow, so
     * it never increases the number of partitions. With `shuffle` it redistributes the records, as repartition does.
     *
     * ```ts
     * await ctx.range(0, 6, 1, 6).coalesce(2).glom().collect() // [[0, 1, 2], [3, 4, 5]]
     * ```
     *
     * @throws ArgumentError unless `partitions` is a whole number of at least 1.
     */
    coalesce(partitions: number, options?: CoalesceOptions): RDD<T>
  }
}

export interface CoalesceOptions {
  /** `shuffle` (false): redistributes the records evenly, and may increase the number of partitions. */
  readonly shuffle?: boolean
}

/** An RDD whose tasks each read several neighbouring partitions of the parent. */
class CoalescedRdd<T> extends NarrowRdd<T> {
  constructor(parent: Rdd<T>, partitions: number) {
    super(parent, 'coalesce', undefined, Math.min(partitions, parent.partitions))
  }

  protected describe(partition: number, planner: Planner): Plan {
    const rdd = this.parent
    const [from, to] = sliceBounds(rdd.partitions, partition, this.partitions)
    const of = Array.from({ length: to - from }, (_, i) => planAt(planner, rdd, from + i, partition))
    return of.length === 1 ? of[0]! : { op: 'concat', of }
  }
}

defineBuiltin('inOneList', () => (records: Iterable<unknown>) => [[...records]])
defineBuiltin(
  'indexFirst',
  (fn: AnyFunction) => (records: Iterable<unknown>, index: number) => fn(index, records),
  'each',
)

rdds.glom = function () {
  return facade(step(nodeOf(this), 'mapPartitions', builtin('inOneList'), 'glom'))
}
rdds.mapPartitionsWithIndex = function (fn) {
  return facade(step(nodeOf(this), 'mapPartitions', builtin('indexFirst', fn), 'mapPartitionsWithIndex'))
}
rdds.coalesce = function (partitions, options = {}) {
  checkNames(options, ['shuffle'], 'coalesce')
  const rdd = nodeOf(this)
  if (options.shuffle) return facade(repartition(rdd, partitions))
  return checkPartitions(partitions) >= rdd.partitions ? (this as never) : facade(new CoalescedRdd(rdd, partitions))
}
