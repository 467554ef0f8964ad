import { ArgumentError, StateError } from '../../errors.js'
import { type Clock, ManualClock, SystemClock } from '../../ops/clock.js'
import { printBatch } from '../../ops/dstream/builder.js'
import { checkNames } from '../../ops/option-names.js'
import { type Duration, toMillis } from '../../ops/time.js'
import { decodeError } from '../../pool/error-wire.js'
import { checkPackageFiles } from '../../pool/package-files.js'
import { DeadLetterBook } from '../dead-letter-book.js'
import { type EngineEvents, type EventListener, type EventName, Events } from '../events.js'
import { type Logger, messageFirst, stderrLogger } from '../logger.js'
import { type OutputBatch, OutputQueue, unknownOutput } from '../output-queue.js'
import { safeLogger } from '../safe-logger.js'
import { defaultStopMs, NOTHING_GIVEN_UP, STOP_OPTIONS, type StopOptions, type StopResult } from '../stop-result.js'
import type { PipelineOptions, StreamingState } from '../streaming-options.js'
import { deadline, deferred } from './deferred.js'
import { unpackDetails } from './details-wire.js'
import { DriverLink } from './driver-link.js'
import type { ToHost } from './protocol.js'
import { unpackRecords } from './records-wire.js'
import { type PushFace, type PushPhase, RemotePush } from './remote-push.js'

/** How much longer than asked a stop may take before the driver is taken for stuck and its thread terminated. */
const STUCK_MS = 10_000

/**
 * The host's face of a pipeline whose driver is a thread of its own: `StreamingContext.fromPipeline(module, { driver:
 * 'thread' })`. It does what the StreamingContext of `driver: 'host'` does, for the host's part. What runs in the driver
 * (functions of `foreachRDD` and `transform`, sources, batch jobs) is reached from the pipeline module only.
 *
 * ```ts
 * const module = new URL('./pipeline.js', import.meta.url)
 * await using pipeline = await StreamingContext.fromPipeline(module, { batchInterval: '1s', driver: 'thread' })
 * await pipeline.start()
 * for await (const { time, records } of pipeline.output('counts')) console.log(time, records)
 * ```
 */
export class PipelineHandle implements AsyncDisposable {
  /** Milliseconds of one batch. */
  readonly batchInterval: number
  /** The clock that was given, or real time. A manual clock moves the driver's. */
  readonly clock: Clock
  /** Names given to output(name). */
  readonly outputNames = new Set<string>()
  /** Writes what print() shows. */
  printer: (time: number, lines: readonly string[]) => void = printBatch
  readonly #link: DriverLink
  readonly #logger: Logger
  readonly #events: Events
  readonly #skipped: number[] = []
  readonly #outputs = new Map<string, OutputQueue>()
  readonly #pushes = new Map<string, RemotePush<unknown>>()
  readonly #ready = deferred()
  readonly #terminated = deferred()
  #pushStreams: readonly string[] = []
  #deadLetters!: DeadLetterBook
  #ended: { readonly error: Error | undefined } | undefined
  #state: StreamingState = 'INITIALIZED'
  /** Whether receivers run, so that what is pushed is taken. */
  #running = false
  #stopping: Promise<StopResult> | undefined
  #unfollow: () => void = () => {}
  #letGo: () => void = () => {}

  /** Starts the thread and resolves when the graph is built there. */
  static async open<P>(url: string, options: PipelineOptions<P>): Promise<PipelineHandle> {
    checkPackageFiles()
    const handle = new PipelineHandle(url, options)
    const letGo = handle.#link.hold()
    try {
      await handle.#ready.promise
    } catch (error) {
      await handle.#link.close()
      throw error
    } finally {
      letGo()
    }
    return handle
  }

  private constructor(url: string, options: PipelineOptions<unknown>) {
    const { clock = new SystemClock(), logger = stderrLogger, driver: _, ...rest } = options
    this.batchInterval = toMillis(options.batchInterval, 'batchInterval')
    this.clock = clock
    this.#logger = safeLogger(messageFirst(logger))
    this.#events = new Events((error) => this.#logger.error('a listener threw', error))
    this.on('batchSkipped', ({ time }) => void this.#skipped.push(time))
    this.on('deadLetters', (batch) => this.#deadLetters.add(batch))
    const boot = { url, options: rest, manualClockAt: startOf(clock) }
    this.#link = new DriverLink(boot, {
      onMessage: (message) => this.#receive(message),
      onGone: (loss) => this.#gone(loss),
    })
    if (clock instanceof ManualClock) this.#unfollow = clock.follow((ms) => this.#advance(ms))
  }

  get state(): StreamingState {
    return this.#state
  }

  /** Times of the batches that were skipped, with onBatchError 'skip'. */
  get skippedBatches(): readonly number[] {
    return this.#skipped
  }

  /** Records that were given up so far, as their function threw. */
  get deadLetters(): DeadLetterBook {
    return this.#deadLetters
  }

  /**
   * Calls `listener` with every event of this name; answers with a function that ends it. Events are also published as
   * diagnostics channels of this thread. They come in order, and a batch's events before its `awaitIdle`.
   */
  on<E extends EventName>(name: E, listener: EventListener<E>): () => void {
    return this.#events.on(name, listener)
  }

  /**
   * The batches of `stream.output(name)`, in order. One reader. Once the streams have ended, ends after the batches that
   * wait; rejects there with the error that ended them. A batch costs a message with its records; up to 256 wait here, then batches wait.
   */
  output<T = unknown>(name: string): AsyncIterable<OutputBatch<T>> {
    return this.#queue(name) as AsyncIterable<OutputBatch<T>>
  }

  /** A pushStream of the pipeline by its name. A call costs a message: push many values at once where there are many. */
  pushHandle<T = unknown>(name: string): PushFace<T> {
    let push = this.#pushes.get(name)
    if (!push) {
      if (!this.#pushStreams.includes(name)) {
        throw new ArgumentError(
          `There is no pushStream named ${JSON.stringify(name)}. Names: ${this.#pushStreams.join(', ') || 'none'}.`,
          { name },
        )
      }
      const refused = (error: Error) => this.#logger.error(`values pushed to ${name} were refused`, error)
      push = new RemotePush<unknown>(name, this.#link, () => this.#pushPhase, refused)
      this.#pushes.set(name, push)
    }
    return push as PushFace<T>
  }

  /** Checks the whole graph, starts threads and receivers, and begins to make batches. */
  async start(): Promise<void> {
    if (this.#state === 'ACTIVE') {
      this.#logger.warn('start() was called on a context that is started already')
      return
    }
    if (this.#state === 'STOPPED') {
      throw new StateError('start() after stop(): a stopped context cannot be started again. Make a new one.')
    }
    this.#state = 'ACTIVE'
    // With real time a running stream keeps the process alive, as its timer would in this thread.
    if (!(this.clock instanceof ManualClock)) this.#letGo = this.#link.hold()
    try {
      await this.#link.call('start')
      this.#running = true
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /** Resolves when the streams have ended; rejects with the error that ended them, ThreadLostError if the driver died. */
  awaitTermination(): Promise<void> {
    return this.#terminated.promise
  }

  /** Resolves with true when the streams end within `ms`, else with false; rejects as awaitTermination. */
  async awaitTerminationOrTimeout(ms: Duration): Promise<boolean> {
    const late = deadline(toMillis(ms, 'the timeout'))
    try {
      return await Promise.race([this.awaitTermination().then(() => true), late.over.then(() => false)])
    } finally {
      late.clear()
    }
  }

  /** Resolves when every batch that is due by now is complete. */
  async awaitIdle(): Promise<void> {
    try {
      await this.#link.call('awaitIdle')
    } catch (error) {
      // Stopped meanwhile: no batch is due any more.
      if (!this.#ended) throw error
      await this.awaitTermination()
    }
  }

  /**
   * Ends batches, receivers and all threads, the driver's too. With `graceful` everything that was received is processed
   * first, and rejects with ThreadLostError if the driver dies meanwhile. Resolves with what was given up, as the stop of a
   * StreamingContext does; a driver that has to be terminated gave up everything that it still had (`complete: false`).
   * Outputs that wait can still be read afterwards. A second call joins the first.
   */
  stop(options: StopOptions = {}): Promise<StopResult> {
    checkNames(options, STOP_OPTIONS, 'stop()')
    const { graceful = false, stopContext = true, timeout } = options
    if (!stopContext) {
      throw new ArgumentError(
        "stop({ stopContext: false }) is for a driver in this thread: a batch context in a thread of its own cannot be reached. Leave it out, or choose driver: 'host'.",
      )
    }
    const patience = toMillis(timeout ?? defaultStopMs(graceful, this.batchInterval), 'the timeout of stop()')
    this.#stopping ??= this.#stop(graceful, patience)
    return this.#stopping
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** Kills the worker thread in a slot; see `terminateThread` of millrace/testing. */
  terminateThread(slot: number): Promise<void> {
    return this.#link.call('terminateThread', slot)
  }

  /** Ends the driver thread from outside, at once: for tests of its loss. */
  terminate(): Promise<void> {
    return this.#link.terminate()
  }

  async #advance(ms: number): Promise<void> {
    try {
      await this.#link.call('advance', ms)
    } catch (error) {
      // A driver that was stopped needs no time.
      if (!this.#ended || this.#ended.error) throw error
    }
  }

  async #stop(graceful: boolean, patience: number): Promise<StopResult> {
    this.#state = 'STOPPED'
    const stuck = deadline(patience + STUCK_MS)
    const stopped = this.#link.call('stop', { graceful, timeout: patience })
    try {
      const outcome = await Promise.race([stopped, stuck.over])
      if (outcome !== 'over') {
        await this.#link.close()
        return { ...outcome, unread: { ...outcome.unread, ...this.#unread() } }
      }
      await this.#giveUp()
    } catch (error) {
      // What was received is lost with the driver; a stop that is not graceful would have lost it anyway.
      if (graceful) throw error
      await this.#link.gone
    } finally {
      stuck.clear()
    }
    return { ...NOTHING_GIVEN_UP, complete: false, unread: this.#unread() }
  }

  #unread(): StopResult['unread'] {
    const waiting = [...this.#outputs].map(([name, queue]) => [name, queue.waiting] as const)
    return Object.fromEntries(waiting.filter(([, batches]) => batches > 0))
  }

  /** The driver does not come to its messages: a function in it runs for ever. */
  async #giveUp(): Promise<void> {
    this.#logger.error(`the driver thread did not stop within ${STUCK_MS} ms of the time it had, and is terminated`)
    await this.#link.terminate()
  }

  #receive(message: ToHost): void {
    switch (message.type) {
      case 'ready':
        for (const name of message.outputs) this.outputNames.add(name)
        this.#pushStreams = message.pushStreams
        this.#deadLetters = new DeadLetterBook(message.deadLetterLimit)
        this.#ready.resolve()
        break
      case 'refused':
        this.#ready.reject(decodeError(message.error))
        break
      case 'pushed':
        this.#pushes.get(message.name)?.pushed(message.id, message.error)
        break
      case 'output':
        // The driver counts what waits here, and sends no more than there is room for.
        void this.#queue(message.name).put(message.time, unpackRecords(message.records))
        break
      case 'event':
        this.#events.emit(message.name, unpackDetails(message.event) as EngineEvents[EventName])
        break
      case 'log':
        this.#log(message.level, message.message, message.details)
        break
      case 'print':
        this.printer(message.time, message.lines)
        break
      case 'terminated':
        this.#end(message.error && decodeError(message.error))
        // After a failure nobody has asked for the end of the thread.
        this.#stopping ??= this.#link.close().then(() => NOTHING_GIVEN_UP)
    }
  }

  #log(level: keyof Logger, message: string, details: unknown): void {
    if (details === undefined) this.#logger[level](message)
    else this.#logger[level](message, unpackDetails(details))
  }

  #gone(loss: Error | undefined): void {
    this.#unfollow()
    this.#letGo()
    if (loss) {
      this.#ready.reject(loss)
      if (this.#state === 'ACTIVE') this.#logger.error(loss.message, loss)
    }
    this.#end(loss)
    // Whoever waits for a graceful stop is told of the loss; a stop afterwards has nothing left to do.
    if (loss) this.#stopping = Promise.resolve({ ...NOTHING_GIVEN_UP, complete: false })
    this.#events.close()
  }

  /** The first reason counts: a driver that has ended its streams is then told to end its thread. */
  #end(error: Error | undefined): void {
    if (this.#ended) return
    this.#ended = { error }
    this.#state = 'STOPPED'
    for (const queue of this.#outputs.values()) queue.end(error)
    for (const push of this.#pushes.values()) push.over(error)
    if (error) this.#terminated.reject(error)
    else this.#terminated.resolve()
  }

  get #pushPhase(): PushPhase {
    if (this.#state === 'STOPPED') return 'after'
    return this.#running ? 'running' : 'before'
  }

  #queue(name: string): OutputQueue {
    let queue = this.#outputs.get(name)
    if (!queue) {
      if (!this.outputNames.has(name)) {
        throw unknownOutput(name, this.outputNames)
      }
      const warn = (message: string) => this.#logger.warn(message)
      const taken = () => {
        if (!this.#link.dead) this.#link.post({ type: 'taken', output: name })
      }
      queue = new OutputQueue(name, warn, taken)
      if (this.#ended) queue.end(this.#ended.error)
      this.#outputs.set(name, queue)
    }
    return queue
  }
}

/** Where a manual clock stands; undefined for real time. No other clock can be in two threads. */
function startOf(clock: Clock): number | undefined {
  if (clock instanceof ManualClock) return clock.now()
  if (clock instanceof SystemClock) return undefined
  throw new ArgumentError(
    "clock: a driver in a thread of its own goes by real time or by a ManualClock. Give one of these, or choose driver: 'host'.",
  )
}
