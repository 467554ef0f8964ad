import { ArgumentError, StateError } from '../../errors.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import { checkFunction } from '../functions/check-function.js'
import { guarded } from '../functions/guard.js'
import type { AnyFunction } from '../functions/ref.js'
import { applyTo } from './actions.js'
import { combine, reducing } from './by-key.js'
import { step } from './elementwise.js'
import { byNumber } from './numbered.js'
import { captured, Rdd } from './rdd.js'

declare module './rdd.js' {
  interface Rdd<T> {
    /**
     * All elements folded into one by `fn`, from `zero`, which is used once in each partition and once more where these
     * meet: give a neutral one, of plain data. `fn` may change and return its first argument.
     *
     * ```ts
     * await ctx.range(5).fold(0, (a, b) => a + b) // 10
     * ```
     */
    fold(zero: T, fn: (a: T, b: T) => T): Promise<T>
    /**
     * As fold, into another type: `seq(acc, value)` in the workers, `comb(acc, acc)` between the partitions, in order.
     *
     * ```ts
     * await ctx.parallelize(['a', 'bc']).aggregate(0, (n, s) => n + s.length, (a, b) => a + b) // 3
     * ```
     */
    aggregate<U>(zero: U, seq: (acc: U, value: T) => U, comb: (a: U, b: U) => U): Promise<U>
    /**
     * As reduce, but the partitions' results meet in the workers in `depth` rounds (default 2): for large results of
     * many partitions. Each round but the last is a shuffle of one record a partition.
     *
     * ```ts
     * await ctx.range(0, 100, 1, 20).treeReduce((a, b) => a + b) // 4950
     * ```
     */
    treeReduce(fn: (a: T, b: T) => T, depth?: number): Promise<T>
    /**
     * As aggregate, in rounds as treeReduce.
     *
     * ```ts
     * await ctx.range(0, 100, 1, 20).treeAggregate(0, (n, x) => n + x, (a, b) => a + b, 3) // 4950
     * ```
     */
    treeAggregate<U>(zero: U, seq: (acc: U, value: T) => U, comb: (a: U, b: U) => U, depth?: number): Promise<U>
  }
}

/** A start value of one's own: functions may change what they are given. */
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
/** Partition p of `partitions` goes to group floor(p * groups / partitions): neighbours stay together, in order. */
defineBuiltin('inGroups', (partitions: number, groups: number) => (records: Iterable<unknown>, partition: number) => {
  return Array.from(records, (value) => [Math.floor((partition * groups) / partitions), value])
})

/** What each partition came to, at most one record each, in as few partitions as the driver shall take. */
function inRounds<U>(partials: Rdd<U>, comb: (a: U, b: U) => U, depth: number, label: string): Rdd<U> {
  if (!Number.isInteger(depth) || depth < 1) {
    throw new ArgumentError(`${label}: depth is ${depth}; it must be a whole number of rounds of at least 1.`, {
      depth,
    })
  }
  const scale = Math.max(Math.ceil(partials.partitions ** (1 / depth)), 2)
  let rdd = partials
  // A round is worth its shuffle only if it takes work off the last one.
  while (rdd.partitions > scale + Math.ceil(rdd.partitions / scale)) {
    const groups = Math.ceil(rdd.partitions / scale)
    const numbered = step(rdd, 'mapPartitions', builtin('inGroups', rdd.partitions, groups), label)
    const met = combine(numbered, reducing(captured(rdd, comb, label), label), byNumber(rdd.context, groups))
    rdd = step<U>(met, 'map', builtin('valueOf'), label)
  }
  return rdd
}

Rdd.prototype.fold = function <T>(this: Rdd<T>, zero: T, fn: (a: T, b: T) => T): Promise<T> {
  return aggregated(this, zero, fn, fn, 'fold')
}
Rdd.prototype.aggregate = function <T, U>(this: Rdd<T>, zero: U, seq: (a: U, b: T) => U, comb: (a: U, b: U) => U) {
  return aggregated(this, zero, seq, comb, 'aggregate')
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
  const merge = guarded(comb, 'value')
  return parts.reduce((acc, [part]) => merge(acc, part) as U, fresh(zero))
}

Rdd.prototype.treeReduce = async function <T>(this: Rdd<T>, fn: (a: T, b: T) => T, depth = 2): Promise<T> {
  const partials = step<T>(
    this,
    'mapPartitions',
    builtin('reduceToList', checkFunction(fn, 'treeReduce')),
    'treeReduce',
  )
  const parts = await inRounds<T>(partials, fn, depth, 'treeReduce').collect()
  if (parts.length === 0) {
    throw new StateError('treeReduce() of an empty dataset has no result. Use treeAggregate() with a start value.')
  }
  const merge = guarded(fn, 'value')
  return parts.reduce((a, b) => merge(a, b) as T)
}
Rdd.prototype.treeAggregate = async function <T, U>(
  this: Rdd<T>,
  zero: U,
  seq: (acc: U, value: T) => U,
  comb: (a: U, b: U) => U,
  depth = 2,
): Promise<U> {
  checkFunction(comb, 'treeAggregate')
  const folding = builtin('aggregatePartition', zero, checkFunction(seq, 'treeAggregate'))
  const partials = step<U>(this, 'mapPartitions', folding, 'treeAggregate')
  const parts = await inRounds<U>(partials, comb, depth, 'treeAggregate').collect()
  const merge = guarded(comb, 'value')
  return parts.reduce((acc, part) => merge(acc, part) as U, fresh(zero))
}
