import { builtin, defineBuiltin } from '../functions/builtin.js'
import type { FnRef } from '../functions/ref.js'
import type { Plan } from '../plan.js'
import { operand } from './operand.js'
import { planAt } from './plan-at.js'
import { captured, face, type NarrowDependency, type Planner, type RDD, Rdd } from './rdd.js'

declare module './rdd.js' {
  interface Rdd<T> {
    /**
     * Every pair of an element of mine and one of theirs. Narrow, but as many partitions as the product of both, each
     * parent partition read once for every partition of the other side, and both held in memory: for small datasets.
     *
     * ```ts
     * await ctx.parallelize([1, 2], 1).cartesian(ctx.parallelize(['a', 'b'], 1)).collect()
     * // [[1, 'a'], [1, 'b'], [2, 'a'], [2, 'b']]
     * ```
     */
    cartesian<U>(other: Rdd<U>): RDD<[T, U]>
  }
}

/** Partition `i * m + j` pairs partition i of the left with partition j of the m partitions of the right. */
class CartesianRdd<T, U> extends Rdd<[T, U]> {
  readonly partitions: number
  readonly dependencies: readonly [NarrowDependency, NarrowDependency]
  readonly #fn: FnRef

  constructor(left: Rdd<T>, right: Rdd<U>) {
    super(left.context, 'cartesian')
    this.partitions = left.partitions * right.partitions
    this.dependencies = [
      { kind: 'narrow', rdd: left },
      { kind: 'narrow', rdd: right },
    ]
    this.#fn = captured(left, builtin('allPairs'), 'cartesian')
  }

  plan(partition: number, planner: Planner): Plan {
    const [{ rdd: left }, { rdd: right }] = this.dependencies
    const i = Math.floor(partition / right.partitions)
    const j = partition % right.partitions
    const of = [planAt(planner, left, i, partition), planAt(planner, right, j, partition)]
    return { op: 'zip', of, fn: this.#fn, label: 'cartesian' }
  }
}

defineBuiltin('allPairs', () => (_: number, left: readonly unknown[], right: readonly unknown[]) => {
  return left.flatMap((l) => right.map((r) => [l, r]))
})

Rdd.prototype.cartesian = function <T, U>(this: Rdd<T>, other: Rdd<U>): RDD<[T, U]> {
  return face(new CartesianRdd<T, U>(this, operand(this, other, 'cartesian')))
}
