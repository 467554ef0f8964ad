import { ArgumentError } from '../../errors.js'
import { face, type RDD, Rdd } from './rdd.js'
import type { StorageLevel } from './storage-level.js'

declare module './rdd.js' {
  interface Rdd<T> {
    /** Set by setName(). */
    name?: string
    /**
     * A name for `toDebugString`. Returns the dataset itself.
     *
     * ```ts
     * await Promise.resolve(ctx.range(3).setName('ids').name) // 'ids'
     * ```
     */
    setName(name: string): RDD<T>
    /**
     * The lineage, one operation a line, newest first: `(partitions)` begins a stage, `+-` marks a shuffle, `[n]` is the
     * id. What appeared above already is not repeated with its parents.
     *
     * ```ts
     * console.log(ctx.range(9).map((x) => [x % 3, x] as [number, number]).reduceByKey((a, b) => a + b).toDebugString())
     * ```
     */
    toDebugString(): string
    /**
     * How the partitions are kept: what persist() was given, or 'none'.
     *
     * ```ts
     * await Promise.resolve(ctx.range(3).cache().getStorageLevel()) // 'memory'
     * ```
     */
    getStorageLevel(): StorageLevel | 'none'
  }
}

function title({ name, label, id, storage }: Rdd<unknown>): string {
  return `${name === undefined ? '' : `${name} `}${label} [${id}]${storage ? ` kept in ${storage}` : ''}`
}

/** `head` stands before the node's own line, `body` before the lines of its stage below it. */
function lines(rdd: Rdd<unknown>, head: string, body: string, seen: Set<Rdd<unknown>>): string[] {
  const parents = rdd.dependencies
  if (seen.has(rdd) && parents.length > 0) return [`${head}${title(rdd)} ...`]
  seen.add(rdd)
  const own = [`${head}${title(rdd)}`]
  return own.concat(
    ...parents.map((dependency, i) => {
      if (dependency.kind === 'narrow') return lines(dependency.rdd, `${body}|  `, body, seen)
      const partitions = String(dependency.rdd.partitions)
      const below = `${body}${i < parents.length - 1 ? '|' : ' '} ${' '.repeat(partitions.length)}`
      return lines(dependency.rdd, `${body}+-(${partitions}) `, below, seen)
    }),
  )
}

Rdd.prototype.setName = function (name) {
  if (typeof name !== 'string' || name === '') {
    throw new ArgumentError(`setName got ${JSON.stringify(name)}; it takes a text that is not empty.`)
  }
  this.name = name
  return face(this)
}
Rdd.prototype.toDebugString = function () {
  const partitions = String(this.partitions)
  return lines(this, `(${partitions}) `, ' '.repeat(partitions.length), new Set()).join('\n')
}
Rdd.prototype.getStorageLevel = function () {
  return this.storage ?? 'none'
}
