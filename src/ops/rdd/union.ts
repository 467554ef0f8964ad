import { ArgumentError } from '../../errors.js'
import { describe } from '../functions/plain-data.js'
import { samePartitioner } from '../partitioner.js'
import type { Plan } from '../plan.js'
import { RddBuilder } from './builder.js'
import { ofContext, operand } from './operand.js'
import { planAt } from './plan-at.js'
import { face, type NarrowDependency, type Planner, type RDD, Rdd } from './rdd.js'
import { sliceBounds } from './source-rdds.js'

declare module './rdd.js' {
  interface Rdd<T> {
    /** The elements of both, duplicates kept. Narrow: partitions are put one after the other. */
    union<U>(other: Rdd<U>): RDD<T | U>
  }
}

declare module './builder.js' {
  interface RddBuilder {
    /**
     * Puts the elements of all datasets one after the other, duplicates kept. Narrow, and flat: a thousand datasets are one
     * step of the lineage. No dataset gives one without partitions.
     *
     * ```ts
     * await ctx.union([ctx.range(2), ctx.parallelize([7]), ctx.range(1)]).collect() // [0, 1, 7, 0]
     * ```
     *
     * @throws ArgumentError unless it gets an array of datasets of this context.
     */
    union<T>(rdds: readonly Rdd<T>[]): RDD<T>
  }
}

/**
 * Several RDDs one after the other. Where all are placed by the same partitioner, partition i is made of their
 * partitions i and keys stay in place. With `atMost`, neighbouring partitions are read by one task: a window over many
 * small batches would otherwise cost a task a batch.
 */
export class UnionRdd<T> extends Rdd<T> {
  readonly partitions: number
  readonly dependencies: readonly NarrowDependency[]
  readonly #members: readonly (readonly [Rdd<unknown>, number])[][]

  constructor(context: RddBuilder, parents: readonly Rdd<T>[], label = 'union', atMost = Number.POSITIVE_INFINITY) {
    const first = parents[0]
    if (!first) throw new ArgumentError('A union needs at least one dataset.')
    const placed = parents.every((rdd) => samePartitioner(rdd.partitioner, first.partitioner))
    super(context, label, placed ? first.partitioner : undefined)
    this.dependencies = parents.map((rdd) => ({ kind: 'narrow', rdd }))
    if (placed) {
      this.#members = Array.from({ length: first.partitions }, (_, p) => parents.map((rdd) => [rdd, p] as const))
    } else {
      const all = parents.flatMap((rdd) => Array.from({ length: rdd.partitions }, (_, p) => [rdd, p] as const))
      const groups = Math.min(all.length, atMost)
      this.#members = Array.from({ length: groups }, (_, g) => all.slice(...sliceBounds(all.length, g, groups)))
    }
    this.partitions = this.#members.length
  }

  plan(partition: number, planner: Planner): Plan {
    const of = this.#members[partition]!.map(([rdd, p]) => planAt(planner, rdd, p, partition))
    return of.length === 1 ? of[0]! : { op: 'concat', of }
  }
}

Rdd.prototype.union = function <T, U>(this: Rdd<T>, other: Rdd<U>): RDD<T | U> {
  return face(new UnionRdd<T | U>(this.context, [this, operand(this, other, 'union')]))
}
RddBuilder.prototype.union = function <T>(rdds: readonly Rdd<T>[]): RDD<T> {
  if (!Array.isArray(rdds)) {
    throw new ArgumentError(`union got ${describe(rdds)}; it takes an array of datasets, such as [a, b].`)
  }
  if (rdds.length === 0) return this.emptyRDD<T>()
  for (const rdd of rdds) ofContext(this, rdd, 'union')
  return face(new UnionRdd<T>(this, rdds))
}
