import { StateError } from '../../errors.js'
import { type Clock, ManualClock } from '../../ops/clock.js'
import { decodeError } from '../../pool/error-wire.js'
import { AddedDeadLetters, type DeadLetterLog } from '../dead-letters/dead-letter-log.js'
import type { EngineEvents, EventListener, EventName, Listener } from '../events/engine-events.js'
import { Events } from '../events/events.js'
import type { Logger } from '../logger.js'
import { NamedOutputs } from '../streaming/named-outputs.js'
import { unlessNeverStarted } from '../streaming/never-started.js'
import type { OutputHost } from '../streaming/output-queue.js'
import { printBatch } from '../streaming/print-batch.js'
import type { StartOptions } from '../streaming/start-options.js'
import { NOTHING_ABANDONED, type StopResult } from '../streaming/stop-result.js'
import type { StreamingState } from '../streaming/streaming-options.js'
import { deadline, deferred } from './deferred.js'
import { unpackDetails } from './details-wire.js'
import { DriverLink, type LinkListener } from './driver-link.js'
import { NOTICES_PER_REPORT } from './notices.js'
import type { DriverBoot, ToHost } from './protocol.js'
import { unpackRecords } from './records-wire.js'
import { RemotePushes } from './remote-pushes.js'

/**
 * Ms beyond a stop's timeout after which the driver counts as stuck and its thread is terminated.
 */
const STUCK_MS = 10_000

export interface RemoteDriverOptions {
  readonly boot: Omit<DriverBoot, 'port'>
  readonly clock: Clock
  readonly logger: Logger
}

/** The host's half of a driver thread: its state, the messages that arrive, and its end. */
export class RemoteDriver implements LinkListener, OutputHost {
  /** The names of output(name) calls. */
  readonly outputNames = new Set<string>()
  readonly outputs = new NamedOutputs(this.outputNames, this)
  readonly events: Events
  readonly link: DriverLink
  readonly pushes: RemotePushes
  /** The function that prints the lines of print(). */
  printer: (time: number, lines: readonly string[]) => unknown = printBatch
  readonly #options: RemoteDriverOptions
  readonly #ready = deferred()
  readonly #terminated = deferred()
  #deadLetters = new AddedDeadLetters(0)
  /** Notices that were read since the last report to the driver. */
  #read = 0
  /** The events that the driver knows to be observed here. */
  #observed = ''
  #ended: { readonly error: Error | undefined } | undefined
  #state: StreamingState = 'INITIALIZED'
  #stopping: Promise<StopResult> | undefined
  #unfollow: () => void = () => {}
  #releaseProcess: () => void = () => {}

  constructor(options: RemoteDriverOptions) {
    const { boot, clock, logger } = options
    this.#options = options
    this.events = new Events((error) => logger.error('a listener threw', error))
    this.events.on('deadLetters', (batch) => this.#deadLetters.add(batch))
    this.link = new DriverLink(boot, this)
    this.pushes = new RemotePushes(this.link, logger)
    if (clock instanceof ManualClock) this.#unfollow = clock.follow((ms) => this.#advance(ms))
  }

  get state(): StreamingState {
    return this.#state
  }

  get deadLetters(): DeadLetterLog {
    return this.#deadLetters
  }

  on<E extends EventName>(name: E, listener: EventListener<E>): () => void {
    const remove = this.events.on(name, listener)
    this.#reportObserved()
    return remove
  }

  listen(listener: Listener): () => void {
    const remove = this.events.listen(listener)
    this.#reportObserved()
    return remove
  }

  /** Resolves when the driver has built its graph. Rejects with the reason why it cannot. */
  async ready(): Promise<void> {
    const release = this.link.hold()
    try {
      await this.#ready.promise
    } catch (error) {
      await this.link.close()
      throw error
    } finally {
      release()
    }
  }

  async start(options: StartOptions): Promise<void> {
    if (this.#state === 'ACTIVE') {
      this.#options.logger.warn('start() was called on a context that is started already')
      return
    }
    if (this.#state === 'STOPPED') {
      throw new StateError('start() after stop(): a stopped context cannot be started again. Create a new context.')
    }
    this.#state = 'ACTIVE'
    this.#reportObserved()
    // With real time, a running stream keeps the process alive, as its timer would in this thread.
    if (!(this.#options.clock instanceof ManualClock)) this.#releaseProcess = this.link.hold()
    try {
      await this.link.call('start', options)
      this.pushes.started()
    } catch (error) {
      await this.stop(false, 0)
      throw error
    }
  }

  /** Resolves when the streams have stopped. Rejects with their error, or with ThreadLostError if the driver died. */
  terminated(): Promise<void> {
    return this.#unlessNeverStarted(this.#terminated.promise, 'awaitTermination()')
  }

  async idle(): Promise<void> {
    try {
      await this.link.call('awaitIdle')
    } catch (error) {
      // The streams stopped meanwhile, so no batch is due.
      if (!this.#ended) throw error
      await this.terminated()
    }
  }

  /** Stops the streams, once, and ends the thread. */
  stop(graceful: boolean, timeout: number): Promise<StopResult> {
    this.#stopping ??= this.#stop(graceful, timeout)
    return this.#stopping
  }

  receive(message: ToHost): void {
    switch (message.type) {
      case 'ready':
        for (const name of message.outputs) this.outputNames.add(name)
        this.pushes.known(message.pushStreams)
        this.#deadLetters = new AddedDeadLetters(message.deadLetterLimit)
        this.#ready.resolve()
        break
      case 'refused':
        this.#ready.reject(decodeError(message.error))
        break
      case 'pushed':
        this.pushes.answered(message.name, message.id, message.error)
        break
      case 'output':
        // The driver counts the batches that wait here, and sends only as many as there is room for.
        void this.outputs.put(message.name, message.time, unpackRecords(message.records))
        break
      case 'event':
      case 'log':
      case 'print':
        this.#notice(message)
        break
      case 'dropped':
        this.#options.logger.warn(
          'the thread of the handle was blocked: events, log messages or prints of its driver were dropped',
          message.dropped,
        )
        this.events.emit('noticesDropped', message.dropped)
        break
      case 'terminated':
        this.#end(message.error && decodeError(message.error))
        // After a failure, no call has ended the thread.
        this.#stopping ??= this.link.close().then(() => NOTHING_ABANDONED)
    }
  }

  lost(loss: Error | undefined): void {
    this.#unfollow()
    this.#releaseProcess()
    if (loss) {
      this.#ready.reject(loss)
      if (this.#state === 'ACTIVE') this.#options.logger.error(loss.message, loss)
    }
    this.#end(loss)
    // A stop that waits rejects with the loss. A later stop has nothing to do.
    if (loss) this.#stopping = Promise.resolve({ ...NOTHING_ABANDONED, complete: false })
    this.events.close()
  }

  warn(message: string): void {
    this.#options.logger.warn(message)
  }

  taken(output: string): void {
    if (!this.link.dead) this.link.post({ type: 'taken', output })
  }

  untilNext(batch: Promise<void>, output: string): Promise<void> {
    return this.#unlessNeverStarted(batch, `output('${output}')`)
  }

  async #advance(ms: number): Promise<void> {
    try {
      await this.link.call('advance', ms)
    } catch (error) {
      // A driver that has stopped needs no time.
      if (!this.#ended || this.#ended.error) throw error
    }
  }

  async #stop(graceful: boolean, timeout: number): Promise<StopResult> {
    this.#state = 'STOPPED'
    this.pushes.stopped()
    const stuck = deadline(timeout + STUCK_MS)
    const stopped = this.link.call('stop', { graceful, timeout })
    try {
      const outcome = await Promise.race([stopped, stuck.over])
      if (outcome !== 'over') {
        await this.link.close()
        return { ...outcome, unread: { ...outcome.unread, ...this.outputs.unread } }
      }
      await this.#terminateStuck()
    } catch (error) {
      // Received data is lost with the driver. A stop that is not graceful would have dropped it anyway.
      if (graceful) throw error
      await this.link.gone
    } finally {
      stuck.clear()
    }
    return { ...NOTHING_ABANDONED, complete: false, unread: this.outputs.unread }
  }

  /** The driver does not read its messages, because a function in it does not return. */
  async #terminateStuck(): Promise<void> {
    this.#options.logger.error(
      `the driver thread did not stop within ${STUCK_MS} ms after the timeout of stop(), and is terminated`,
    )
    await this.link.terminate()
  }

  #notice(notice: Extract<ToHost, { type: 'event' | 'log' | 'print' }>): void {
    if (notice.type === 'event') this.events.emit(notice.name, unpackDetails(notice.event) as EngineEvents[EventName])
    else if (notice.type === 'print') this.printer(notice.time, notice.lines)
    else this.#log(notice.level, notice.message, notice.details)
    // Listeners may have been removed since, and diagnostics channels report no subscription.
    if (notice.type === 'event' && notice.name === 'batchSubmitted') this.#reportObserved()
    if (++this.#read < NOTICES_PER_REPORT || this.link.dead) return
    this.link.post({ type: 'read', count: this.#read })
    this.#read = 0
  }

  #reportObserved(): void {
    const names = this.events.observed
    if (this.#observed === names.join() || this.link.dead) return
    this.#observed = names.join()
    this.link.post({ type: 'observe', names })
  }

  #log(level: keyof Logger, message: string, details: unknown): void {
    const { logger } = this.#options
    if (details === undefined) logger[level](message)
    else logger[level](message, unpackDetails(details))
  }

  /** The first reason counts: a driver whose streams have stopped ends its thread afterwards. */
  #end(error: Error | undefined): void {
    if (this.#ended) return
    this.#ended = { error }
    this.#state = 'STOPPED'
    this.outputs.end(error)
    this.pushes.end(error)
    if (error) this.#terminated.reject(error)
    else this.#terminated.resolve()
  }

  #unlessNeverStarted(end: Promise<void>, what: string): Promise<void> {
    return unlessNeverStarted(end, () => this.#state !== 'INITIALIZED', what)
  }
}
