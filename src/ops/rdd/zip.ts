import { ArgumentError } from '../../errors.js'
import type { Planner } from '../dataset.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import { checkFunction } from '../functions/check-function.js'
import type { AnyFunction, FnRef } from '../functions/ref.js'
import type { Plan } from '../plan.js'
import { type BaseRdd, facade, nodeOf, type RDD, rdds } from './facade.js'
import { operand } from './operand.js'
import { captured, Rdd } from './rdd.js'

declare module './facade.js' {
  interface BaseRdd<T> {
    /**
     * Pairs element i of this dataset with element i of the other. Narrow. Both need the same number of partitions,
     * with the same number of elements in each; usually one is a map of the other. If the numbers of elements differ,
     * the task fails.
     *
     * ```ts
     * await ctx.parallelize([1, 2], 1).zip(ctx.parallelize(['a', 'b'], 1)).collect() // [[1, 'a'], [2, 'b']]
     * ```
     *
     * @throws ArgumentError if the numbers of partitions differ.
     */
    zip<U>(other: BaseRdd<U>): RDD<[T, U]>
    zipPartitions<U, R>(other: BaseRdd<U>, fn: (mine: Iterable<T>, theirs: Iterable<U>) => Iterable<R>): RDD<R>
    /**
     * Applies `fn(records, otherRecords, ...)` to partition i of all datasets. Narrow; holds these partitions in
     * memory.
     *
     * ```ts
     * const a = ctx.parallelize([1, 2, 3], 1)
     * await a.zipPartitions(ctx.parallelize(['x'], 1), (ns, ss) => [[...ns].length, [...ss].length]).collect() // [3, 1]
     * ```
     *
     * @throws ArgumentError if the numbers of partitions differ.
     */
    zipPartitions<U, V, R>(
      second: BaseRdd<U>,
      third: BaseRdd<V>,
      fn: (mine: Iterable<T>, second: Iterable<U>, third: Iterable<V>) => Iterable<R>,
    ): RDD<R>
  }
}

/** Applies one function to partition i of several parents. */
export class ZippedRdd<T> extends Rdd<T> {
  readonly partitions: number
  readonly #fn: FnRef

  constructor(parents: readonly Rdd<unknown>[], fn: AnyFunction, label: string) {
    const [first] = parents as [Rdd<unknown>]
    const dependencies = parents.map((rdd) => ({ kind: 'narrow', rdd }) as const)
    super(first.context, label, dependencies)
    if (parents.some(({ partitions }) => partitions !== first.partitions)) {
      const counts = parents.map(({ partitions }) => partitions).join(' and ')
      throw new ArgumentError(
        `${label}: the datasets have ${counts} partitions; they need the same number. Create them with the same number, or repartition one.`,
        { partitions: parents.map(({ partitions }) => partitions) },
      )
    }
    this.partitions = first.partitions
    this.#fn = captured(first, fn, label)
  }

  protected describe(partition: number, planner: Planner): Plan {
    const of = this.dependencies.map(({ rdd }) => planner.of(rdd, partition))
    return { op: 'zip', of, fn: this.#fn, label: this.label }
  }
}

type Records = readonly unknown[]

defineBuiltin('zipRecords', () => (partition: number, mine: Records, theirs: Records) => {
  if (mine.length === theirs.length) return mine.map((value, i) => [value, theirs[i]])
  throw new RangeError(
    `zip: partition ${partition} has ${mine.length} elements in one dataset and ${theirs.length} in the other; both need the same number in each partition.`,
  )
})
defineBuiltin(
  'withoutNumber',
  (fn: AnyFunction) =>
    (_partition: number, ...records: Records[]) =>
      fn(...records),
  'each',
)

rdds.zip = function <T, U>(other: BaseRdd<U>): RDD<[T, U]> {
  const rdd = nodeOf<T>(this)
  return facade(new ZippedRdd<[T, U]>([rdd, operand(rdd, other, 'zip')], builtin('zipRecords'), 'zip'))
}
rdds.zipPartitions = function (...args: unknown[]): never {
  const rdd = nodeOf(this)
  const fn = checkFunction(args.pop() as AnyFunction, 'zipPartitions', 'each')
  const others = args.map((other) => operand(rdd, other as BaseRdd<unknown>, 'zipPartitions'))
  return facade(new ZippedRdd([rdd, ...others], builtin('withoutNumber', fn), 'zipPartitions')) as never
}
