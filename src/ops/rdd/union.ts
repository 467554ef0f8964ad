import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import type { Planner } from '../dataset.js'
import { samePartitioner } from '../partitioner.js'
import type { Plan } from '../plan.js'
import { contextOf, RddBuilder } from './builder.js'
import type { RddContext } from './context.js'
import { type BaseRdd, facade, nodeOf, type RDD, rdds } from './facade.js'
import { ofContext, operand } from './operand.js'
import { planAt } from './plan-at.js'
import { Rdd } from './rdd.js'
import { sliceBounds } from './source-rdds.js'

declare module './facade.js' {
  interface BaseRdd<T> {
    /**
     * Returns the elements of both datasets, duplicates included: this dataset's partitions, then the other's. Narrow.
     *
     * ```ts
     * await ctx.parallelize([1, 2]).union(ctx.parallelize([2])).collect() // [1, 2, 2]
     * ```
     *
     * @throws ArgumentError unless `other` is a dataset of the same context.
     */
    union<U>(other: BaseRdd<U>): RDD<T | U>
  }
}

declare module './builder.js' {
  interface RddBuilder {
    /**
     * Concatenates datasets, duplicates included. Narrow; adds one step to the lineage, even for a thousand datasets.
     * An empty list returns a dataset without partitions.
     *
     * ```ts
     * await ctx.union([ctx.range(2), ctx.parallelize([7]), ctx.range(1)]).collect() // [0, 1, 7, 0]
     * ```
     *
     * @throws ArgumentError unless `rdds` is an array of datasets of this context.
     */
    union<T>(rdds: readonly BaseRdd<T>[]): RDD<T>
  }
}

/**
 * Several RDDs one after the other. If one partitioner partitions all of them, partition i consists of their partitions
 * i, and the partitioner is kept. With `atMost`, one task reads neighbouring partitions: otherwise a window over many
 * small batches would cost one task per batch.
 */
export class UnionRdd<T> extends Rdd<T> {
  readonly partitions: number
  /** For each partition: the dependencies and their partitions, in order. */
  readonly #members: readonly (readonly [dependency: number, partition: number])[][]

  constructor(context: RddContext, parents: readonly Rdd<T>[], label = 'union', atMost = Number.POSITIVE_INFINITY) {
    const first = parents[0]
    if (!first) throw new ArgumentError('A union needs at least one dataset.')
    const placed = parents.every((rdd) => samePartitioner(rdd.partitioner, first.partitioner))
    const dependencies = parents.map((rdd) => ({ kind: 'narrow', rdd }) as const)
    super(context, label, dependencies, placed ? first.partitioner : undefined)
    if (placed) {
      this.#members = Array.from({ length: first.partitions }, (_, p) => parents.map((_rdd, d) => [d, p] as const))
    } else {
      const all = parents.flatMap((rdd, d) => Array.from({ length: rdd.partitions }, (_, p) => [d, p] as const))
      const groups = Math.min(all.length, atMost)
      this.#members = Array.from({ length: groups }, (_, g) => all.slice(...sliceBounds(all.length, g, groups)))
    }
    this.partitions = this.#members.length
  }

  protected describe(partition: number, planner: Planner): Plan {
    const of = this.#members[partition]!.map(([d, p]) => planAt(planner, this.dependencies[d]!.rdd, p, partition))
    return of.length === 1 ? of[0]! : { op: 'concat', of }
  }
}

rdds.union = function <T, U>(other: BaseRdd<U>): RDD<T | U> {
  const rdd = nodeOf<T>(this)
  return facade(new UnionRdd<T | U>(rdd.context, [rdd, operand(rdd, other, 'union')]))
}
RddBuilder.prototype.union = function <T>(rdds: readonly BaseRdd<T>[]): RDD<T> {
  if (!Array.isArray(rdds)) {
    throw new ArgumentError(`union got ${describe(rdds)}; it takes an array of datasets, such as [a, b].`)
  }
  if (rdds.length === 0) return this.emptyRDD<T>()
  const context = contextOf(this)
  return facade(
    new UnionRdd<T>(
      context,
      rdds.map((rdd) => ofContext(context, rdd, 'union')),
    ),
  )
}
