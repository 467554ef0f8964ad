import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import type { FnRef } from '../functions/ref.js'
import { checkNames } from '../option-names.js'
import type { AsyncStep } from '../plan.js'
import { type Duration, toMillis } from '../time.js'
import { ChainRdd } from './chain.js'
import { facade, nodeOf, type RDD, rdds } from './facade.js'
import { captured } from './rdd.js'
import { type RecordOptions, rejecting } from './record-options.js'

export interface MapAsyncOptions extends RecordOptions {
  /** `concurrency` (16): calls in flight in each task. A context runs as many tasks at a time as it has threads. */
  readonly concurrency?: number
  /**
   * `ordered` (true): whether results keep the order of the records; otherwise they come in the order in which calls
   * complete.
   */
  readonly ordered?: boolean
  /** `timeout` (none): the time after which a call fails its task with CallTimeoutError. */
  readonly timeout?: Duration
}

export type MapPartitionsAsyncOptions = Pick<MapAsyncOptions, 'timeout'>

/** The second argument of an async function: the context of this call. */
export interface AsyncCall {
  /**
   * Aborts when the call's result is no longer needed: the call timed out, another call of its task failed, its job
   * failed or was cancelled, or the context stops.
   */
  readonly signal: AbortSignal
}

declare module './facade.js' {
  interface BaseRdd<T> {
    /**
     * Applies an async function to each element, for lookups in other services. Narrow; holds one partition and its
     * results in memory. Each task has at most `concurrency` calls in flight. If a call rejects, or takes longer than
     * `timeout`, the task fails and is retried with all of its calls. `call.signal` then aborts, as it does when the
     * job is cancelled. For `taskTimeout`, each call that returns counts as progress of the task.
     *
     * With `ordered: false`, results come in the order in which calls complete. Before a shuffle and in persisted data
     * they keep the order of the records, so that lost data can be recomputed exactly.
     *
     * ```ts
     * const names = ctx.parallelize([1, 2, 3]).mapAsync(async (id) => `name of ${id}`, { concurrency: 2, timeout: '2s' })
     * await names.collect() // ['name of 1', 'name of 2', 'name of 3']
     * ```
     *
     * @throws ArgumentError if an option is out of range.
     */
    mapAsync<U>(fn: (value: T, call: AsyncCall) => PromiseLike<U> | U, options?: MapAsyncOptions): RDD<U>
    /**
     * Applies `fn(records, partitionIndex, call)` to each partition; it returns a promise of an iterable. For services
     * that accept many keys at once. Narrow; otherwise as mapAsync.
     *
     * ```ts
     * const found = ctx.parallelize([1, 2, 3], 1).mapPartitionsAsync(async (ids) => ids.map((id) => id * 10))
     * await found.collect() // [10, 20, 30]
     * ```
     *
     * @throws ArgumentError if `timeout` is out of range.
     */
    mapPartitionsAsync<U>(
      fn: (records: readonly T[], partition: number, call: AsyncCall) => PromiseLike<Iterable<U>>,
      options?: MapPartitionsAsyncOptions,
    ): RDD<U>
  }
}

const CONCURRENCY = 16

/**
 * Builds the step of mapAsync or, with `whole`, of mapPartitionsAsync. @throws ArgumentError for an option out of
 * range.
 */
export function asyncStep(fn: FnRef, options: MapAsyncOptions, whole: boolean): AsyncStep {
  const label = whole ? 'mapPartitionsAsync' : 'mapAsync'
  checkNames(options, whole ? ['timeout'] : ['concurrency', 'ordered', 'timeout', 'onRecordError'], label)
  const { concurrency = CONCURRENCY, ordered = true, timeout } = options
  if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
    throw new ArgumentError(
      `${label}: concurrency is ${describe(concurrency)}; it must be a whole number of calls of at least 1.`,
      { concurrency },
    )
  }
  if (typeof ordered !== 'boolean')
    throw new ArgumentError(`${label}: ordered is ${describe(ordered)}; it must be true or false.`, { ordered })
  const step = { op: 'mapAsync', fn, label, whole, concurrency, ordered } as const
  return timeout === undefined ? step : { ...step, timeout: toMillis(timeout, `${label}: timeout`) }
}

rdds.mapAsync = function (fn, options = {}) {
  const rdd = nodeOf(this)
  const step = asyncStep(captured(rdd, fn, 'mapAsync', 'later'), options, false)
  const { onRecordError } = options
  return facade(new ChainRdd(rdd, step, undefined, rejecting('mapAsync', { onRecordError })))
}
rdds.mapPartitionsAsync = function (fn, options = {}) {
  const rdd = nodeOf(this)
  return facade(new ChainRdd(rdd, asyncStep(captured(rdd, fn, 'mapPartitionsAsync', 'later'), options, true)))
}
