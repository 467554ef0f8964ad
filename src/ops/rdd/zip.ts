import { ArgumentError } from '../../errors.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import { checkFunction } from '../functions/check-function.js'
import type { AnyFunction, FnRef } from '../functions/ref.js'
import type { Plan } from '../plan.js'
import { operand } from './operand.js'
import { captured, face, type NarrowDependency, type Planner, type RDD, Rdd } from './rdd.js'

declare module './rdd.js' {
  interface Rdd<T> {
    /**
     * Element i of both as a pair. Narrow. Both need as many partitions (ArgumentError) with as many elements each (the
     * task fails): usually one is a map of the other.
     *
     * ```ts
     * await ctx.parallelize([1, 2], 1).zip(ctx.parallelize(['a', 'b'], 1)).collect() // [[1, 'a'], [2, 'b']]
     * ```
     */
    zip<U>(other: Rdd<U>): RDD<[T, U]>
    /**
     * Partition i of all through `fn(records, otherRecords, ...)`. Narrow; holds the partitions in memory. Throws
     * ArgumentError unless all have as many partitions.
     *
     * ```ts
     * const a = ctx.parallelize([1, 2, 3], 1)
     * await a.zipPartitions(ctx.parallelize(['x'], 1), (ns, ss) => [[...ns].length, [...ss].length]).collect() // [3, 1]
     * ```
     */
    zipPartitions<U, R>(other: Rdd<U>, fn: (mine: Iterable<T>, theirs: Iterable<U>) => Iterable<R>): RDD<R>
    zipPartitions<U, V, R>(
      second: Rdd<U>,
      third: Rdd<V>,
      fn: (mine: Iterable<T>, second: Iterable<U>, third: Iterable<V>) => Iterable<R>,
    ): RDD<R>
  }
}

/** Partition i of several parents, handed to one function. */
export class ZippedRdd<T> extends Rdd<T> {
  readonly partitions: number
  readonly dependencies: readonly NarrowDependency[]
  readonly #fn: FnRef

  constructor(parents: readonly Rdd<unknown>[], fn: AnyFunction, label: string) {
    const [first] = parents as [Rdd<unknown>]
    super(first.context, label)
    if (parents.some(({ partitions }) => partitions !== first.partitions)) {
      const counts = parents.map(({ partitions }) => partitions).join(' and ')
      throw new ArgumentError(
        `${label}: the datasets have ${counts} partitions; they need as many each. Make them with the same number, or repartition one.`,
        { partitions: parents.map(({ partitions }) => partitions) },
      )
    }
    this.partitions = first.partitions
    this.dependencies = parents.map((rdd) => ({ kind: 'narrow', rdd }))
    this.#fn = captured(first, fn, label)
  }

  plan(partition: number, planner: Planner): Plan {
    const of = this.dependencies.map(({ rdd }) => planner.of(rdd, partition))
    return { op: 'zip', of, fn: this.#fn, label: this.label }
  }
}

type Records = readonly unknown[]

defineBuiltin('zipRecords', () => (partition: number, mine: Records, theirs: Records) => {
  if (mine.length === theirs.length) return mine.map((value, i) => [value, theirs[i]])
  throw new RangeError(
    `zip: partition ${partition} has ${mine.length} elements here and ${theirs.length} there; it takes datasets with as many elements in each partition.`,
  )
})
defineBuiltin(
  'withoutNumber',
  (fn: AnyFunction) =>
    (_partition: number, ...records: Records[]) =>
      fn(...records),
  'each',
)

Rdd.prototype.zip = function <T, U>(this: Rdd<T>, other: Rdd<U>): RDD<[T, U]> {
  return face(new ZippedRdd<[T, U]>([this, operand(this, other, 'zip')], builtin('zipRecords'), 'zip'))
}
Rdd.prototype.zipPartitions = function (this: Rdd<unknown>, ...args: unknown[]): never {
  const fn = checkFunction(args.pop() as AnyFunction, 'zipPartitions', 'each')
  const others = args.map((other) => operand(this, other as Rdd<unknown>, 'zipPartitions'))
  return face(new ZippedRdd([this, ...others], builtin('withoutNumber', fn), 'zipPartitions')) as never
}
