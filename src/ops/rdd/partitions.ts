import { builtin, defineBuiltin } from '../functions/builtin.js'
import type { AnyFunction } from '../functions/ref.js'
import { checkPartitions } from '../partitioner.js'
import type { Plan } from '../plan.js'
import { step } from './elementwise.js'
import { NarrowRdd } from './narrow.js'
import { planAt } from './plan-at.js'
import { face, type Planner, type RDD, Rdd } from './rdd.js'
import { sliceBounds } from './source-rdds.js'

declare module './rdd.js' {
  interface Rdd<T> {
    /**
     * Each partition as one array. Narrow; holds a partition in memory.
     *
     * ```ts
     * await ctx.parallelize([1, 2, 3], 2).glom().collect() // [[1], [2, 3]]
     * ```
     */
    glom(): RDD<T[]>
    /**
     * Whole partitions through `fn(partitionIndex, records)`. Narrow; holds a partition in memory.
     *
     * ```ts
     * await ctx.parallelize(['a', 'b'], 2).mapPartitionsWithIndex((i, xs) => [...xs].map((x) => x + i)).collect() // ['a0', 'b1']
     * ```
     */
    mapPartitionsWithIndex<U>(fn: (index: number, records: Iterable<T>) => Iterable<U>): RDD<U>
    /**
     * At most `partitions` partitions, each made of neighbours: fewer and larger tasks after a filter. Narrow, so it
     * never makes more partitions than there are; with `shuffle` the records are dealt out anew, as repartition does.
     * Throws ArgumentError if `partitions` is not a whole number of at least 1.
     *
     * ```ts
     * await ctx.range(0, 6, 1, 6).coalesce(2).glom().collect() // [[0, 1, 2], [3, 4, 5]]
     * ```
     */
    coalesce(partitions: number, options?: CoalesceOptions): RDD<T>
  }
}

export interface CoalesceOptions {
  /** Deal the records out anew, which may also make more partitions. Default false. */
  readonly shuffle?: boolean
}

/** Neighbouring partitions of a parent, read by one task. */
class CoalescedRdd<T> extends NarrowRdd<T> {
  constructor(parent: Rdd<T>, partitions: number) {
    super(parent, 'coalesce', undefined, Math.min(partitions, parent.partitions))
  }

  plan(partition: number, planner: Planner): Plan {
    const [{ rdd }] = this.dependencies
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

Rdd.prototype.glom = function () {
  return step(this, 'mapPartitions', builtin('inOneList'), 'glom')
}
Rdd.prototype.mapPartitionsWithIndex = function (fn) {
  return step(this, 'mapPartitions', builtin('indexFirst', fn), 'mapPartitionsWithIndex')
}
Rdd.prototype.coalesce = function <T>(this: Rdd<T>, partitions: number, { shuffle = false }: CoalesceOptions = {}) {
  if (shuffle) return this.repartition(partitions)
  if (checkPartitions(partitions) >= this.partitions) return face(this)
  return face(new CoalescedRdd<T>(this, partitions))
}
