import { ArgumentError } from '../../errors.js'
import type { FnRef } from '../functions/ref.js'
import { checkNames } from '../option-names.js'
import type { AsyncStep } from '../plan.js'
import { type Duration, toMillis } from '../time.js'
import { ChainRdd } from './chain.js'
import { captured, face, type RDD, Rdd } from './rdd.js'
import { type RecordOptions, rejecting } from './record-options.js'

export interface MapAsyncOptions extends RecordOptions {
  /** Calls in flight at a time, in each task. Default 16; a context runs as many tasks at a time as it has threads. */
  readonly concurrency?: number
  /** Results in the order of the records (default), or as the calls come back. */
  readonly ordered?: boolean
  /** How long one call may take before it fails the task with CallTimeoutError. Default: as long as it likes. */
  readonly timeout?: Duration
}

export type MapPartitionsAsyncOptions = Pick<MapAsyncOptions, 'timeout'>

/** What an async function learns of its call. */
export interface AsyncCall {
  /**
   * Aborts when the call's result is no longer of use: it timed out, another call of its task failed, its job failed or was
   * cancelled, or the context stops.
   */
  readonly signal: AbortSignal
}

declare module './rdd.js' {
  interface Rdd<T> {
    /**
     * Each element through an async function, for lookups in other services. Narrow; one partition and its results in
     * memory while it runs. Each task has at most `concurrency` calls in flight. A call that rejects fails the task, which
     * is retried with all of its calls; `timeout` makes a call reject with CallTimeoutError. The
     * `signal` of a call aborts when its task fails or its job is cancelled, and nobody waits for the call then. For `taskTimeout` a task makes progress when a call comes back.
     *
     * With `ordered: false` results come in the order of the answers; before a shuffle and in persisted data, in the order
     * of the records, so that lost data can be made again as it was.
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
     * Whole partitions through `fn(records, partitionIndex, { signal })`, which answers with a promise of an iterable: for
     * services that take many keys at once. Otherwise as mapAsync.
     *
     * ```ts
     * const found = ctx.parallelize([1, 2, 3], 1).mapPartitionsAsync(async (ids) => ids.map((id) => id * 10))
     * await found.collect() // [10, 20, 30]
     * ```
     */
    mapPartitionsAsync<U>(
      fn: (records: readonly T[], partition: number, call: AsyncCall) => PromiseLike<Iterable<U>>,
      options?: MapPartitionsAsyncOptions,
    ): RDD<U>
  }
}

const CONCURRENCY = 16

/** The step of mapAsync or, with `whole`, of mapPartitionsAsync; streams use it too. Throws ArgumentError. */
export function asyncStep(fn: FnRef, options: MapAsyncOptions, whole: boolean): AsyncStep {
  const label = whole ? 'mapPartitionsAsync' : 'mapAsync'
  checkNames(options, whole ? ['timeout'] : ['concurrency', 'ordered', 'timeout', 'onRecordError'], label)
  const { concurrency = CONCURRENCY, ordered = true, timeout } = options
  if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
    throw new ArgumentError(
      `${label}: concurrency is ${String(concurrency)}; it must be a whole number of calls of at least 1.`,
      { concurrency },
    )
  }
  if (typeof ordered !== 'boolean')
    throw new ArgumentError(`${label}: ordered is ${String(ordered)}; it must be true or false.`, { ordered })
  const step = { op: 'mapAsync', fn, label, whole, concurrency, ordered } as const
  return timeout === undefined ? step : { ...step, timeout: toMillis(timeout, `${label}: timeout`) }
}

Rdd.prototype.mapAsync = function (fn, options = {}) {
  const step = asyncStep(captured(this, fn, 'mapAsync', 'later'), options, false)
  const { onRecordError } = options
  return face(new ChainRdd(this, step, undefined, rejecting('mapAsync', { onRecordError })))
}
Rdd.prototype.mapPartitionsAsync = function (fn, options = {}) {
  return face(new ChainRdd(this, asyncStep(captured(this, fn, 'mapPartitionsAsync', 'later'), options, true)))
}
