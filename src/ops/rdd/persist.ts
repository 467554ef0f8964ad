import { StateError } from '../../errors.js'
import { nodeOf, rdds } from './facade.js'
import { checkLevel, type StorageLevel } from './storage-level.js'

declare module './facade.js' {
  interface BaseRdd<T> {
    /**
     * Stores each partition when it is first computed, and returns the same dataset. Runs no job. `'memory'` (default):
     * in a block with `replicas` owning threads. `'memory-and-disk'`: in a block that moves to a file at `memoryLimit`.
     * `'disk'`: in a file. Lost, damaged or evicted partitions are recomputed.
     *
     * ```ts
     * const squares = ctx.range(1000).map((x) => x * x).persist('memory-and-disk')
     * await squares.sum() // 332833500
     * ```
     *
     * @throws ArgumentError for another level; StateError if the dataset is persisted with another level: unpersist it
     *   first.
     */
    persist(level?: StorageLevel): this
    /**
     * Stores the partitions in memory: `persist('memory')`. Runs no job.
     *
     * ```ts
     * await ctx.range(3).cache().count() // 3
     * ```
     */
    cache(): this
    /**
     * Frees the persisted blocks and files, and returns the same dataset. Runs no job; later actions recompute the
     * partitions.
     *
     * ```ts
     * const numbers = ctx.range(3).cache()
     * await numbers.count() // 3
     * numbers.unpersist()
     * ```
     */
    unpersist(): this
  }
}

rdds.persist = function (level = 'memory') {
  const rdd = nodeOf(this)
  const checked = checkLevel(level, 'persist')
  const entry = rdd.context.rdds.of(rdd)
  if (entry.storage && entry.storage !== checked) {
    throw new StateError(
      `persist('${checked}'): the dataset is persisted with '${entry.storage}'. Call unpersist() before you choose another level.`,
      { level: checked, present: entry.storage },
    )
  }
  entry.storage = checked
  return this
}
rdds.cache = function () {
  return this.persist()
}
rdds.unpersist = function () {
  const rdd = nodeOf(this)
  rdd.context.rdds.of(rdd).storage = undefined
  rdd.context.runner.unpersist(rdd)
  return this
}
