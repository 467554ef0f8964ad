import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import type { Dataset } from '../dataset.js'
import { nodeOf, RddFacade, rdds } from './facade.js'
import { kernelNote } from './kernel-notes.js'
import type { StorageLevel } from './storage-level.js'
import type { RddTable } from './table.js'

declare module './facade.js' {
  interface BaseRdd<T> {
    /**
     * Returns the name that setName() chose. Runs no job.
     *
     * ```ts
     * await Promise.resolve(ctx.range(3).setName('ids').name) // 'ids'
     * ```
     */
    readonly name: string | undefined
    /**
     * Names the dataset for `toDebugString`. Returns the same dataset. Runs no job.
     *
     * ```ts
     * await Promise.resolve(ctx.range(3).setName('ids').name) // 'ids'
     * ```
     *
     * @throws ArgumentError unless `name` is a text that is not empty.
     */
    setName(name: string): this
    /**
     * Describes the lineage, one operation per line, newest first. Runs no job. `(partitions)` begins a stage, `+-`
     * marks a shuffle, `[n]` is the id. The parents of a dataset that appears several times are listed once. Steps over
     * lines of text say whether kernels know their function, or why it runs as a function.
     *
     * ```ts
     * console.log(ctx.range(9).map((x) => [x % 3, x] as [number, number]).reduceByKey((a, b) => a + b).toDebugString())
     * ```
     */
    toDebugString(): string
    /**
     * Returns the storage level that persist() set, or `'none'`. Runs no job.
     *
     * ```ts
     * await Promise.resolve(ctx.range(3).cache().getStorageLevel()) // 'memory'
     * ```
     */
    getStorageLevel(): StorageLevel | 'none'
  }
}

function title(dataset: Dataset, names: RddTable): string {
  const { label, id } = dataset
  const { name, storage } = names.of(dataset)
  const note = kernelNote(dataset)
  return `${name === undefined ? '' : `${name} `}${label} [${id}]${storage ? ` persisted in ${storage}` : ''}${note && `, ${note}`}`
}

/** `head` precedes the dataset's own line, `body` precedes the other lines of its stage. */
function lines(dataset: Dataset, names: RddTable, head: string, body: string, seen: Set<Dataset>): string[] {
  const parents = dataset.dependencies
  const own = `${head}${title(dataset, names)}`
  if (seen.has(dataset) && parents.length > 0) return [`${own} ...`]
  seen.add(dataset)
  return [own].concat(
    ...parents.map((dependency, i) => {
      if (dependency.kind === 'narrow') return lines(dependency.rdd, names, `${body}|  `, body, seen)
      const partitions = String(dependency.rdd.partitions)
      const below = `${body}${i < parents.length - 1 ? '|' : ' '} ${' '.repeat(partitions.length)}`
      return lines(dependency.rdd, names, `${body}+-(${partitions}) `, below, seen)
    }),
  )
}

Object.defineProperty(RddFacade.prototype, 'name', {
  get(this: RddFacade): string | undefined {
    const rdd = nodeOf(this as never)
    return rdd.context.rdds.of(rdd).name
  },
})
rdds.setName = function (name) {
  if (typeof name !== 'string' || name === '') {
    throw new ArgumentError(`setName got ${describe(name)}; it takes a text that is not empty.`)
  }
  const rdd = nodeOf(this)
  rdd.context.rdds.of(rdd).name = name
  return this
}
rdds.toDebugString = function () {
  const rdd = nodeOf(this)
  const partitions = String(rdd.partitions)
  return lines(rdd, rdd.context.rdds, `(${partitions}) `, ' '.repeat(partitions.length), new Set()).join('\n')
}
rdds.getStorageLevel = function () {
  const rdd = nodeOf(this)
  return rdd.context.rdds.of(rdd).storage ?? 'none'
}
