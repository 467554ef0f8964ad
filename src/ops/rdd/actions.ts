import { ArgumentError, StateError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { forThisTaskIfAsync } from '../accumulator.js'
import { append } from '../append.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import { checkFunction } from '../functions/check-function.js'
import { inDriver } from '../functions/in-driver.js'
import type { AnyFunction } from '../functions/ref.js'
import { checkResult, isThenable } from '../functions/results.js'
import type { JobRunner, JobSeries } from '../job-runner.js'
import { asPair } from '../pair.js'
import type { TaskContext } from '../task-context.js'
import { combine, reducing } from './by-key.js'
import { step } from './elementwise.js'
import { nodeOf, pairs, rdds } from './facade.js'
import { captured, type Rdd } from './rdd.js'

declare module './facade.js' {
  interface BaseRdd<T> {
    /**
     * Returns all elements, in the order of partitions. Action; sends all elements to the driver.
     *
     * ```ts
     * await ctx.parallelize([1, 2, 3]).collect() // [1, 2, 3]
     * ```
     */
    collect(): Promise<T[]>
    /**
     * Counts the elements. Action; each partition returns one number.
     *
     * ```ts
     * await ctx.parallelize(['a', 'b']).count() // 2
     * ```
     */
    count(): Promise<number>
    /**
     * Reduces all elements to one by the associative `fn`, in the order of partitions. Action; workers reduce each
     * partition first.
     *
     * ```ts
     * await ctx.parallelize([1, 2, 3]).reduce((a, b) => a + b) // 6
     * ```
     *
     * @throws StateError (rejects) if there are no elements.
     */
    reduce(fn: (a: T, b: T) => T): Promise<T>
    /**
     * Returns the first `n` elements. Action; computes only as many partitions as it needs.
     *
     * ```ts
     * await ctx.range(100).take(2) // [0, 1]
     * ```
     *
     * @throws ArgumentError (rejects) unless `n` is a whole number of at least 0.
     */
    take(n: number): Promise<T[]>
    /**
     * Returns the first element. Action; computes only as many partitions as it needs.
     *
     * ```ts
     * await ctx.range(100).first() // 0
     * ```
     *
     * @throws StateError (rejects) if there are no elements.
     */
    first(): Promise<T>
    /**
     * Returns whether there are no elements. Action; computes only as many partitions as it needs.
     *
     * ```ts
     * await ctx.range(3).filter((x) => x > 5).isEmpty() // true
     * ```
     */
    isEmpty(): Promise<boolean>
    /**
     * Calls `fn` with each element, in the workers. Action. If `fn` returns a promise, the task awaits it before the
     * next call, and fails if it rejects. A retried task calls `fn` again. For concurrent calls use mapAsync.
     *
     * ```ts
     * await ctx.parallelize(['a', 'b']).foreach((line) => console.error(line))
     * ```
     */
    foreach(fn: (value: T) => unknown): Promise<void>
    /**
     * Calls `fn` with each partition, in the workers. Action. If `fn` returns a promise, the task awaits it, and fails
     * if it rejects. A retried task calls `fn` again. `context.resource(key, open)` keeps a connection open for later
     * tasks of the thread.
     *
     * ```ts
     * await ctx.parallelize(['a', 'b']).foreachPartition(async (lines) => {
     *   const { appendFile } = await import('node:fs/promises')
     *   await appendFile('/dev/null', [...lines].join('\n'))
     * })
     * ```
     */
    foreachPartition(fn: (records: Iterable<T>, partition: number, context: TaskContext) => unknown): Promise<void>
    /**
     * Counts how often each element occurs. Action with a shuffle; the counts are returned to the driver.
     *
     * ```ts
     * await ctx.parallelize(['a', 'b', 'a'], 1).countByValue() // Map { 'a' => 2, 'b' => 1 }
     * ```
     */
    countByValue(): Promise<Map<T, number>>
  }
  interface PairRdd<K, V> {
    /**
     * Returns all pairs as a Map; the last value of a key wins. Action; sends all pairs to the driver.
     *
     * ```ts
     * await ctx.parallelize([['a', 1], ['a', 2]] as [string, number][]).collectAsMap() // Map { 'a' => 2 }
     * ```
     */
    collectAsMap(): Promise<Map<K, V>>
  }
}

defineBuiltin('reducePartition', (fn: AnyFunction) => (records: Iterable<unknown>) => {
  let result: { value: unknown } | undefined
  for (const value of records) result = { value: result ? fn(result.value, value) : value }
  return result
})
defineBuiltin(
  'partitionOf',
  (fn: AnyFunction) => (records: Iterable<unknown>, partition: number, context: TaskContext) =>
    forThisTaskIfAsync(fn, () => awaited(fn(records, partition, context))),
  'later',
)

/**
 * Awaits a promise that a function returned, and ignores its value. Returns undefined if the result is not a promise.
 */
function awaited(result: unknown): Promise<void> | undefined {
  if (isThenable(result)) return Promise.resolve(result).then(() => undefined)
  if (typeof result === 'object' && result !== null) checkResult(result)
  return undefined
}

/** Runs a function over each partition. Returns its results, which must be plain data. */
export function applyTo<U>(
  rdd: Rdd<unknown>,
  fn: AnyFunction,
  label: string,
  partitions?: readonly number[],
  jobs: Pick<JobRunner, 'run'> = rdd.context.runner,
): Promise<U[]> {
  return jobs.run<U>(rdd, { op: 'apply', fn: captured(rdd, fn, label), label }, partitions)
}

/**
 * Runs an action that consists of several jobs. If data that an earlier job has read is lost, and recomputed
 * differently for a later job, the action starts over.
 */
export async function consistently<R>(rdd: Rdd<unknown>, action: (jobs: JobSeries) => Promise<R>): Promise<R> {
  const jobs = rdd.context.runner.series()
  for (;;) {
    const result = await action(jobs)
    if (jobs.isConsistent) return result
    jobs.restart()
  }
}

/** Arguments of a call are on the stack, which overflows at some 100,000. */
const MOST_ARGUMENTS = 10_000

/** Concatenates the parts. `Array.prototype.flat` takes 0.5 us per element on Node 20, and a loop of `push` four times as long as `concat`. */
export function joined<T>(parts: readonly (readonly T[])[]): T[] {
  if (parts.length <= MOST_ARGUMENTS) return ([] as T[]).concat(...parts)
  const all: T[] = []
  for (const part of parts) append(all, part)
  return all
}

/** Returns one array for each requested partition. */
export function collectParts<T>(rdd: Rdd<T>, partitions?: readonly number[]): Promise<T[][]> {
  return rdd.context.runner.run<T[]>(rdd, { op: 'collect' }, partitions)
}

export async function take<T>(rdd: Rdd<T>, n: number): Promise<T[]> {
  if (!Number.isInteger(n) || n < 0)
    throw new ArgumentError(`take(${describe(n)}): n must be a whole number of at least 0.`, { given: n })
  return await consistently(rdd, (jobs) => takeIn(jobs, rdd, n))
}

async function takeIn<T>(jobs: JobSeries, rdd: Rdd<T>, n: number): Promise<T[]> {
  const taken: T[] = []
  // Computes one partition first, then four times as many in each round: most calls need only a few elements.
  for (let next = 0, round = 1; next < rdd.partitions && taken.length < n; round *= 4) {
    const partitions = Array.from({ length: Math.min(round, rdd.partitions - next) }, (_, i) => next + i)
    next += partitions.length
    const parts = await jobs.run<T[]>(rdd, { op: 'take', n: n - taken.length }, partitions)
    for (const part of parts) {
      for (let i = 0; i < part.length && taken.length < n; i++) taken.push(part[i] as T)
    }
  }
  return taken
}

export async function countByValue<T>(rdd: Rdd<T>): Promise<Map<T, number>> {
  const label = 'countByValue'
  const ones = step<[T, number]>(rdd, 'map', builtin('pairWithOne'), label)
  const counts = combine<[T, number]>(ones, reducing(rdd.context.capture(builtin('sum'), label), label))
  return new Map(joined(await collectParts(counts)))
}

rdds.collect = async function () {
  return joined(await collectParts(nodeOf(this)))
}
rdds.count = async function () {
  const rdd = nodeOf(this)
  return (await rdd.context.runner.run<number>(rdd, { op: 'count' })).reduce((a, b) => a + b, 0)
}
rdds.reduce = async function <T>(fn: (a: T, b: T) => T): Promise<T> {
  const reducePartition = builtin('reducePartition', checkFunction(fn, 'reduce'))
  const parts = await applyTo<{ value: T } | undefined>(nodeOf(this), reducePartition, 'reduce')
  const values = parts.filter((part) => part !== undefined)
  if (values.length === 0)
    throw new StateError(
      'reduce() of an empty dataset has no result. Use fold() with a start value, or check isEmpty() first.',
    )
  const merge = inDriver(fn, 'reduce')
  return values.map((part) => part.value).reduce((a, b) => merge(a, b))
}
rdds.take = async function (n) {
  return await take(nodeOf(this), n)
}
rdds.first = async function () {
  const taken = await take(nodeOf(this), 1)
  if (taken.length === 0)
    throw new StateError('first() of an empty dataset has no result. Use take(1), or check isEmpty() first.')
  return taken[0]
}
rdds.isEmpty = async function () {
  return (await take(nodeOf(this), 1)).length === 0
}
rdds.foreach = async function (fn) {
  const label = 'foreach'
  const rdd = nodeOf(this)
  await rdd.context.runner.run(rdd, { op: 'foreach', fn: captured(rdd, fn, label, 'later'), label })
}
rdds.foreachPartition = async function (fn) {
  const call = builtin('partitionOf', checkFunction(fn, 'foreachPartition', 'later'))
  await applyTo(nodeOf(this), call, 'foreachPartition')
}
rdds.countByValue = async function () {
  return await countByValue(nodeOf(this))
}
pairs.collectAsMap = async function () {
  return new Map(joined(await collectParts(nodeOf(this))).map(asPair))
}
