import { StateError } from '../errors.js'
import type { Clock } from '../ops/clock.js'
import type { StreamBuilder } from '../ops/dstream/builder.js'
import { until } from '../ops/wait.js'
import type { BackpressureOptions } from './backpressure.js'
import { BatchLoop } from './batch-loop.js'
import { BatchLog } from './checkpoint/batch-log.js'
import { Checkpointer } from './checkpoint/checkpointer.js'
import { announce, checkShape, restore } from './checkpoint/recovery.js'
import type { CheckpointStore } from './checkpoint/store.js'
import type { Context } from './context.js'
import { Inputs } from './inputs.js'
import type { OutputRetries } from './output-retries.js'
import type { Patience } from './patience.js'
import { isComplete, NOTHING_GIVEN_UP, type StopResult } from './stop-result.js'

export interface StreamRunOptions {
  readonly builder: StreamBuilder
  readonly context: Context
  readonly clock: Clock
  readonly receiverBufferBytes: number
  readonly backpressure: BackpressureOptions | undefined
  readonly onBatchError: 'stop' | 'skip'
  readonly store: CheckpointStore | undefined
  readonly checkpointInterval: number
  readonly outputRetries: OutputRetries
  readonly maxCatchUp: number
  /** Ends the streams with this error. */
  readonly onFailure: (error: unknown) => void
}

export interface StopPlan {
  readonly graceful: boolean
  /** Whether the running batch may end within the patience of a stop that is not graceful. */
  readonly awaitBatch: boolean
  readonly patience: Patience
  /** Whether the streams have failed: no last batch is made then. */
  readonly hasFailed: () => boolean
  /** Batches of outputs that nobody has read. */
  readonly unread: () => StopResult['unread']
}

/** How long the release of the checkpoint directory may take after the patience of a stop is over. */
const RELEASE_MS = 1_000

/** Everything that runs between start() and stop(): inputs, the batch loop and checkpoints. */
export class StreamRun {
  readonly #options: StreamRunOptions
  readonly #inputs: Inputs
  readonly #log: BatchLog | undefined
  readonly #checkpointer: Checkpointer | undefined
  readonly #loop: BatchLoop
  readonly #stopped = new AbortController()
  #taking: Promise<void> | undefined
  #begun = false

  constructor(options: StreamRunOptions) {
    const { builder, context, clock, store, checkpointInterval, onBatchError, onFailure } = options
    const {
      engine,
      options: { logger, faults },
    } = context
    this.#options = options
    this.#log = store && new BatchLog(store, builder, (text, cause) => logger.warn(text, cause))
    this.#inputs = new Inputs({
      log: this.#log,
      builder,
      engine,
      receiverBufferBytes: options.receiverBufferBytes,
      backpressure: options.backpressure,
      clock,
      warn: (message, cause) => logger.warn(message, cause),
      checkpoints: store !== undefined,
    })
    this.#checkpointer =
      store &&
      new Checkpointer({ store, interval: checkpointInterval, builder, engine, inputs: this.#inputs, logger, faults })
    this.#loop = new BatchLoop({
      builder,
      engine,
      inputs: this.#inputs,
      clock,
      onBatchError,
      outputRetries: options.outputRetries,
      maxCatchUp: options.maxCatchUp,
      warn: (message, details) => logger.warn(message, details),
      checkpointer: this.#checkpointer,
      log: this.#log,
      onFailure,
    })
  }

  /** Whether a batch of this run calls. */
  isInside(): boolean {
    return this.#loop.isInside()
  }

  idle(): Promise<void> {
    return this.#loop.idle()
  }

  /** Starts threads, inputs and the batch loop, from the newest checkpoint if there is one. Rejects once stop() is called. */
  async begin(): Promise<void> {
    const { builder, context, clock, store, onFailure } = this.#options
    const {
      engine,
      options: { logger },
    } = context
    const { batchInterval } = builder
    await this.#unlessStopped(context.start())
    this.#taking = store?.take(onFailure)
    await this.#unlessStopped(this.#taking)
    const found = await this.#unlessStopped(
      store?.newest((path, cause) => logger.warn(`${path} cannot be read`, cause)),
    )
    if (found) checkShape(found, builder)
    const loaded = found && (await this.#unlessStopped(store!.adopt(found)))
    if (loaded) await this.#unlessStopped(this.#log!.load(loaded.checkpoint.time))
    // The first batch ends at the smallest multiple of the interval after now.
    builder.zeroTime = loaded?.checkpoint.zeroTime ?? Math.floor(clock.now() / batchInterval) * batchInterval
    for (const { stream } of builder.outputs) stream.remember(stream.slideDuration)
    engine.states.remember = (operator) => builder.streams[operator]!.rememberDuration
    const saved = loaded ? restore(loaded, builder, engine) : { blocks: new Map(), rdds: [] }
    const positions = new Map(loaded?.checkpoint.positions.map(({ stream, value }) => [stream, value]))
    await this.#unlessStopped(this.#inputs.start(builder.zeroTime, batchInterval, positions))
    // Starting took time: batches that nobody could have filled are left out.
    const began = Math.max(builder.zeroTime, Math.floor(clock.now() / batchInterval) * batchInterval)
    if (!loaded) builder.zeroTime = began
    await this.#unlessStopped(this.#checkpointer?.begin(loaded?.checkpoint.time ?? began, saved))
    const firstTime = this.#loop.start(loaded?.checkpoint.time)
    this.#begun = true
    if (loaded) announce(loaded, firstTime, builder, engine, logger)
  }

  /**
   * Ends receivers and batches, and writes what is complete into a last checkpoint. Always resolves soon after the patience
   * is over, with what was given up. Rejects if a receiver cannot stop.
   */
  async stop({ graceful, awaitBatch, patience, hasFailed, unread }: StopPlan): Promise<StopResult> {
    this.#stopped.abort(new StateError('The context was stopped while it was starting.'))
    const inputs = this.#inputs
    if (!graceful) this.#loop.end(false)
    // One receiver that cannot stop must not take with it what all have brought.
    const failed = await inputs.stop(patience).then(
      () => undefined,
      (error: unknown) => ({ error }),
    )
    if (graceful && this.#begun) this.#loop.end(!hasFailed() && !patience.isOver)
    const waits = graceful || awaitBatch
    const outputsNotEnded = waits && (await patience.allows(this.#loop.drained())) ? [] : this.#loop.abandon()
    const batchesGivenUp = this.#loop.unfinished
    const recordsGivenUp = inputs.unprocessed(graceful ? batchesGivenUp : [...batchesGivenUp])
    const written = await patience.allows(this.#lastCheckpoint(graceful, hasFailed))
    await inputs.close(patience)
    const released = await this.#release(patience)
    if (failed) throw failed.error
    const result = {
      ...NOTHING_GIVEN_UP,
      batchesGivenUp,
      recordsGivenUp,
      inputsNotStopped: inputs.notStopped,
      outputsNotEnded,
      unread: unread(),
      checkpointNotWritten: !(written && released),
    }
    return { ...result, complete: isComplete(result) }
  }

  /** What is complete, a new process need not do again. */
  async #lastCheckpoint(graceful: boolean, hasFailed: () => boolean): Promise<void> {
    if (this.#begun && !hasFailed() && this.#loop.isClean)
      await this.#checkpointer?.take(this.#loop.lastTime, graceful ? 'drained' : 'stopped')
    await this.#checkpointer?.written()
  }

  /** Gives the checkpoint directory back, also if it is taken only now. */
  async #release(patience: Patience): Promise<boolean> {
    const { store, context } = this.#options
    if (!store || !this.#taking) return true
    const released = this.#taking
      .then(
        () => store.release(),
        () => undefined,
      )
      .catch((error: unknown) =>
        context.options.logger.warn('the checkpoint directory is still marked as in use', error),
      )
    if (!patience.isOver) return patience.allows(released)
    const late = new Promise<'late'>((resolve) => setTimeout(resolve, RELEASE_MS, 'late').unref())
    return (await Promise.race([released, late])) !== 'late'
  }

  /** stop() may be called while start() waits. */
  async #unlessStopped<T>(promise: Promise<T> | undefined): Promise<T> {
    const { signal } = this.#stopped
    const value = (await (promise && until(promise, signal))) as T
    signal.throwIfAborted()
    return value
  }
}
