import type { AnyFunction } from '../functions/ref.js'
import { type AsyncCall, asyncStep, type MapAsyncOptions, type MapPartitionsAsyncOptions } from '../rdd/map-async.js'
import { ChainStream } from './chain-stream.js'
import type { DeadLetterOptions, WithDeadLetters } from './dead-letters.js'
import { capturedBy } from './dstream.js'
import { type DStream, dstreams, streamNode, toDStream } from './facade.js'

declare module './facade.js' {
  interface BaseStream<T> {
    mapAsync<U>(
      fn: (value: T, call: AsyncCall) => PromiseLike<U> | U,
      options: MapAsyncOptions & DeadLetterOptions,
    ): DStream<U> & WithDeadLetters<T>
    /**
     * Applies an async function to each element, for lookups in other services. Narrow; holds one partition and its
     * results in memory. Each task has at most `concurrency` (16) calls in flight; results keep the order of the
     * records unless `ordered` is false. If a call rejects, or takes longer than `timeout`, the task fails and is
     * retried with all of its calls. While a batch waits for calls, later batches wait for it.
     *
     * ```ts
     * ssc.queueStream([[1, 2]]).mapAsync(async (id) => `name of ${id}`, { concurrency: 8 }).output('names') // ['name of 1', 'name of 2']
     * ```
     *
     * @throws ArgumentError if an option is out of range.
     */
    mapAsync<U>(fn: (value: T, call: AsyncCall) => PromiseLike<U> | U, options?: MapAsyncOptions): DStream<U>
    /**
     * Applies `fn(records, partitionIndex, call)` to each partition; it returns a promise of an iterable. For services
     * that accept many keys at once. Narrow; otherwise as mapAsync.
     *
     * ```ts
     * ssc.queueStream([[1, 2]]).mapPartitionsAsync(async (ids) => ids.map((id) => id * 10)).output('found') // [10, 20]
     * ```
     *
     * @throws ArgumentError if `timeout` is out of range.
     */
    mapPartitionsAsync<U>(
      fn: (records: readonly T[], partition: number, call: AsyncCall) => PromiseLike<Iterable<U>>,
      options?: MapPartitionsAsyncOptions,
    ): DStream<U>
  }
}

dstreams.mapAsync = function (fn: AnyFunction, options: MapAsyncOptions = {}): never {
  const parent = streamNode(this)
  const step = asyncStep(capturedBy(parent, fn, 'mapAsync', 'later'), options, false)
  const { onRecordError } = options
  return toDStream(new ChainStream(parent, step, { onRecordError })) as never
}
dstreams.mapPartitionsAsync = function (fn, options = {}) {
  const parent = streamNode(this)
  const step = asyncStep(capturedBy(parent, fn, 'mapPartitionsAsync', 'later'), options, true)
  return toDStream(new ChainStream(parent, step, undefined))
}
