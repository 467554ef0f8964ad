import { ArgumentError, StateError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import { checkFunction } from '../functions/check-function.js'
import { inDriver } from '../functions/in-driver.js'
import type { AnyFunction } from '../functions/ref.js'
import { applyTo, collectParts, joined } from './actions.js'
import { combine, reducing } from './by-key.js'
import { step } from './elementwise.js'
import { nodeOf, rdds } from './facade.js'
import { byNumber } from './numbered.js'
import { captured, type Rdd } from './rdd.js'

declare module './facade.js' {
  interface BaseRdd<T> {
    /**
     * Folds all elements into one with `fn`, starting from `zero`, in the order of partitions. Action; workers fold
     * each partition first. `zero` must be plain data and a neutral value, because each partition and the driver start
     * from it. `fn` may change and return its first argument.
     *
     * ```ts
     * await ctx.range(5).fold(0, (a, b) => a + b) // 10
     * ```
     */
    fold(zero: T, fn: (a: T, b: T) => T): Promise<T>
    /**
     * Folds all elements into another type: `seq(acc, value)` within partitions, in the workers; `comb(acc, acc)`
     * between partitions, in order. Action. `zero` as in fold.
     *
     * ```ts
     * await ctx.parallelize(['a', 'bc']).aggregate(0, (n, s) => n + s.length, (a, b) => a + b) // 3
     * ```
     */
    aggregate<U>(zero: U, seq: (acc: U, value: T) => U, comb: (a: U, b: U) => U): Promise<U>
    /**
     * Reduces all elements to one. The workers combine the partitions' results in `depth` rounds (default 2). Action;
     * each round but the last shuffles one record per partition. Use it for large results of many partitions.
     *
     * ```ts
     * await ctx.range(0, 100, 1, 20).treeReduce((a, b) => a + b) // 4950
     * ```
     *
     * @throws StateError (rejects) if there are no elements; ArgumentError unless `depth` is a whole number of at least
     *   1.
     */
    treeReduce(fn: (a: T, b: T) => T, depth?: number): Promise<T>
    /**
     * Folds all elements into another type, in rounds as in treeReduce. Action; each round but the last is a shuffle.
     *
     * ```ts
     * await ctx.range(0, 100, 1, 20).treeAggregate(0, (n, x) => n + x, (a, b) => a + b, 3) // 4950
     * ```
     *
     * @throws ArgumentError (rejects) unless `depth` is a whole number of at least 1.
     */
    treeAggregate<U>(zero: U, seq: (acc: U, value: T) => U, comb: (a: U, b: U) => U, depth?: number): Promise<U>
  }
}

/** Returns a copy of a start value, because functions may change their first argument. */
export function fresh<U>(zero: U): U {
  return typeof zero === 'object' && zero !== null ? structuredClone(zero) : zero
}

defineBuiltin('aggregatePartition', (zero: unknown, seq: AnyFunction) => (records: Iterable<unknown>) => {
  let acc = fresh(zero)
  for (const value of records) acc = seq(acc, value)
  return [acc]
})
defineBuiltin('reduceToList', (fn: AnyFunction) => (records: Iterable<unknown>) => {
  let result: unknown[] = []
  for (const value of records) result = [result.length === 0 ? value : fn(result[0], value)]
  return result
})
/**
 * Partition p of `partitions` goes to group floor(p * groups / partitions), so neighbouring partitions stay together
 * and in order.
 */
defineBuiltin('inGroups', (partitions: number, groups: number) => (records: Iterable<unknown>, partition: number) => {
  return Array.from(records, (value) => [Math.floor((partition * groups) / partitions), value])
})

/** Combines the partitions' results, at most one record each, until the driver can combine the rest. */
function inRounds<U>(partials: Rdd<U>, comb: (a: U, b: U) => U, depth: number, label: string): Rdd<U> {
  if (!Number.isInteger(depth) || depth < 1) {
    throw new ArgumentError(
      `${label}: depth is ${describe(depth)}; it must be a whole number of rounds of at least 1.`,
      {
        depth,
      },
    )
  }
  const scale = Math.max(Math.ceil(partials.partitions ** (1 / depth)), 2)
  let rdd = partials
  // A round is worth its shuffle only if it reduces the work of the last round.
  while (rdd.partitions > scale + Math.ceil(rdd.partitions / scale)) {
    const groups = Math.ceil(rdd.partitions / scale)
    const numbered = step(rdd, 'mapPartitions', builtin('inGroups', rdd.partitions, groups), label)
    const met = combine(numbered, reducing(captured(rdd, comb, label), label), byNumber(rdd.context, groups))
    rdd = step<U>(met, 'map', builtin('valueOf'), label)
  }
  return rdd
}

async function aggregated<T, U>(
  rdd: Rdd<T>,
  zero: U,
  seq: (a: U, b: T) => U,
  comb: (a: U, b: U) => U,
  label: string,
): Promise<U> {
  checkFunction(seq, label)
  checkFunction(comb, label)
  const parts = await applyTo<[U]>(rdd, builtin('aggregatePartition', zero, seq), label)
  const merge = inDriver(comb, label)
  return parts.reduce((acc, [part]) => merge(acc, part) as U, fresh(zero))
}

rdds.fold = function (zero, fn) {
  return aggregated(nodeOf(this), zero, fn, fn, 'fold')
}
rdds.aggregate = function (zero, seq, comb) {
  return aggregated(nodeOf(this), zero, seq, comb, 'aggregate')
}
rdds.treeReduce = async function <T>(fn: (a: T, b: T) => T, depth = 2): Promise<T> {
  const label = 'treeReduce'
  const reduceToList = builtin('reduceToList', checkFunction(fn, label))
  const partials = step<T>(nodeOf(this), 'mapPartitions', reduceToList, label)
  const parts = joined(await collectParts(inRounds<T>(partials, fn, depth, label)))
  if (parts.length === 0) {
    throw new StateError('treeReduce() of an empty dataset has no result. Use treeAggregate() with a start value.')
  }
  const merge = inDriver(fn, label)
  return parts.reduce((a, b) => merge(a, b) as T)
}
rdds.treeAggregate = async function <U>(
  zero: U,
  seq: (acc: U, value: unknown) => U,
  comb: (a: U, b: U) => U,
  depth = 2,
): Promise<U> {
  const label = 'treeAggregate'
  checkFunction(comb, label)
  const fold = builtin('aggregatePartition', zero, checkFunction(seq, label))
  const partials = step<U>(nodeOf(this), 'mapPartitions', fold, label)
  const parts = joined(await collectParts(inRounds<U>(partials, comb, depth, label)))
  const merge = inDriver(comb, label)
  return parts.reduce((acc, part) => merge(acc, part) as U, fresh(zero))
}
