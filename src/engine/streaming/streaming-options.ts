import { ArgumentError } from '../../errors.js'
import { type Clock, SystemClock } from '../../ops/clock.js'
import { type Duration, toMillis } from '../../ops/time.js'
import { describe } from '../../values/describe.js'
import { usable } from '../../values/unusable.js'
import { checkDirectory, checkpointIntervalOf, replayRetentionOf } from '../checkpoint/options.js'
import { type ContextOptions, checkOptions } from '../options.js'
import { type BackpressureOptions, checkBackpressure } from '../receivers/back-pressure.js'
import { type CheckedLogOptions, checkWriteAheadLog, type WriteAheadLogOptions } from '../write-ahead-log/options.js'
import { checkOutputRetries, type OutputRetries, type OutputRetryOptions } from './output-retries.js'
import { type CheckedUiOptions, checkUi, type UiOptions } from './ui-options.js'

export interface StreamingOptions extends ContextOptions {
  /** Length of a batch: milliseconds, or a text such as '1s'. */
  readonly batchInterval: Duration
  /** Default: real time. */
  readonly clock?: Clock
  /**
   * The reaction to an output that fails. 'stop' (default) stops the streams and rejects awaitTermination. 'skip' skips the
   * batch, emits 'batchSkipped', lists the batch in `skippedBatches`, and continues with the next batch.
   */
  readonly onBatchError?: 'stop' | 'skip'
  /** Bytes that a receiver may buffer before it must wait (64 MiB). */
  readonly receiverBufferBytes?: number
  /**
   * Whether to limit each receiver and direct source to the rate that recent batches could process, with a PID
   * controller as in Spark (false). Without it, a receiver waits only at `receiverBufferBytes`. Checkpoints contain the
   * rates.
   */
  readonly backpressure?: boolean | BackpressureOptions
  /**
   * Retries of a failed output operation, for the same batch and dataset, after a pause that doubles. The function must
   * be safe to call again. Default: one attempt, as in Spark. Tasks have their own retries (`maxFailures`).
   */
  readonly outputRetries?: OutputRetryOptions
  /**
   * Most batches to run after a gap, such as a restart from a checkpoint, a clock set ahead, or a suspended machine
   * (1,000,000). If the checkpoint is older, start() rejects. If the clock of a running context jumps further, batch
   * times stay behind it.
   */
  readonly maxCatchUpBatches?: number
  /** Directory for checkpoints, as `checkpoint(directory)` sets it. Default: none. */
  readonly checkpointDir?: string
  /**
   * Time between two checkpoints, a multiple of the batch interval. Default: 1 s rounded to whole batches, at least one
   * batch.
   */
  readonly checkpointInterval?: Duration
  /**
   * For how long a batch can be run again with `millrace replay`, by batch time (0: not at all). Keeps checkpoints, the recorded
   * input of batches and the files of the write-ahead log for so long, and records a digest of what each output had.
   */
  readonly replayRetention?: Duration
  /**
   * Whether received data is written to a log in the checkpoint directory before it is acknowledged or becomes part of a batch
   * (false), so that it survives the process. An object sets when files of the log end.
   */
  readonly writeAheadLog?: boolean | WriteAheadLogOptions
  /** Whether to serve a live page of the streams (false): `true` for http://127.0.0.1:4040, or where and for whom. */
  readonly ui?: boolean | UiOptions
}

export interface GetOrCreateOptions {
  /** Whether to start from scratch if there are checkpoints and none can be read, instead of throwing (false). */
  readonly createOnError?: boolean
  /** `dropState` (none): as that of `start()`. */
  readonly dropState?: readonly string[]
}

export interface PipelineOptions<P> extends StreamingOptions {
  /** Plain data for the pipeline function, in the driver and in every worker. */
  readonly params?: P
  /**
   * Where the driver runs. 'host' (default): in this thread. 'thread': in a driver thread, so that batches continue
   * while this thread is busy. Options are then copied, so they must be plain data.
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
  'replayRetention',
  'writeAheadLog',
  'ui',
  'params',
] as const

export interface CheckedStreamingOptions {
  readonly batchInterval: number
  readonly clock: Clock
  readonly onBatchError: 'stop' | 'skip'
  readonly receiverBufferBytes: number
  readonly backpressure: BackpressureOptions | undefined
  readonly checkpointInterval: number
  readonly replayRetention: number
  readonly writeAheadLog: CheckedLogOptions | undefined
  readonly outputRetries: OutputRetries
  readonly maxCatchUp: number
  readonly ui: CheckedUiOptions | undefined
  /** The options of the batch context. */
  readonly context: ContextOptions
}

function checkClock(clock: Clock): Clock {
  const { now, at } = Object(clock) as Partial<Clock>
  if (typeof now === 'function' && typeof at === 'function') return clock
  throw new ArgumentError(`clock is ${describe(clock)}; it must be a Clock, such as new ManualClock().`, {
    option: 'clock',
  })
}

/** Checks every option of a streaming context. @throws ArgumentError for an invalid option. */
export function checkStreamingOptions(options: StreamingOptions): CheckedStreamingOptions {
  return usable('new StreamingContext', [options], () => checkEach(options))
}

function checkEach(options: StreamingOptions): CheckedStreamingOptions {
  if (typeof options !== 'object' || options === null) {
    throw new ArgumentError(
      `StreamingContext got ${describe(options)}; it takes options such as { batchInterval: '1s', threads: 2 }.`,
    )
  }
  const batchInterval = toMillis(options.batchInterval, 'batchInterval')
  if (options.checkpointDir !== undefined) checkDirectory(options.checkpointDir)
  checkOptions(options, STREAMING_OPTIONS)
  const context: Record<string, unknown> = { ...options }
  for (const name of STREAMING_OPTIONS) delete context[name]
  const { receiverBufferBytes = 64 * 1024 * 1024, onBatchError = 'stop', maxCatchUpBatches = 1_000_000 } = options
  if (typeof receiverBufferBytes !== 'number' || !(receiverBufferBytes >= 1024)) {
    throw new ArgumentError(
      `receiverBufferBytes is ${describe(options.receiverBufferBytes)}; it must be a number of bytes of at least 1024.`,
    )
  }
  if (onBatchError !== 'stop' && onBatchError !== 'skip') {
    throw new ArgumentError(`onBatchError is ${describe(options.onBatchError)}; it must be 'stop' or 'skip'.`)
  }
  if (!Number.isSafeInteger(maxCatchUpBatches) || maxCatchUpBatches < 0) {
    throw new ArgumentError(
      `maxCatchUpBatches is ${describe(maxCatchUpBatches)}; it must be a whole number of batches, at least 0.`,
      { maxCatchUpBatches },
    )
  }
  return {
    outputRetries: checkOutputRetries(options.outputRetries),
    maxCatchUp: maxCatchUpBatches,
    ui: checkUi(options.ui),
    batchInterval,
    clock: checkClock(options.clock ?? new SystemClock()),
    onBatchError,
    receiverBufferBytes,
    backpressure: checkBackpressure(options.backpressure, batchInterval),
    checkpointInterval: checkpointIntervalOf(options.checkpointInterval, batchInterval),
    replayRetention: replayRetentionOf(options.replayRetention),
    writeAheadLog: checkWriteAheadLog(options.writeAheadLog),
    context: context as ContextOptions,
  }
}
