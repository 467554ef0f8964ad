import { face, type RDD, Rdd, type StorageLevel } from './rdd.js'

declare module './rdd.js' {
  interface Rdd<T> {
    /** Keeps each partition in a block with two owning threads when it is first computed. What is lost is recomputed. */
    persist(level?: StorageLevel): RDD<T>
    /** persist('memory'). */
    cache(): RDD<T>
    /** Lets the kept blocks go. Later uses compute again. */
    unpersist(): RDD<T>
  }
}

Rdd.prototype.persist = function (level = 'memory') {
  this.storage = level
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
