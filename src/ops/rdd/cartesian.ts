import type { NarrowDependency, Planner } from '../dataset.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import type { FnRef } from '../functions/ref.js'
import type { Plan } from '../plan.js'
import { type BaseRdd, facade, nodeOf, type RDD, rdds } from './facade.js'
import { operand } from './operand.js'
import { planAt } from './plan-at.js'
import { captured, Rdd } from './rdd.js'

declare module './facade.js' {
  interface BaseRdd<T> {
    /**
     * Pairs every element of this dataset with every element of the other. Narrow. The number of partitions is the
     * product of both. Each parent partition is computed once per partition of the other side and held in memory, so
     * use it for small datasets.
     *
     * ```ts
     * await ctx.parallelize([1, 2], 1).cartesian(ctx.parallelize(['a', 'b'], 1)).collect()
     * // [[1, 'a'], [1, 'b'], [2, 'a'], [2, 'b']]
     * ```
     */
    cartesian<U>(other: BaseRdd<U>): RDD<[T, U]>
  }
}

/** Partition `i * m + j` pairs partition i of the left side with partition j of the m partitions of the right side. */
class CartesianRdd<T, U> extends Rdd<[T, U]> {
  readonly partitions: number
  readonly #fn: FnRef

  constructor(left: Rdd<T>, right: Rdd<U>) {
    super(left.context, 'cartesian', [
      { kind: 'narrow', rdd: left },
      { kind: 'narrow', rdd: right },
    ])
    this.partitions = left.partitions * right.partitions
    this.#fn = captured(left, builtin('allPairs'), 'cartesian')
  }

  protected describe(partition: number, planner: Planner): Plan {
    const [{ rdd: left }, { rdd: right }] = this.dependencies as readonly [NarrowDependency, NarrowDependency]
    const i = Math.floor(partition / right.partitions)
    const j = partition % right.partitions
    const of = [planAt(planner, left, i, partition), planAt(planner, right, j, partition)]
    return { op: 'zip', of, fn: this.#fn, label: 'cartesian' }
  }
}

defineBuiltin('allPairs', () => (_: number, left: readonly unknown[], right: readonly unknown[]) => {
  return left.flatMap((l) => right.map((r) => [l, r]))
})

rdds.cartesian = function <T, U>(other: BaseRdd<U>): RDD<[T, U]> {
  const rdd = nodeOf<T>(this)
  return facade(new CartesianRdd<T, U>(rdd, operand(rdd, other, 'cartesian')))
}
