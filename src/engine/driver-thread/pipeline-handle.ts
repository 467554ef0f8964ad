import { ArgumentError } from '../../errors.js'
import { type Clock, ManualClock, SystemClock } from '../../ops/clock.js'
import { checkNames } from '../../ops/option-names.js'
import { type Duration, toMillis } from '../../ops/time.js'
import { checkPackageFiles } from '../../package-root.js'
import type { DeadLetterLog } from '../dead-letters/dead-letter-log.js'
import type { EventListener, EventName, Listener } from '../events/engine-events.js'
import { messageFirst, stderrLogger } from '../logger.js'
import { safeLogger } from '../safe-logger.js'
import type { StreamsStatus } from '../status/streams-status.js'
import type { OutputBatch } from '../streaming/output-queue.js'
import { type Page, pageFor, startWithPage } from '../streaming/page.js'
import { settlesWithin } from '../streaming/settles-within.js'
import { checkStartOptions, type StartOptions } from '../streaming/start-options.js'
import { defaultStopMs, STOP_OPTIONS, type StopOptions, type StopResult } from '../streaming/stop-result.js'
import type { PushTarget, StreamingControl } from '../streaming/streaming-control.js'
import { checkStreamingOptions, type PipelineOptions, type StreamingState } from '../streaming/streaming-options.js'
import type { StreamingUi } from '../streaming/ui-options.js'
import { RemoteDriver } from './remote-driver.js'
import { remoteTables } from './remote-tables.js'

/**
 * The host's handle of a pipeline whose driver has a thread of its own: `StreamingContext.fromPipeline(module, {
 * driver: 'thread' })`. The host controls it like a StreamingContext. Only the pipeline module can access what runs in
 * the driver: functions of `foreachRDD` and `transform`, sources, batch jobs.
 *
 * ```ts
 * const module = new URL('./pipeline.js', import.meta.url)
 * await using pipeline = await StreamingContext.fromPipeline(module, { batchInterval: '1s', driver: 'thread' })
 * await pipeline.start()
 * for await (const { time, records } of pipeline.output('counts')) console.log(time, records)
 * ```
 */
export class PipelineHandle implements StreamingControl {
  /** Milliseconds of one batch. */
  readonly batchInterval: number
  /** The clock of the option `clock`, or real time. A manual clock also moves the driver's clock. */
  readonly clock: Clock
  readonly #driver: RemoteDriver
  readonly #skipped: number[] = []
  readonly #page: Page | undefined

  /** Starts the thread and resolves when it has built the graph. @throws ArgumentError before the thread starts. */
  static async open<P>(url: string, options: PipelineOptions<P>): Promise<PipelineHandle> {
    checkPackageFiles()
    const handle = new PipelineHandle(url, options)
    await handle.#driver.ready()
    return handle
  }

  private constructor(url: string, options: PipelineOptions<unknown>) {
    const { driver: _, ...streaming } = options
    const checked = checkStreamingOptions(streaming)
    const { batchInterval } = checked
    const { clock = new SystemClock(), logger: given = stderrLogger, ui: _ui, ...copied } = streaming
    this.batchInterval = batchInterval
    this.clock = clock
    const boot = { url, options: copied, manualClockAt: startOf(clock) }
    const logger = safeLogger(messageFirst(given))
    this.#driver = new RemoteDriver({ boot, clock, logger })
    const subject = {
      streams: this,
      logger,
      terminateThread: (slot: number) => this.terminateThread(slot),
      lookUpState: (name: string, key: unknown) => this.#driver.link.call('lookUpState', name, key),
      tables: remoteTables(this.#driver.link),
      lineageOf: (stream: number, partition: number) => this.#driver.link.call('lineageOf', stream, partition),
    }
    this.#page = pageFor(subject, checked.ui)
    this.on('batchSkipped', ({ time }) => void this.#skipped.push(time))
  }

  get state(): StreamingState {
    return this.#driver.state
  }

  /** The live page, which this thread serves; undefined without the option `ui`. */
  get ui(): StreamingUi | undefined {
    return this.#page
  }

  /** Returns what the streams are and hold now, as plain data. Costs one message. */
  status(): Promise<StreamsStatus> {
    return this.#driver.link.call('status')
  }

  /** The names of the pipeline's `stream.output(name)` calls. */
  get outputNames(): ReadonlySet<string> {
    return this.#driver.outputNames
  }

  /** Times of the batches that were skipped, with onBatchError 'skip'. */
  get skippedBatches(): readonly number[] {
    return this.#skipped
  }

  /** Records whose function threw, with onRecordError 'dead-letter'. */
  get deadLetters(): DeadLetterLog {
    return this.#driver.deadLetters
  }

  /**
   * The function that prints the lines of print(), by default to stdout. Assign another to print elsewhere. No batch
   * waits for it, because it runs in another thread.
   */
  get printer(): (time: number, lines: readonly string[]) => unknown {
    return this.#driver.printer
  }

  set printer(printer: (time: number, lines: readonly string[]) => unknown) {
    this.#driver.printer = printer
  }

  /**
   * Calls `listener` for every event of this name. Returns a function that unsubscribes it. Events are also published
   * on diagnostics channels of this thread. They arrive in order; a batch's events arrive before its `awaitIdle`
   * resolves.
   */
  on<E extends EventName>(name: E, listener: EventListener<E>): () => void {
    return this.#driver.on(name, listener)
  }

  /** Adds an object with a method for each event that it receives. Returns a function that removes it. */
  listen(listener: Listener): () => void {
    return this.#driver.listen(listener)
  }

  /**
   * Returns the batches of `stream.output(name)`, in order, for one reader. When the streams have stopped, the
   * iteration ends after the waiting batches, or rejects there with the error that stopped them. Each batch costs one
   * message with its records. Up to 256 batches wait here; after that, the driver's batches wait.
   */
  output<T = unknown>(name: string): AsyncIterable<OutputBatch<T>> {
    return this.#driver.outputs.read<T>(name)
  }

  /** Returns a pushStream of the pipeline. Each call costs one message, so push many values per call. */
  pushHandle<T = unknown>(name: string): PushTarget<T> {
    return this.#driver.pushes.named<T>(name)
  }

  /**
   * Checks the whole graph, starts threads and receivers, and schedules batches. With `until: 'caught-up'`, the streams
   * stop when every source has reached the end that it had at the start: see StreamingContext.
   */
  async start(options: StartOptions = {}): Promise<void> {
    const checked = checkStartOptions(options)
    await startWithPage(this.#page, this, () => this.#driver.start(checked))
  }

  /**
   * Resolves when the streams have stopped. Rejects with the error that stopped them, or with ThreadLostError if the
   * driver died.
   */
  awaitTermination(): Promise<void> {
    return this.#driver.terminated()
  }

  /** Resolves with true if the streams stop within `ms`, otherwise with false. Rejects as awaitTermination does. */
  awaitTerminationOrTimeout(ms: Duration): Promise<boolean> {
    return settlesWithin(this.awaitTermination(), toMillis(ms, 'the timeout'))
  }

  /** Resolves when every batch that is due by now is complete. */
  awaitIdle(): Promise<void> {
    return this.#driver.idle()
  }

  /**
   * Stops batches, receivers and all threads, including the driver's. With `graceful`, first processes everything that
   * was received, and rejects with ThreadLostError if the driver dies meanwhile. Resolves with the abandoned work, like
   * the stop of a StreamingContext; a driver that has to be terminated abandons everything (`complete: false`). Waiting
   * outputs can still be read. A later call joins the first.
   *
   * @throws ArgumentError for `stopContext: false`: the host cannot access a batch context in another thread.
   */
  stop(options: StopOptions = {}): Promise<StopResult> {
    checkNames(options, STOP_OPTIONS, 'stop()')
    const { graceful = false, stopContext = true, timeout } = options
    if (!stopContext) {
      throw new ArgumentError(
        "stop({ stopContext: false }) needs a driver in this thread: the host cannot access the batch context of a driver thread. Omit stopContext, or set driver: 'host'.",
      )
    }
    const ms = toMillis(timeout ?? defaultStopMs(graceful, this.batchInterval), 'the timeout of stop()')
    return this.#driver.stop(graceful, ms)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** Terminates the worker thread in a slot: see `terminateThread` of millrace/testing. */
  terminateThread(slot: number): Promise<void> {
    return this.#driver.link.call('terminateThread', slot)
  }

  /** Terminates the driver thread at once, to test its loss. */
  terminate(): Promise<void> {
    return this.#driver.link.terminate()
  }
}

/**
 * Returns the time of a manual clock; undefined for real time. @throws ArgumentError for a clock that cannot work in
 * two threads.
 */
function startOf(clock: Clock): number | undefined {
  if (clock instanceof ManualClock) return clock.now()
  if (clock instanceof SystemClock) return undefined
  throw new ArgumentError(
    "clock is an object of another class; a driver thread takes no clock (real time) or a ManualClock. Pass one of these, or set driver: 'host'.",
  )
}
