import type { Clock } from '../../ops/clock.js'
import type { PushWait } from '../../ops/source/push-until.js'
import type { Duration } from '../../ops/time.js'
import type { DeadLetterLog } from '../dead-letters/dead-letter-log.js'
import type { EventListener, EventName, Listener } from '../events/engine-events.js'
import type { StreamsStatus } from '../status/streams-status.js'
import type { OutputBatch } from './output-queue.js'
import type { StartOptions } from './start-options.js'
import type { StopOptions, StopResult } from './stop-result.js'
import type { StreamingState } from './streaming-options.js'
import type { StreamingUi } from './ui-options.js'

/** A pushStream, as the host feeds it. PushHandle documents each call. */
export interface PushTarget<T> {
  push(value: T, wait: PushWait): Promise<void>
  push(...values: T[]): Promise<void> | undefined
  pushAll(values: readonly T[], wait: PushWait): Promise<void>
  pushAll(values: readonly T[]): Promise<void> | undefined
  end(): void
}

/**
 * The host's control of streams, whether their driver runs in this thread (StreamingContext) or in a driver thread
 * (PipelineHandle). Write functions that serve both against this interface.
 *
 * ```ts
 * async function report(streams: import('millrace').StreamingControl) {
 *   await streams.start()
 *   for await (const { time, records } of streams.output('counts')) console.log(time, records)
 * }
 * ```
 */
export interface StreamingControl extends AsyncDisposable {
  /** The length of a batch in ms. */
  readonly batchInterval: number
  readonly clock: Clock
  readonly state: StreamingState
  /** The names of all `stream.output(name)` calls. */
  readonly outputNames: ReadonlySet<string>
  /** Times of the batches that were skipped, with onBatchError 'skip'. */
  readonly skippedBatches: readonly number[]
  /** Records whose function threw, with onRecordError 'dead-letter'. */
  readonly deadLetters: DeadLetterLog
  /**
   * The function that prints the lines of print(), by default to stdout. A batch waits for a promise that it returns.
   */
  printer: (time: number, lines: readonly string[]) => unknown
  /** Calls `listener` for every event of this name. Returns a function that unsubscribes it. */
  on<E extends EventName>(name: E, listener: EventListener<E>): () => void
  /** The live page; undefined without the option `ui`. */
  readonly ui: StreamingUi | undefined
  /** Returns what the streams are and hold now, as plain data. Call it about once a second at most. */
  status(): Promise<StreamsStatus>
  /** Adds an object with a method for each event that it receives. Returns a function that removes it. */
  listen(listener: Listener): () => void
  /**
   * Returns the batches of `stream.output(name)`, in order, for one reader. When the streams have stopped, the
   * iteration ends after the waiting batches, or rejects there with the error that stopped them.
   */
  output<T = unknown>(name: string): AsyncIterable<OutputBatch<T>>
  /** Returns a named pushStream. */
  pushHandle<T = unknown>(name: string): PushTarget<T>
  /**
   * Checks the graph, starts threads and receivers, and schedules batches until `stop()`, or until they are caught up.
   */
  start(options?: StartOptions): Promise<void>
  /** Resolves when the streams have stopped. Rejects with the error that stopped them. */
  awaitTermination(): Promise<void>
  /** Resolves with true if the streams stop within `ms`, otherwise with false. Rejects as awaitTermination does. */
  awaitTerminationOrTimeout(ms: Duration): Promise<boolean>
  /** Resolves when every batch that is already due is complete. */
  awaitIdle(): Promise<void>
  /** Stops batches, receivers and threads within its timeout. Resolves with the abandoned work. */
  stop(options?: StopOptions): Promise<StopResult>
}
