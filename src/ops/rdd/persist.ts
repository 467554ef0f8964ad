import { StateError } from '../../errors.js'
import { face, type RDD, Rdd } from './rdd.js'
import { checkLevel, type StorageLevel } from './storage-level.js'

declare module './rdd.js' {
  interface Rdd<T> {
    /**
     * Keeps each partition when it is first computed: in a block with `replicas` owning threads ('memory', the default),
     * in a block that goes to a file at `memoryLimit` ('memory-and-disk'), or in a file ('disk'). Narrow. What is lost,
     * damaged or let go is computed again. Throws ArgumentError for other levels, and StateError if the dataset has
     * another level already: unpersist it first.
     *
     * ```ts
     * const squares = ctx.range(1000).map((x) => x * x).persist('memory-and-disk')
     * await squares.sum() // 332833500
     * ```
     */
    persist(level?: StorageLevel): RDD<T>
    /** persist('memory'). */
    cache(): RDD<T>
    /** Lets the kept blocks and files go. Later uses compute again. */
    unpersist(): RDD<T>
  }
}

Rdd.prototype.persist = function (level = 'memory') {
  const checked = checkLevel(level, 'persist')
  if (this.storage && this.storage !== checked) {
    throw new StateError(
      `persist('${checked}'): the dataset is kept with '${this.storage}' already. Call unpersist() before another level.`,
      { level: checked, present: this.storage },
    )
  }
  this.storage = checked
  return face(this)
}
Rdd.prototype.cache = function () {
  return this.persist()
}
Rdd.prototype.unpersist = function () {
  this.storage = undefined
  this.context.runner.unpersist(this)
  return face(this)
}
