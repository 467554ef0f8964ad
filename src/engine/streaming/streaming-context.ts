import { ArgumentError } from '../../errors.js'
import type { Clock } from '../../ops/clock.js'
import { StreamBuilder } from '../../ops/dstream/builder.js'
import { StreamGraph } from '../../ops/dstream/graph.js'
import { checkNames } from '../../ops/option-names.js'
import { contextOf } from '../../ops/rdd/builder.js'
import { type Duration, toMillis } from '../../ops/time.js'
import { mustBeReadable } from '../checkpoint/must-be-readable.js'
import { checkDirectory } from '../checkpoint/options.js'
import { CheckpointStore } from '../checkpoint/store.js'
import { Context } from '../context.js'
import type { DeadLetterLog } from '../dead-letters/dead-letter-log.js'
import { PipelineHandle } from '../driver-thread/pipeline-handle.js'
import { engineOf } from '../engine-of.js'
import type { EventListener, EventName, Listener } from '../events/engine-events.js'
import { lineageOf } from '../lineage-of.js'
import { lookUpState } from '../look-up-state.js'
import type { StreamsStatus } from '../status/streams-status.js'
import { ContextRuntime } from './context-runtime.js'
import { Lifecycle } from './lifecycle.js'
import type { OutputBatch } from './output-queue.js'
import { type Page, pageFor, startWithPage } from './page.js'
import { checkPipelineCall } from './pipeline-call.js'
import { loadPipeline } from './pipeline-loader.js'
import { RecordedBatches } from './replay/recorded-batches.js'
import type { ReplayedBatch, ReplayOptions } from './replay/replay-options.js'
import { RunningTables } from './running-tables.js'
import { settlesWithin } from './settles-within.js'
import { checkDropState, type StartOptions } from './start-options.js'
import type { StopOptions, StopResult } from './stop-result.js'
import type { StreamingControl } from './streaming-control.js'
import {
  checkStreamingOptions,
  type GetOrCreateOptions,
  type PipelineOptions,
  type StreamingOptions,
  type StreamingState,
} from './streaming-options.js'
import { attachTables } from './tables-of.js'
import type { StreamingUi } from './ui-options.js'

/**
 * Runs streams on a pool of threads: build the graph, `start()`, `stop()`.
 *
 * ```ts
 * await using ssc = new StreamingContext({ batchInterval: '1s', threads: 2 })
 * ssc.socketTextStream('127.0.0.1', 9999).flatMap((line) => line.split(' ')).countByValue().print()
 * await ssc.start()
 * await ssc.awaitTermination()
 * ```
 */
export class StreamingContext extends StreamBuilder implements StreamingControl {
  declare readonly context: Context
  readonly clock: Clock
  readonly #lifecycle: Lifecycle
  readonly #skipped: number[] = []
  readonly #page: Page | undefined

  /** @throws ArgumentError that names the first invalid option. */
  constructor(options: StreamingOptions) {
    const checked = checkStreamingOptions(options)
    const context = new Context(checked.context)
    const { stateSnapshotInterval, logger } = context.options
    const runtime = new ContextRuntime(checked.clock)
    const { batchInterval } = checked
    const graph = new StreamGraph({ context: contextOf(context), batchInterval, stateSnapshotInterval, runtime })
    super(context, graph)
    this.clock = checked.clock
    this.#lifecycle = new Lifecycle({ graph, context, runtime, options: checked })
    if (options.checkpointDir !== undefined) this.#lifecycle.useCheckpoints(this.#storeAt(options.checkpointDir))
    const terminateThread = (slot: number) => engineOf(context).terminateThread(slot)
    const lookUp = (name: string, key: unknown) => lookUpState(context, graph, name, key)
    const tables = new RunningTables(context, graph, runtime.newest)
    attachTables(this, tables)
    const lineage = async (stream: number, partition: number) => lineageOf(engineOf(context), graph, stream, partition)
    const subject = { streams: this, logger, terminateThread, lookUpState: lookUp, lineageOf: lineage, tables }
    this.#page = pageFor(subject, checked.ui)
    this.on('batchSkipped', ({ time, outputs, error }) => {
      this.#skipped.push(time)
      logger.error(`batch ${time} ms was skipped: ${outputs.join(', ')} failed`, error)
    })
  }

  /**
   * Creates a context whose graph a pipeline module builds, in the driver and in every worker. With `driver: 'thread'`,
   * resolves with a handle of a driver thread, which takes some 100 ms to start.
   */
  static fromPipeline<P>(
    module: URL | string,
    options: PipelineOptions<P> & { readonly driver: 'thread' },
  ): Promise<PipelineHandle>
  static fromPipeline<P>(
    module: URL | string,
    options: PipelineOptions<P> & { readonly driver?: 'host' },
  ): Promise<StreamingContext>
  static fromPipeline<P>(module: URL | string, options: PipelineOptions<P>): Promise<StreamingContext | PipelineHandle>
  static async fromPipeline<P>(
    module: URL | string,
    options: PipelineOptions<P>,
  ): Promise<StreamingContext | PipelineHandle> {
    const { url, driver, rest } = checkPipelineCall(module, options)
    if (driver === 'thread') return await PipelineHandle.open(url, options)
    const ssc = new StreamingContext(rest)
    try {
      await loadPipeline(url, options.params ?? {}, ssc)
    } catch (error) {
      await ssc.stop()
      throw error
    }
    return ssc
  }

  /**
   * Creates a context with `create` and checkpoints in `directory`. `start()` resumes from the newest checkpoint there;
   * without one, the streams start from scratch. Unlike Spark, it calls `create` at every start, because functions
   * cannot be stored. The graph may differ from the earlier one: see docs/guide/restarting.md.
   *
   * ```ts
   * const { tmpdir } = await import('node:os')
   * const ssc = await StreamingContext.getOrCreate(`${tmpdir()}/counts-${process.pid}-${Date.now()}`, () => {
   *   const ssc = new StreamingContext({ batchInterval: '1s', threads: 2 })
   *   ssc.pushStream<string>('words').countByValue().output('counts')
   *   return ssc
   * })
   * await ssc.stop()
   * ```
   *
   * @throws CheckpointError if there are checkpoints and none can be read. With `createOnError`, it renames them
   *   instead.
   */
  static async getOrCreate(
    directory: string,
    create: () => StreamingContext | Promise<StreamingContext>,
    options: GetOrCreateOptions = {},
  ): Promise<StreamingContext> {
    checkNames(options, ['createOnError', 'dropState'], 'getOrCreate')
    const { createOnError = false, dropState = [] } = options
    checkDropState(dropState)
    checkDirectory(directory)
    const ssc = await create()
    if (!(ssc instanceof StreamingContext)) {
      throw new ArgumentError('The function given to getOrCreate must return a StreamingContext that is not started.')
    }
    try {
      await mustBeReadable(ssc.#storeAt(directory), createOnError)
    } catch (error) {
      await ssc.stop()
      throw error
    }
    ssc.#lifecycle.useCheckpoints(ssc.#storeAt(directory), dropState)
    return ssc
  }

  /**
   * Writes checkpoints into a directory that no other context uses. `start()` resumes from the newest one, with its
   * state, windows and positions in sources, and runs the batches since. See docs/internals/fault-tolerance.md.
   *
   * ```ts
   * const { tmpdir } = await import('node:os')
   * ssc.checkpoint(`${tmpdir()}/checkpoints-${process.pid}-${Date.now()}`)
   * ```
   *
   * @throws StateError after start().
   */
  checkpoint(directory: string): void {
    this.#lifecycle.useCheckpoints(this.#storeAt(directory))
  }

  /** Returns 'INITIALIZED' before start(), 'ACTIVE' after it, and 'STOPPED' after a stop or a failure. */
  get state(): StreamingState {
    return this.#lifecycle.state
  }

  /** The live page; undefined without the option `ui`. */
  get ui(): StreamingUi | undefined {
    return this.#page
  }

  /**
   * Returns what the streams are and hold now, as plain data: threads, memory, state, the graph, options. Cost: a walk
   * over datasets and blocks, so call it about once a second.
   *
   * ```ts
   * const { threads, memory } = await ssc.status()
   * console.log(threads.length, memory.used)
   * ```
   */
  async status(): Promise<StreamsStatus> {
    return this.#lifecycle.status()
  }

  /** Times of the batches that were skipped, with onBatchError 'skip'. */
  get skippedBatches(): readonly number[] {
    return this.#skipped
  }

  /** Records whose function threw, with onRecordError 'dead-letter': the `deadLetters` of the batch context. */
  get deadLetters(): DeadLetterLog {
    return this.context.deadLetters
  }

  /** Calls `listener` for every event of this name. Returns a function that unsubscribes it. */
  on<E extends EventName>(name: E, listener: EventListener<E>): () => void {
    return this.context.on(name, listener)
  }

  /** Adds an object with a method for each event that it receives: see `listen` of Context. */
  listen(listener: Listener): () => void {
    return this.context.listen(listener)
  }

  /**
   * Returns the batches of `stream.output(name)`, in order, for one reader. When the context has stopped, the iteration
   * ends after the waiting batches, or rejects there with the error that stopped the context.
   */
  output<T = unknown>(name: string): AsyncIterable<OutputBatch<T>> {
    return this.#lifecycle.outputs.read<T>(name)
  }

  /**
   * Checks the whole graph, starts threads and receivers, and schedules batches.
   *
   * With `until: 'caught-up'`, batches run one after the other until every source has reached the end that it had at
   * the start; then the streams stop, and awaitTermination resolves. For jobs of a scheduler, with checkpoints.
   *
   * ```ts
   * ssc.queueStream([['a'], ['b', 'c']]).output('batches')
   * await ssc.start({ until: 'caught-up' })
   * await ssc.awaitTermination()
   * ```
   *
   * @throws ArgumentError that names the inputs without an end, such as receivers.
   */
  start(options: StartOptions = {}): Promise<void> {
    return startWithPage(this.#page, this, () => this.#lifecycle.start(options))
  }

  /**
   * Runs one past batch again, in place of `start()`, from what a checkpoint directory has recorded with `replayRetention`, and
   * compares its outputs with what they were. Then stops. No receiver starts, no sink writes: docs/guide/restarting.md.
   *
   * ```ts
   * const { outputs } = await ssc.replay('/var/lib/totals', { batch: 1_700_000_007_000 })
   * ```
   *
   * @throws CheckpointError if the batch cannot be replayed: its message says which can; the error of a batch that fails.
   */
  async replay(directory: string, options: ReplayOptions): Promise<ReplayedBatch> {
    return await this.#lifecycle.replay(await RecordedBatches.in(directory, contextOf(this.context).files), options)
  }

  /** Resolves when the context has stopped. Rejects with the error that stopped it. */
  awaitTermination(): Promise<void> {
    return this.#lifecycle.awaitTermination()
  }

  /** Resolves with true if the context stops within `ms`, otherwise with false. Rejects as awaitTermination does. */
  awaitTerminationOrTimeout(ms: Duration): Promise<boolean> {
    return settlesWithin(this.awaitTermination(), toMillis(ms, 'the timeout'))
  }

  /** Resolves when every batch that is already due is complete. */
  awaitIdle(): Promise<void> {
    return this.#lifecycle.awaitIdle()
  }

  /**
   * Stops batches, receivers and threads, within its timeout. With `graceful`, first processes everything that was
   * received. Resolves with the abandoned work; if a graceful stop abandoned any, awaitTermination rejects too. A later
   * call joins the first; its own `timeout` counts if it ends earlier. A call from inside a batch (for example from the
   * function of foreachRDD) does not wait, because that batch must end first: see awaitTermination.
   *
   * ```ts
   * const { complete, recordsNotProcessed } = await ssc.stop({ graceful: true, timeout: '30s' })
   * if (!complete) console.error(`${recordsNotProcessed} records were not processed`)
   * ```
   *
   * @throws The error of a receiver's `stop`.
   */
  stop(options: StopOptions = {}): Promise<StopResult> {
    return this.#lifecycle.stop(options)
  }

  #storeAt(directory: string): CheckpointStore {
    return new CheckpointStore(checkDirectory(directory), contextOf(this.context).files, this.context.options.faults)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}
