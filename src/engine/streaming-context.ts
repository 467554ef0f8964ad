import { ArgumentError, CheckpointError, GraphError, StateError } from '../errors.js'
import { type Clock, SystemClock } from '../ops/clock.js'
import { StreamBuilder } from '../ops/dstream/builder.js'
import { checkpointFaults, graphFaults } from '../ops/dstream/validate.js'
import { checkNames } from '../ops/option-names.js'
import { buildPipeline } from '../ops/pipeline.js'
import { type Duration, toMillis } from '../ops/time.js'
import { importPipelineModule, pipelineUrl } from '../pool/pipeline-module.js'
import { mustBeData } from '../values/fault.js'
import { type BackpressureOptions, checkBackpressure } from './backpressure.js'
import { BatchLoop } from './batch-loop.js'
import { BatchLog } from './checkpoint/batch-log.js'
import { Checkpointer } from './checkpoint/checkpointer.js'
import { checkDirectory, checkpointIntervalOf } from './checkpoint/options.js'
import { announce, checkShape, restore } from './checkpoint/recovery.js'
import { CheckpointStore } from './checkpoint/store.js'
import { Context } from './context.js'
import type { DeadLetterBook } from './dead-letter-book.js'
import { PipelineHandle } from './driver-thread/pipeline-handle.js'
import type { EventListener, EventName } from './events.js'
import { Inputs } from './inputs.js'
import { type ContextOptions, checkOptions } from './options.js'
import { type OutputBatch, OutputQueue, unknownOutput } from './output-queue.js'

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

export interface StopOptions {
  /** Stop the receivers first and process all that they received. Default false. */
  readonly graceful?: boolean
  /** Also stop the batch context and its threads. Default true. */
  readonly stopContext?: boolean
  /** With `graceful`: how long batches may take to finish before they are given up. Default ten batch intervals. */
  readonly timeout?: Duration
}

/** What setTimeout can wait for, in ms. */
const LONGEST_TIMER = 2 ** 31 - 1
const STREAMING_OPTIONS = [
  'batchInterval',
  'clock',
  'onBatchError',
  'receiverBufferBytes',
  'backpressure',
  'checkpointDir',
  'checkpointInterval',
  'params',
] as const

/**
 * Streams over a pool of threads: build the graph, `start()`, `stop()`.
 *
 * ```ts
 * await using ssc = new StreamingContext({ batchInterval: '1s', threads: 2 })
 * ssc.socketTextStream('127.0.0.1', 9999).flatMap((line) => line.split(' ')).countByValue().print()
 * await ssc.start()
 * await ssc.awaitTermination()
 * ```
 */
export class StreamingContext extends StreamBuilder implements AsyncDisposable {
  declare readonly context: Context
  readonly #clock: Clock
  readonly #receiverBufferBytes: number
  readonly #backpressure: BackpressureOptions | undefined
  readonly #onBatchError: 'stop' | 'skip'
  readonly #skipped: number[] = []
  readonly #checkpointInterval: number
  #checkpoints: CheckpointStore | undefined
  #checkpointer: Checkpointer | undefined
  readonly #outputs = new Map<string, OutputQueue>()
  #state: StreamingState = 'INITIALIZED'
  #loop: BatchLoop | undefined
  #inputs: Inputs | undefined
  #stopping: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined
  #draining = false
  #over = false
  readonly #terminated: Promise<void>
  #terminate!: () => void

  constructor(options: StreamingOptions) {
    if (typeof options !== 'object' || options === null) {
      throw new ArgumentError(
        `StreamingContext got ${String(options)}; it takes options such as { batchInterval: '1s', threads: 2 }.`,
      )
    }
    const batchInterval = toMillis(options.batchInterval, 'batchInterval')
    checkOptions(options, STREAMING_OPTIONS)
    const rest: Record<string, unknown> = { ...options }
    for (const name of STREAMING_OPTIONS) delete rest[name]
    const context = new Context(rest as ContextOptions)
    super(context, batchInterval)
    this.stateSnapshotInterval = context.options.stateSnapshotInterval
    this.#clock = options.clock ?? new SystemClock()
    this.#receiverBufferBytes = options.receiverBufferBytes ?? 64 * 1024 * 1024
    if (!(this.#receiverBufferBytes >= 1024)) {
      throw new ArgumentError(
        `receiverBufferBytes is ${options.receiverBufferBytes}; it must be a number of bytes of at least 1024.`,
      )
    }
    this.#backpressure = checkBackpressure(options.backpressure, batchInterval)
    this.#onBatchError = options.onBatchError ?? 'stop'
    if (this.#onBatchError !== 'stop' && this.#onBatchError !== 'skip') {
      throw new ArgumentError(`onBatchError is ${JSON.stringify(options.onBatchError)}; it must be 'stop' or 'skip'.`)
    }
    this.#checkpointInterval = checkpointIntervalOf(options.checkpointInterval, batchInterval)
    if (options.checkpointDir !== undefined) this.checkpoint(options.checkpointDir)
    this.on('batchSkipped', ({ time, outputs, error }) => {
      this.#skipped.push(time)
      context.options.logger.error(`batch ${time} ms was skipped: ${outputs.join(', ')} failed`, error)
    })
    this.now = () => this.#clock.now()
    this.deliver = (name, time, records) => this.#queue(name).put(time, records)
    this.#terminated = new Promise((resolve) => {
      this.#terminate = resolve
    })
  }

  /**
   * A context whose graph is built by a pipeline module, in the driver and in every worker. With `driver: 'thread'` a
   * handle of the driver, which is a thread of its own: it takes some 100 ms to start.
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
    const url = pipelineUrl(module)
    const { driver = 'host', ...rest } = options ?? {}
    mustBeData(rest.params, 'The parameters of a pipeline go to every thread', 'params')
    if (driver === 'thread') return await PipelineHandle.open(url, options)
    if (driver !== 'host') {
      throw new ArgumentError(`driver is ${JSON.stringify(driver)}; it must be 'host' or 'thread'.`, { driver })
    }
    const ssc = new StreamingContext(rest)
    try {
      const params = options.params ?? {}
      const exports = await importPipelineModule(url)
      buildPipeline(exports, url, params, ssc)
      const { context, batchInterval } = ssc
      context.engine.setPipeline({
        url,
        params: { params, batchInterval, parallelism: context.parallelism },
        fingerprint: ssc.fingerprint(),
      })
    } catch (error) {
      await ssc.stop()
      throw error
    }
    return ssc
  }

  /**
   * What `create` makes, with checkpoints in `directory`: `start()` goes on from the newest one there, or begins anew
   * where there is none. Spark calls `create` only when there is none; functions of this process cannot be stored, so here
   * it is called each time, and must build the same graph.
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
   * @throws CheckpointError if there are checkpoints and none can be read, unless `createOnError`: then they are renamed.
   */
  static async getOrCreate(
    directory: string,
    create: () => StreamingContext | Promise<StreamingContext>,
    { createOnError = false, ...unknown }: GetOrCreateOptions = {},
  ): Promise<StreamingContext> {
    checkNames(unknown, ['createOnError'], 'getOrCreate')
    const store = new CheckpointStore(checkDirectory(directory))
    try {
      await store.newest()
    } catch (error) {
      if (!createOnError || !(error instanceof CheckpointError)) throw error
      await store.take(() => {})
      await store.setAside().finally(() => store.release())
    }
    const ssc = await create()
    if (!(ssc instanceof StreamingContext)) {
      throw new ArgumentError('The function given to getOrCreate must answer with a StreamingContext, not yet started.')
    }
    ssc.checkpoint(directory)
    return ssc
  }

  /**
   * Writes checkpoints into a directory of this context's own, and has `start()` go on from the newest one there: state,
   * windows and places in sources are as they were, and the batches since are made up for. See docs/internals/fault-tolerance.md.
   *
   * ```ts
   * const { tmpdir } = await import('node:os')
   * ssc.checkpoint(`${tmpdir()}/checkpoints-${process.pid}-${Date.now()}`)
   * ```
   */
  checkpoint(directory: string): void {
    this.mustBeOpen('A checkpoint directory')
    this.#checkpoints = new CheckpointStore(checkDirectory(directory), this.context.options.faults)
  }

  get state(): StreamingState {
    return this.#state
  }

  get clock(): Clock {
    return this.#clock
  }

  /** Times of the batches that were skipped, with onBatchError 'skip'. */
  get skippedBatches(): readonly number[] {
    return this.#skipped
  }

  /** Records that were given up so far, as their function threw: the context's own `deadLetters`. */
  get deadLetters(): DeadLetterBook {
    return this.context.deadLetters
  }

  /** Calls `listener` with every event of this name; answers with a function that ends it. */
  on<E extends EventName>(name: E, listener: EventListener<E>): () => void {
    return this.context.engine.events.on(name, listener)
  }

  /** The batches of `stream.output(name)`, in order. Ends when the context stops. One reader. */
  output<T = unknown>(name: string): AsyncIterable<OutputBatch<T>> {
    return this.#queue(name) as AsyncIterable<OutputBatch<T>>
  }

  /** Checks the whole graph, starts threads and receivers, and begins to make batches. */
  async start(): Promise<void> {
    if (this.#state === 'ACTIVE') {
      this.context.options.logger.warn('start() was called on a context that is started already')
      return
    }
    if (this.#state === 'STOPPED')
      throw new StateError('start() after stop(): a stopped context cannot be started again. Make a new one.')
    try {
      this.#validate()
      this.freeze('started')
      this.#state = 'ACTIVE'
      await this.context.start()
      this.#mustGoOn()
      await this.#begin()
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /** Resolves when the context is stopped; rejects with the error that stopped it. */
  async awaitTermination(): Promise<void> {
    await this.#terminated
    if (this.#failure) throw this.#failure.error
  }

  /** Resolves with true when the context is stopped within `ms`, else with false; rejects as awaitTermination. */
  async awaitTerminationOrTimeout(ms: Duration): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), Math.min(toMillis(ms, 'the timeout'), LONGEST_TIMER))
    })
    try {
      return await Promise.race([this.awaitTermination().then(() => true), late])
    } finally {
      clearTimeout(timer)
    }
  }

  /** Resolves when every batch that is due by now is complete. */
  async awaitIdle(): Promise<void> {
    await this.#loop?.idle()
    if (this.#failure) throw this.#failure.error
  }

  /**
   * Ends batches, receivers and threads. With `graceful` everything that was received is processed first. Called by what a
   * batch runs (the function of foreachRDD, say), it does not wait: that batch has to end first. See awaitTermination.
   */
  stop({ graceful = false, stopContext = true, timeout = 10 * this.batchInterval }: StopOptions = {}): Promise<void> {
    this.#stopping ??= this.#stop(graceful ? toMillis(timeout, 'the timeout of stop()') : undefined, stopContext)
    const stopped = stopContext ? this.#stopping.finally(() => this.context.stop()) : this.#stopping
    if (!this.#loop?.isInside()) return stopped
    stopped.catch((error: unknown) => this.context.options.logger.error('stop() failed', error))
    return Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #begin(): Promise<void> {
    const { batchInterval, context } = this
    const { logger } = context.options
    await this.#checkpoints?.take((error) => this.#fail(error))
    const found = await this.#checkpoints?.newest((path, cause) => logger.warn(`${path} cannot be read`, cause))
    if (found) checkShape(found, this)
    const loaded = found && (await this.#checkpoints!.adopt(found))
    // The first batch ends at the smallest multiple of the interval after now.
    const now = this.#clock.now()
    this.zeroTime = loaded?.checkpoint.zeroTime ?? Math.floor(now / batchInterval) * batchInterval
    for (const { stream } of this.outputs) stream.remember(stream.slideDuration)
    context.engine.states.remember = (operator) => this.streams[operator]!.rememberDuration
    const log = this.#checkpoints && new BatchLog(this.#checkpoints, this, (text, cause) => logger.warn(text, cause))
    if (loaded) await log!.load(loaded.checkpoint.time)
    this.#inputs = new Inputs({
      log,
      builder: this,
      engine: context.engine,
      receiverBufferBytes: this.#receiverBufferBytes,
      backpressure: this.#backpressure,
      clock: this.#clock,
      warn: (message, cause) => logger.warn(message, cause),
      checkpoints: this.#checkpoints !== undefined,
    })
    if (this.#checkpoints) {
      this.#checkpointer = new Checkpointer({
        store: this.#checkpoints,
        interval: this.#checkpointInterval,
        builder: this,
        engine: context.engine,
        inputs: this.#inputs,
        logger,
        faults: context.options.faults,
      })
    }
    this.#loop = new BatchLoop({
      builder: this,
      engine: context.engine,
      inputs: this.#inputs,
      clock: this.#clock,
      onBatchError: this.#onBatchError,
      checkpointer: this.#checkpointer,
      log,
      onFailure: (error) => this.#fail(error),
    })
    const saved = loaded ? restore(loaded, this, context.engine) : { blocks: new Map(), rdds: [] }
    const positions = new Map(loaded?.checkpoint.positions.map(({ stream, value }) => [stream, value]))
    await this.#inputs.start(this.zeroTime, batchInterval, positions)
    if (this.#state !== 'ACTIVE') await this.#inputs.stop().finally(() => this.#inputs?.close())
    this.#mustGoOn()
    // Starting took time: batches that nobody could have filled are left out.
    const began = Math.max(this.zeroTime, Math.floor(this.#clock.now() / batchInterval) * batchInterval)
    if (!loaded) this.zeroTime = began
    await this.#checkpointer?.begin(loaded?.checkpoint.time ?? began, saved)
    this.#mustGoOn()
    const firstTime = this.#loop.start(loaded?.checkpoint.time)
    if (loaded) announce(loaded, firstTime, this, context.engine, logger)
  }

  /** stop() may have been called while start() waited. */
  #mustGoOn(): void {
    if (this.#state !== 'ACTIVE') throw new StateError('The context was stopped while it was starting.')
  }

  #validate(): void {
    const faults = graphFaults(this)
    if (this.#checkpoints) faults.push(...checkpointFaults(this))
    if (faults.length > 0) throw new GraphError(faults)
  }

  /** `patience`: ms that a graceful stop may take; undefined for a stop that is not graceful. */
  async #stop(patience: number | undefined, stopContext: boolean): Promise<void> {
    const wasActive = this.#state === 'ACTIVE'
    this.#state = 'STOPPED'
    this.freeze('stopped')
    try {
      if (wasActive && this.#loop && this.#inputs)
        await this.#windUp(this.#loop, this.#inputs, patience, stopContext).finally(() => this.#inputs?.close())
    } catch (error) {
      // A receiver that cannot stop, say: whoever waits for the end must not wait for ever.
      this.#failure ??= { error }
      throw error
    } finally {
      await this.#checkpoints
        ?.release()
        .catch((error: unknown) =>
          this.context.options.logger.warn('the checkpoint directory is still marked as in use', error),
        )
      this.#over = true
      for (const queue of this.#outputs.values()) queue.end(this.#failure?.error)
      this.#terminate()
    }
  }

  /** Ends receivers and batches, and writes what is complete into a last checkpoint. */
  async #windUp(loop: BatchLoop, inputs: Inputs, patience: number | undefined, stopContext: boolean): Promise<void> {
    if (patience === undefined) {
      const last = loop.stop(false)
      await inputs.stop()
      // With its threads the batch that runs is given up; where they live on it must end before its data goes.
      if (!stopContext) await last
    } else {
      this.#draining = true
      // One receiver that cannot stop must not take with it what all have brought.
      const failed = await inputs.stop().then(
        () => undefined,
        (error: unknown) => ({ error }),
      )
      await this.#finish(loop.stop(this.#failure === undefined), patience)
      if (failed) throw failed.error
    }
    // What is complete, a new process need not do again.
    if (this.#failure === undefined && loop.isClean)
      await this.#checkpointer?.take(loop.lastTime, patience === undefined ? 'stopped' : 'drained')
    await this.#checkpointer?.written()
  }

  async #finish(batches: Promise<void>, patience: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), Math.min(patience, LONGEST_TIMER))
    })
    const outcome = await Promise.race([batches, late])
    clearTimeout(timer)
    this.#draining = false
    if (outcome !== 'late') return
    this.#failure ??= {
      error: new StateError(
        `stop({ graceful: true }) gave up after ${patience} ms: batches that were received are not processed. Give a longer timeout.`,
        {
          timeout: patience,
        },
      ),
    }
    void this.#loop?.stop(false)
  }

  #fail(error: unknown): void {
    if (this.#state === 'ACTIVE') {
      this.#failure = { error }
      void this.stop()
    } else if (this.#draining) {
      // A graceful stop has its failure to tell; what a hard stop cancels is none.
      this.#failure ??= { error }
    }
  }

  #queue(name: string): OutputQueue {
    let queue = this.#outputs.get(name)
    if (!queue) {
      if (!this.outputNames.has(name)) {
        throw unknownOutput(name, this.outputNames)
      }
      queue = new OutputQueue(name, (message) => this.context.options.logger.warn(message))
      if (this.#over) queue.end(this.#failure?.error)
      this.#outputs.set(name, queue)
    }
    return queue
  }
}
