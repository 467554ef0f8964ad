import { ArgumentError, CheckpointError, GraphError, StateError } from '../errors.js'
import type { Clock } from '../ops/clock.js'
import { StreamBuilder } from '../ops/dstream/builder.js'
import { checkpointFaults, graphFaults } from '../ops/dstream/validate.js'
import { checkNames } from '../ops/option-names.js'
import { buildPipeline } from '../ops/pipeline.js'
import { type Duration, toMillis } from '../ops/time.js'
import { importPipelineModule, pipelineUrl } from '../pool/pipeline-module.js'
import { mustBeData } from '../values/fault.js'
import { checkDirectory } from './checkpoint/options.js'
import { CheckpointStore } from './checkpoint/store.js'
import { Context } from './context.js'
import type { DeadLetterBook } from './dead-letter-book.js'
import { PipelineHandle } from './driver-thread/pipeline-handle.js'
import type { EventListener, EventName } from './events.js'
import { unlessNeverStarted } from './never-started.js'
import { type OutputBatch, OutputQueue, unknownOutput } from './output-queue.js'
import { LONGEST_TIMER, Patience } from './patience.js'
import {
  defaultStopMs,
  describeGivenUp,
  gaveUp,
  isComplete,
  NOTHING_GIVEN_UP,
  STOP_OPTIONS,
  type StopOptions,
  type StopResult,
} from './stop-result.js'
import { StreamRun } from './stream-run.js'
import {
  type CheckedStreamingOptions,
  checkStreamingOptions,
  type GetOrCreateOptions,
  type PipelineOptions,
  type StreamingOptions,
  type StreamingState,
} from './streaming-options.js'
import { pipelineFailed } from './user-errors.js'

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
  readonly #options: CheckedStreamingOptions
  readonly #skipped: number[] = []
  readonly #outputs = new Map<string, OutputQueue>()
  #checkpoints: CheckpointStore | undefined
  #state: StreamingState = 'INITIALIZED'
  #run: StreamRun | undefined
  #stopping: { readonly ended: Promise<StopResult>; readonly patience: Patience } | undefined
  #failure: { readonly error: unknown } | undefined
  #draining = false
  #over = false
  readonly #terminated: Promise<void>
  #terminate!: () => void

  constructor(options: StreamingOptions) {
    const checked = checkStreamingOptions(options)
    const context = new Context(checked.context)
    super(context, checked.batchInterval)
    this.#options = checked
    this.stateSnapshotInterval = context.options.stateSnapshotInterval
    if (options.checkpointDir !== undefined) this.checkpoint(options.checkpointDir)
    this.on('batchSkipped', ({ time, outputs, error }) => {
      this.#skipped.push(time)
      context.options.logger.error(`batch ${time} ms was skipped: ${outputs.join(', ')} failed`, error)
    })
    this.now = () => this.clock.now()
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
    mustBeData(rest.params, 'The parameters of a pipeline go to every thread', 'params', true)
    if (driver === 'thread') return await PipelineHandle.open(url, options)
    if (driver !== 'host') {
      throw new ArgumentError(`driver is ${JSON.stringify(driver)}; it must be 'host' or 'thread'.`, { driver })
    }
    const ssc = new StreamingContext(rest)
    try {
      const params = options.params ?? {}
      const exports = await importPipelineModule(url)
      try {
        buildPipeline(exports, url, params, ssc)
      } catch (error) {
        throw pipelineFailed(url, error)
      }
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
    return this.#options.clock
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

  /**
   * The batches of `stream.output(name)`, in order. One reader. Once the context has stopped, ends after the batches that
   * wait; rejects there with the error that stopped it, as awaitTermination does.
   */
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
      this.#run = this.#newRun()
      await this.#run.begin()
      this.context.engine.events.emit('streamingStarted', { batchInterval: this.batchInterval })
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /** Resolves when the context is stopped; rejects with the error that stopped it. */
  async awaitTermination(): Promise<void> {
    await this.#unlessNeverStarted(this.#terminated, 'awaitTermination()')
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
    await this.#run?.idle()
    if (this.#failure) throw this.#failure.error
  }

  /**
   * Ends batches, receivers and threads, within its timeout. With `graceful`, processes everything that was received first.
   * Resolves with what was given up; if a graceful stop gave something up, awaitTermination rejects as well. A later call
   * joins the first; if it names a `timeout` that ends earlier, that one counts. A call from inside a batch (the function
   * of foreachRDD, say) does not wait, as that batch has to end first. See awaitTermination.
   *
   * ```ts
   * const { complete, recordsGivenUp } = await ssc.stop({ graceful: true, timeout: '30s' })
   * if (!complete) console.error(`${recordsGivenUp} records were not processed`)
   * ```
   *
   * @throws What the stop of a receiver throws.
   */
  stop(options: StopOptions = {}): Promise<StopResult> {
    checkNames(options, STOP_OPTIONS, 'stop()')
    const { graceful = false, stopContext = true, timeout } = options
    const ms = toMillis(timeout ?? defaultStopMs(graceful, this.batchInterval), 'the timeout of stop()')
    const inside = this.#run?.isInside() ?? false
    if (!this.#stopping) {
      const patience = new Patience(ms)
      const ended = this.#stop(graceful, inside || !stopContext, patience).finally(() => patience.end())
      this.#stopping = { ended, patience }
    } else if (timeout !== undefined) {
      this.#stopping.patience.shorten(ms)
    }
    const { ended } = this.#stopping
    const stopped = stopContext ? ended.finally(() => this.context.stop()) : ended
    if (!inside) return stopped
    stopped.catch((error: unknown) => this.context.options.logger.error('stop() failed', error))
    return Promise.resolve({ ...NOTHING_GIVEN_UP, ended: false, complete: false })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #newRun(): StreamRun {
    const { context: _options, batchInterval: _interval, ...options } = this.#options
    return new StreamRun({
      ...options,
      builder: this,
      context: this.context,
      store: this.#checkpoints,
      onFailure: (error) => this.#fail(error),
    })
  }

  #validate(): void {
    const faults = graphFaults(this)
    if (this.#checkpoints) faults.push(...checkpointFaults(this))
    if (faults.length > 0) throw new GraphError(faults)
  }

  async #stop(graceful: boolean, awaitBatch: boolean, patience: Patience): Promise<StopResult> {
    this.#state = 'STOPPED'
    this.freeze('stopped')
    // Without this a batch would wait for the reader of an output, who may wait for this stop.
    if (!graceful) for (const queue of this.#outputs.values()) queue.release()
    this.#draining = graceful
    try {
      const result = this.#run
        ? await this.#run.stop({
            graceful,
            awaitBatch,
            patience,
            hasFailed: () => this.#failure !== undefined,
            unread: () => this.#unread(),
          })
        : this.#neverStarted()
      if (graceful && !result.complete) this.#failure ??= { error: gaveUp(result, this.#run && patience.ms) }
      if (!result.complete) this.context.options.logger.warn(`stop() gave up: ${describeGivenUp(result)}`)
      this.context.engine.events.emit('streamingStopped', result)
      return result
    } catch (error) {
      // A receiver that cannot stop, say: whoever waits for the end must not wait for ever.
      this.#failure ??= { error }
      throw error
    } finally {
      this.#draining = false
      this.#over = true
      for (const queue of this.#outputs.values()) queue.end(this.#failure?.error)
      this.#terminate()
    }
  }

  /** Records may have been pushed before a start that never came. */
  #neverStarted(): StopResult {
    const recordsGivenUp = this.heldBack.reduce((sum, held) => sum + held(), 0)
    const result = { ...NOTHING_GIVEN_UP, recordsGivenUp }
    return { ...result, complete: isComplete(result) }
  }

  #unread(): StopResult['unread'] {
    const waiting = [...this.#outputs].map(([name, queue]) => [name, queue.waiting] as const)
    return Object.fromEntries(waiting.filter(([, batches]) => batches > 0))
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

  #unlessNeverStarted(end: Promise<void>, what: string): Promise<void> {
    return unlessNeverStarted(end, () => this.#state !== 'INITIALIZED', what)
  }

  #queue(name: string): OutputQueue {
    let queue = this.#outputs.get(name)
    if (!queue) {
      if (!this.outputNames.has(name)) {
        throw unknownOutput(name, this.outputNames)
      }
      queue = new OutputQueue(
        name,
        (message) => this.context.options.logger.warn(message),
        () => {},
        (batch) => this.#unlessNeverStarted(batch, `output('${name}')`),
      )
      if (this.#over) queue.end(this.#failure?.error)
      this.#outputs.set(name, queue)
    }
    return queue
  }
}
