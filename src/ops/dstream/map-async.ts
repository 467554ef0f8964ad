import type { AnyFunction } from '../functions/ref.js'
import { type AsyncCall, asyncStep, type MapAsyncOptions, type MapPartitionsAsyncOptions } from '../rdd/map-async.js'
import type { DeadLetterOptions, WithDeadLetters } from './dead-letters.js'
import { capturedBy, type DStream, Stream } from './dstream.js'
import { chainStep } from './elementwise.js'

declare module './dstream.js' {
  interface Stream<T> {
    /** As below; the records that are given up are a stream, too: `deadLetters()`. */
    mapAsync<U>(
      fn: (value: T, call: AsyncCall) => PromiseLike<U> | U,
      options: MapAsyncOptions & DeadLetterOptions,
    ): DStream<U> & WithDeadLetters<T>
    /**
     * Each element through an async function, for lookups in other services. Narrow; one partition and its results in
     * memory while it runs; no state. Each task has at most `concurrency` (16) calls in flight; results come in the order of
     * the records unless `ordered` is false. A call that rejects, or takes longer than `timeout`, fails the task, which is
     * retried with all of its calls. A batch that waits keeps the batches after it waiting.
     *
     * ```ts
     * ssc.queueStream([[1, 2]]).mapAsync(async (id) => `name of ${id}`, { concurrency: 8 }).output('names')
     * ```
     *
     * @throws ArgumentError if an option is out of range.
     */
    mapAsync<U>(fn: (value: T, call: AsyncCall) => PromiseLike<U> | U, options?: MapAsyncOptions): DStream<U>
    /**
     * Whole partitions through `fn(records, partitionIndex, { signal })`, which answers with a promise of an iterable: for
     * services that take many keys at once. Otherwise as mapAsync.
     *
     * ```ts
     * ssc.queueStream([[1, 2]]).mapPartitionsAsync(async (ids) => ids.map((id) => id * 10)).output('found') // [10, 20]
     * ```
     */
    mapPartitionsAsync<U>(
      fn: (records: readonly T[], partition: number, call: AsyncCall) => PromiseLike<Iterable<U>>,
      options?: MapPartitionsAsyncOptions,
    ): DStream<U>
  }
}

Stream.prototype.mapAsync = function (this: Stream<unknown>, fn: AnyFunction, options: MapAsyncOptions = {}): never {
  const { onRecordError } = options
  return chainStep(this, asyncStep(capturedBy(this, fn, 'mapAsync', 'later'), options, false), {
    onRecordError,
  }) as never
}
Stream.prototype.mapPartitionsAsync = function (fn, options = {}) {
  return chainStep(this, asyncStep(capturedBy(this, fn, 'mapPartitionsAsync', 'later'), options, true))
}
