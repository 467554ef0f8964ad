import { StateError } from '../../errors.js'
import type { Clock } from '../../ops/clock.js'
import type { StreamGraph } from '../../ops/dstream/graph.js'
import { until } from '../../ops/wait.js'
import { BatchLog } from '../checkpoint/batch-log.js'
import { Checkpointer } from '../checkpoint/checkpointer.js'
import { fitToGraph } from '../checkpoint/graph-fit.js'
import { announce, restore } from '../checkpoint/recovery.js'
import { StandbyWait } from '../checkpoint/standby-wait.js'
import type { CheckpointStore, LoadedCheckpoint } from '../checkpoint/store.js'
import type { Context } from '../context.js'
import { engineOf } from '../engine-of.js'
import type { BackpressureOptions } from '../receivers/back-pressure.js'
import { InputTracker } from '../receivers/input-tracker.js'
import type { CheckedLogOptions } from '../write-ahead-log/options.js'
import { BatchDatasets } from './batch-datasets.js'
import { type FailureListener, JobGenerator } from './job-generator.js'
import { openReceivedLog } from './open-received-log.js'
import { OutputDigests } from './output-digests.js'
import type { OutputRetries } from './output-retries.js'
import { RunListener } from './run-listener.js'
import type { StartOptions } from './start-options.js'
import type { StopDeadline } from './stop-deadline.js'
import { isComplete, NOTHING_ABANDONED, type StopResult } from './stop-result.js'

export interface StreamRunOptions {
  readonly graph: StreamGraph
  readonly context: Context
  readonly clock: Clock
  readonly receiverBufferBytes: number
  readonly backpressure: BackpressureOptions | undefined
  readonly onBatchError: 'stop' | 'skip'
  readonly store: CheckpointStore | undefined
  readonly checkpointInterval: number
  /** For how long past batches can be replayed, in ms; 0: not at all. */
  readonly replayRetention: number
  readonly writeAheadLog: CheckedLogOptions | undefined
  readonly outputRetries: OutputRetries
  readonly maxCatchUp: number
  readonly owner: RunOwner
}

/** The context that starts and stops the run. */
export interface RunOwner extends FailureListener {
  /** Whether the streams have failed: a stop then runs no last batch. */
  readonly hasFailed: boolean
}

export interface StopPlan {
  readonly graceful: boolean
  /** Whether a stop that is not graceful waits for the running batch, until its deadline. */
  readonly awaitBatch: boolean
  readonly deadline: StopDeadline
  /** Returns the number of unread batches of outputs. */
  readonly unread: () => StopResult['unread']
}

/** Ms that the release of the checkpoint directory may take after the deadline of a stop. */
const RELEASE_MS = 1_000

/** Everything that runs between start() and stop(): inputs, batches and checkpoints. */
export class StreamRun {
  readonly inputs: InputTracker
  readonly #options: StreamRunOptions
  readonly #log: BatchLog | undefined
  readonly #checkpointer: Checkpointer | undefined
  readonly #datasets: BatchDatasets
  readonly #generator: JobGenerator
  readonly #stopped = new AbortController()
  #taking: Promise<void> | undefined
  #hasBegun = false

  constructor(options: StreamRunOptions) {
    const { graph, context, store, checkpointInterval, replayRetention } = options
    const engine = engineOf(context)
    const { logger, faults } = context.options
    this.#options = options
    store?.retain(replayRetention)
    const log = store && new BatchLog(store, graph, (text, cause) => logger.warn(text, cause))
    const inputs = new InputTracker({ ...options, log, engine, logger, checkpoints: store !== undefined })
    const parts = { builder: graph, engine, inputs, log, logger, faults }
    const checkpointer = store && new Checkpointer({ ...parts, store, interval: checkpointInterval })
    this.inputs = inputs
    this.#log = log
    this.#checkpointer = checkpointer
    this.#datasets = new BatchDatasets(graph, engine, inputs)
    this.#generator = new JobGenerator({
      ...options,
      engine,
      inputs,
      datasets: this.#datasets,
      logger,
      checkpointer,
      log,
      digests: store && replayRetention > 0 ? new OutputDigests(logger) : undefined,
    })
    engine.attach(new RunListener(graph, inputs, this.#datasets))
  }

  /** Whether the caller runs inside a batch. */
  isInside(): boolean {
    return this.#generator.isInside()
  }

  /** Resolves when every batch that is due is complete. */
  idle(): Promise<void> {
    return this.#generator.idle()
  }

  /**
   * Starts threads, inputs and batches, from the newest checkpoint if there is one. `until`: see StartOptions. Rejects
   * if stop() is called meanwhile.
   */
  async begin({ until, standby = false, dropState = [] }: StartOptions): Promise<void> {
    const { graph, context, clock } = this.#options
    const engine = engineOf(context)
    const { batchInterval } = graph
    await this.#unlessStopped(context.start())
    const loaded = await this.#loadCheckpoint(standby, dropState)
    // The first batch ends at the smallest multiple of the interval after now.
    graph.zeroTime = loaded?.checkpoint.zeroTime ?? Math.floor(clock.now() / batchInterval) * batchInterval
    for (const { stream } of graph.outputs) stream.remember(stream.slideDuration)
    const saved = loaded ? restore(loaded, graph, engine) : { blocks: new Map(), rdds: [] }
    this.#log?.restoreAccumulators()
    const { zeroTime } = graph
    const stopAtEnd = until === 'caught-up'
    await this.#unlessStopped(this.inputs.start({ zeroTime, batchInterval, saved: loaded?.checkpoint, stopAtEnd }))
    // Batches that fell due during the start could have no data, so they are omitted.
    const began = Math.max(graph.zeroTime, Math.floor(clock.now() / batchInterval) * batchInterval)
    if (!loaded) graph.zeroTime = began
    const { time: resumed, batchInterval: interval } = loaded?.checkpoint ?? { time: began, batchInterval }
    await this.#unlessStopped(this.#checkpointer?.begin(resumed, saved, interval))
    // With another batchInterval, the batch of the checkpoint may lie between two.
    const after = loaded && zeroTime + Math.floor((resumed - zeroTime) / batchInterval) * batchInterval
    const firstTime = stopAtEnd ? this.#generator.startAhead(after) : this.#generator.start(after)
    this.#hasBegun = true
    if (loaded) announce(loaded, firstTime, this.#log!, graph, engine, context.options.logger)
  }

  /**
   * Stops receivers and batches, and writes a last checkpoint of the complete batches. Resolves soon after the deadline
   * at the latest, with the abandoned work. Rejects if a receiver cannot stop.
   */
  async stop({ graceful, awaitBatch, deadline, unread }: StopPlan): Promise<StopResult> {
    this.#stopped.abort(new StateError('The context was stopped while it was starting.'))
    const { inputs } = this
    const generator = this.#generator
    if (!graceful) generator.end(false)
    // A receiver that cannot stop must not cause the loss of the other receivers' data.
    const failed = await inputs.stop(deadline).then(
      () => undefined,
      (error: unknown) => ({ error }),
    )
    if (graceful && this.#hasBegun) generator.end(!this.#options.owner.hasFailed && !deadline.hasPassed)
    const waits = graceful || awaitBatch
    const outputsNotEnded = waits && (await deadline.allows(generator.drained())) ? [] : generator.abandon()
    const batchesNotProcessed = generator.unfinished
    const recordsNotProcessed = inputs.unprocessed(batchesNotProcessed)
    const received = this.#log?.received
    // Data in the log belongs to the next process.
    if (received) await deadline.allows(received.flush())
    const written = await deadline.allows(this.#lastCheckpoint(graceful))
    await inputs.close(deadline)
    if (received) await deadline.allows(received.close())
    await this.#closeOutputs(deadline)
    const released = await this.#release(deadline)
    if (failed) throw failed.error
    const inputsNotStopped = inputs.notStopped
    const checkpointNotWritten = !(written && released)
    const abandoned = {
      batchesNotProcessed,
      recordsNotProcessed,
      inputsNotStopped,
      outputsNotEnded,
      checkpointNotWritten,
    }
    const result = { ...NOTHING_ABANDONED, ...abandoned, unread: unread() }
    return { ...result, complete: isComplete(result) }
  }

  /** Closes the outputs' connections. A failure to close costs no data, because the batches are committed. */
  async #closeOutputs(deadline: StopDeadline): Promise<void> {
    const { graph, context } = this.#options
    const { logger } = context.options
    for (const { close, label } of graph.outputs) {
      if (!close) continue
      const closed = close().catch((error: unknown) => logger.warn(`${label} cannot close`, error))
      if (!(await deadline.allows(closed))) logger.warn(`${label} did not close in time`)
    }
  }

  /** Takes the checkpoint directory and loads its newest checkpoint, if there is one that matches the graph. */
  async #loadCheckpoint(standby: boolean, dropState: readonly string[]): Promise<LoadedCheckpoint | undefined> {
    const { graph, context, store, owner } = this.#options
    if (!store) return undefined
    const { logger } = context.options
    const wait = standby ? new StandbyWait(store.directory, engineOf(context).events, logger) : undefined
    this.#taking = store.take((error) => owner.fail(error), { signal: this.#stopped.signal, standby: wait })
    await this.#unlessStopped(this.#taking)
    wait?.ends()
    const found = await this.#unlessStopped(store.newest((path, cause) => logger.warn(`${path} cannot be read`, cause)))
    const loaded = found && (await this.#unlessStopped(store.adopt(fitToGraph(found, graph, dropState, logger))))
    // With another batchInterval, the input of batches after the checkpoint is divided again.
    const asBatches = !loaded || loaded.checkpoint.batchInterval === graph.batchInterval
    if (loaded) await this.#unlessStopped(this.#log!.load(loaded.checkpoint.time, asBatches))
    await this.#unlessStopped(
      openReceivedLog(this.#options, store, this.#log!, { asBatches, dropState, after: loaded?.checkpoint.time }),
    )
    return loaded
  }

  /** Prevents a new process from running complete batches again. */
  async #lastCheckpoint(graceful: boolean): Promise<void> {
    const generator = this.#generator
    if (this.#hasBegun && !this.#options.owner.hasFailed && generator.isClean)
      await this.#checkpointer?.take(generator.lastTime, graceful ? 'drained' : 'stopped')
    await this.#checkpointer?.written()
  }

  /** Releases the checkpoint directory, even if taking it has not finished. */
  async #release(deadline: StopDeadline): Promise<boolean> {
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
    if (!deadline.hasPassed) return deadline.allows(released)
    const late = new Promise<'late'>((resolve) => setTimeout(resolve, RELEASE_MS, 'late').unref())
    return (await Promise.race([released, late])) !== 'late'
  }

  /** Rejects if stop() is called while start() waits for `promise`. */
  async #unlessStopped<T>(promise: Promise<T> | undefined): Promise<T> {
    const { signal } = this.#stopped
    const value = (await (promise && until(promise, signal))) as T
    signal.throwIfAborted()
    return value
  }
}
