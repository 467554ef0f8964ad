import { ArgumentError, StateError } from '../../errors.js'
import { forThisTaskIfAsync } from '../accumulator.js'
import { append } from '../append.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import { checkFunction } from '../functions/check-function.js'
import { guarded } from '../functions/guard.js'
import type { AnyFunction } from '../functions/ref.js'
import { checkResult, isThenable } from '../functions/results.js'
import { asPair } from '../pair.js'
import { combine, reducing } from './by-key.js'
import { step } from './elementwise.js'
import { captured, pairs, Rdd } from './rdd.js'

declare module './rdd.js' {
  interface Rdd<T> {
    /** All elements, in the order of partitions, brought to the driver. */
    collect(): Promise<T[]>
    /** The number of elements. */
    count(): Promise<number>
    /** All elements reduced to one, in the order of partitions. Rejects with StateError where there is none. */
    reduce(fn: (a: T, b: T) => T): Promise<T>
    /** The first `n` elements; computes only as many partitions as it needs. */
    take(n: number): Promise<T[]>
    /** The first element. Rejects with StateError where there is none. */
    first(): Promise<T>
    isEmpty(): Promise<boolean>
    /**
     * Calls `fn` on each element, in the workers. Where it returns a promise, the task awaits that before the next call, and
     * fails if it rejects. A retried task calls it again. For calls side by side use mapAsync.
     */
    foreach(fn: (value: T) => unknown): Promise<void>
    /**
     * Calls `fn` on each partition, in the workers. The task awaits a promise that it returns, and fails if that rejects. A
     * retried task calls it again.
     *
     * ```ts
     * await ctx.parallelize(['a', 'b']).foreachPartition(async (lines) => {
     *   const { appendFile } = await import('node:fs/promises')
     *   await appendFile('/dev/null', [...lines].join('\n'))
     * })
     * ```
     */
    foreachPartition(fn: (records: Iterable<T>, partition: number) => unknown): Promise<void>
    /** How often each element occurs. Combines in the workers; the result is brought to the driver. */
    countByValue(): Promise<Map<T, number>>
  }
  interface PairRdd<K, V> {
    /** All pairs as a Map; the last value of a key wins. */
    collectAsMap(): Promise<Map<K, V>>
  }
}

defineBuiltin('reducePartition', (fn: AnyFunction) => (records: Iterable<unknown>) => {
  let result: { value: unknown } | undefined
  for (const value of records) result = { value: result ? fn(result.value, value) : value }
  return result
})
defineBuiltin('takeFrom', (n: number) => (records: Iterable<unknown>) => {
  const out: unknown[] = []
  for (const value of records) {
    if (out.length >= n) break
    out.push(value)
  }
  return out
})
defineBuiltin(
  'partitionOf',
  (fn: AnyFunction) => (records: Iterable<unknown>, partition: number) =>
    forThisTaskIfAsync(fn, () => awaited(fn(records, partition))),
  'later',
)

/** Undefined at once, or when the promise that a function returned has settled; what it came to is not needed. */
function awaited(result: unknown): Promise<void> | undefined {
  if (isThenable(result)) return Promise.resolve(result).then(() => undefined)
  if (typeof result === 'object' && result !== null) checkResult(result)
  return undefined
}

/** Runs a function over each partition and answers with what it returned, which must be plain data. */
export function applyTo<U>(
  rdd: Rdd<unknown>,
  fn: AnyFunction,
  label: string,
  partitions?: readonly number[],
): Promise<U[]> {
  return rdd.context.runner.run<U>(rdd, { op: 'apply', fn: captured(rdd, fn, label), label }, partitions)
}

/** All parts in one array. Not with `flat`, which on Node 20 takes half a microsecond for each element. */
export function joined<T>(parts: readonly (readonly T[])[]): T[] {
  const all: T[] = []
  for (const part of parts) append(all, part)
  return all
}

Rdd.prototype.collect = async function <T>(this: Rdd<T>): Promise<T[]> {
  return joined(await this.context.runner.run<T[]>(this, { op: 'collect' }))
}
Rdd.prototype.count = async function () {
  return (await this.context.runner.run<number>(this, { op: 'count' })).reduce((a, b) => a + b, 0)
}
Rdd.prototype.reduce = async function <T>(this: Rdd<T>, fn: (a: T, b: T) => T): Promise<T> {
  const parts = await applyTo<{ value: T } | undefined>(
    this,
    builtin('reducePartition', checkFunction(fn, 'reduce')),
    'reduce',
  )
  const values = parts.filter((part) => part !== undefined)
  if (values.length === 0)
    throw new StateError(
      'reduce() of an empty dataset has no result. Use fold() with a start value, or ask isEmpty() first.',
    )
  const merge = guarded(fn, 'value')
  return values.map((part) => part.value).reduce((a, b) => merge(a, b))
}
Rdd.prototype.take = async function <T>(this: Rdd<T>, n: number): Promise<T[]> {
  if (!Number.isInteger(n) || n < 0)
    throw new ArgumentError(`take(${n}): give a whole number of at least 0.`, { given: n })
  const taken: T[] = []
  // One partition first; then four times as many each round, as most calls want a handful.
  for (let next = 0, round = 1; next < this.partitions && taken.length < n; round *= 4) {
    const partitions = Array.from({ length: Math.min(round, this.partitions - next) }, (_, i) => next + i)
    next += partitions.length
    const parts = await applyTo<T[]>(this, builtin('takeFrom', n - taken.length), 'take', partitions)
    for (const part of parts) {
      for (let i = 0; i < part.length && taken.length < n; i++) taken.push(part[i] as T)
    }
  }
  return taken
}
Rdd.prototype.first = async function <T>(this: Rdd<T>): Promise<T> {
  const taken = await this.take(1)
  if (taken.length === 0)
    throw new StateError('first() of an empty dataset has no result. Use take(1), or ask isEmpty() first.')
  return taken[0] as T
}
Rdd.prototype.isEmpty = async function () {
  return (await this.take(1)).length === 0
}
Rdd.prototype.foreach = async function (fn) {
  const label = 'foreach'
  await this.context.runner.run(this, { op: 'foreach', fn: captured(this, fn, label, 'later'), label })
}
Rdd.prototype.foreachPartition = async function (fn) {
  await applyTo(this, builtin('partitionOf', checkFunction(fn, 'foreachPartition', 'later')), 'foreachPartition')
}
Rdd.prototype.countByValue = async function <T>(this: Rdd<T>): Promise<Map<T, number>> {
  const label = 'countByValue'
  const ones = step<[T, number]>(this, 'map', builtin('pairWithOne'), label)
  const counts = combine<[T, number]>(ones, reducing(this.context.capture(builtin('sum'), label), label))
  return new Map(await counts.collect())
}
pairs.collectAsMap = async function () {
  return new Map((await this.collect()).map(asPair))
}
