import { ArgumentError } from '../errors.js'
import { type Clock, SystemClock } from '../ops/clock.js'
import { type Duration, toMillis } from '../ops/time.js'
import { type BackpressureOptions, checkBackpressure } from './backpressure.js'
import { checkpointIntervalOf } from './checkpoint/options.js'
import { type ContextOptions, checkOptions } from './options.js'
import { checkOutputRetries, type OutputRetries, type OutputRetryOptions } from './output-retries.js'

export interface StreamingOptions extends ContextOptions {
  /** Length of a batch: ms, or text such as '1s'. */
  readonly batchInterval: Duration
  /** Default: real time. */
  readonly clock?: Clock
  /**
   * A batch whose output fails: 'stop' ends the streams and rejects awaitTermination (default); 'skip' gives up what failed,
   * emits 'batchSkipped', lists the batch in `skippedBatches`, and goes on with the next.
   */
  readonly onBatchError?: 'stop' | 'skip'
  /** Bytes a receiver may have waiting before it is told to pause. Default 64 MiB. */
  readonly receiverBufferBytes?: number
  /**
   * True, or options: slows each receiver to the records a second that batches could process lately, by a PID controller
   * as Spark's. Without it a receiver is only paused, at `receiverBufferBytes`. Default false.
   */
  readonly backpressure?: boolean | BackpressureOptions
  /**
   * Runs an output operation that fails again, after a pause that doubles: for the same batch, with the same dataset. Its
   * function must bear being called twice. Default: one attempt, as in Spark; tasks have retries of their own (`maxFailures`).
   */
  readonly outputRetries?: OutputRetryOptions
  /**
   * Batches to make up for after a gap: a restart from a checkpoint, a clock set ahead, a suspended machine. start() rejects
   * if a checkpoint is older; a running context lets batch times stay behind a clock that jumps further. Default 1,000,000.
   */
  readonly maxCatchUpBatches?: number
  /** As `checkpoint(directory)`. */
  readonly checkpointDir?: string
  /** Between two checkpoints. Default: as many batches as last a second, at least one. */
  readonly checkpointInterval?: Duration
}

export interface GetOrCreateOptions {
  /** Where checkpoints are there but none can be read: begin anew instead of throwing. Default false. */
  readonly createOnError?: boolean
}

export interface PipelineOptions<P> extends StreamingOptions {
  /** Given to the pipeline function, in the driver and in every worker: plain data. */
  readonly params?: P
  /**
   * Where the driver runs. 'host' (default): in this thread. 'thread': in one of its own, so that neither disturbs the
   * other; batches go on while this thread is busy. Options are then copied: they must be plain data.
   */
  readonly driver?: 'host' | 'thread'
}

export type StreamingState = 'INITIALIZED' | 'ACTIVE' | 'STOPPED'

const STREAMING_OPTIONS = [
  'batchInterval',
  'clock',
  'onBatchError',
  'receiverBufferBytes',
  'outputRetries',
  'maxCatchUpBatches',
  'backpressure',
  'checkpointDir',
  'checkpointInterval',
  'params',
] as const

export interface CheckedStreamingOptions {
  readonly batchInterval: number
  readonly clock: Clock
  readonly onBatchError: 'stop' | 'skip'
  readonly receiverBufferBytes: number
  readonly backpressure: BackpressureOptions | undefined
  readonly checkpointInterval: number
  readonly outputRetries: OutputRetries
  readonly maxCatchUp: number
  /** The options of the batch context. */
  readonly context: ContextOptions
}

/** Checks every option of a streaming context. Throws ArgumentError. */
export function checkStreamingOptions(options: StreamingOptions): CheckedStreamingOptions {
  if (typeof options !== 'object' || options === null) {
    throw new ArgumentError(
      `StreamingContext got ${String(options)}; it takes options such as { batchInterval: '1s', threads: 2 }.`,
    )
  }
  const batchInterval = toMillis(options.batchInterval, 'batchInterval')
  checkOptions(options, STREAMING_OPTIONS)
  const context: Record<string, unknown> = { ...options }
  for (const name of STREAMING_OPTIONS) delete context[name]
  const { receiverBufferBytes = 64 * 1024 * 1024, onBatchError = 'stop', maxCatchUpBatches = 1_000_000 } = options
  if (typeof receiverBufferBytes !== 'number' || !(receiverBufferBytes >= 1024)) {
    throw new ArgumentError(
      `receiverBufferBytes is ${JSON.stringify(options.receiverBufferBytes)}; it must be a number of bytes of at least 1024.`,
    )
  }
  if (onBatchError !== 'stop' && onBatchError !== 'skip') {
    throw new ArgumentError(`onBatchError is ${JSON.stringify(options.onBatchError)}; it must be 'stop' or 'skip'.`)
  }
  if (!Number.isSafeInteger(maxCatchUpBatches) || maxCatchUpBatches < 0) {
    throw new ArgumentError(
      `maxCatchUpBatches is ${String(maxCatchUpBatches)}; it must be a whole number of batches, at least 0.`,
      { maxCatchUpBatches },
    )
  }
  return {
    outputRetries: checkOutputRetries(options.outputRetries),
    maxCatchUp: maxCatchUpBatches,
    batchInterval,
    clock: options.clock ?? new SystemClock(),
    onBatchError,
    receiverBufferBytes,
    backpressure: checkBackpressure(options.backpressure, batchInterval),
    checkpointInterval: checkpointIntervalOf(options.checkpointInterval, batchInterval),
    context: context as ContextOptions,
  }
}
