import type { Receiver } from '../../ops/source.js'
import { delay as wait } from '../../ops/wait.js'
import { isFinal } from '../../values/is-final.js'
import { messageOf } from '../../values/message-of.js'
import { fromSource, sourceFailed } from '../user-code/user-errors.js'
import type { ReceiverBuffer } from './receiver-buffer.js'
import { ReceiverSession, type SessionOwner } from './receiver-session.js'

const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 5_000
/** The default delay of `restart`, as in Spark. */
const RESTART_MS = 2_000
/** A receiver that is to restart is reported if it has not stopped after this time. */
const SLOW_STOP_MS = 10_000

/** The end of a receiver's session. */
export interface SessionEnd {
  readonly message?: string
  readonly cause?: unknown
  /** Ms until it starts again; undefined if it does not. */
  readonly restartIn?: number
}

/** Receives the events of a receiver: started, stopped, failed. */
export interface SupervisorListener {
  report(message: string, cause?: unknown): void
  started(): void
  stopped(end: SessionEnd): void
}

export interface ReceiverSupervisorOptions {
  readonly name: string
  readonly receiver: Receiver
  readonly buffer: ReceiverBuffer
  /** Aborts when the stream stops. */
  readonly stopped: AbortSignal
  readonly listener: SupervisorListener
}

/**
 * Starts a receiver, restarts it after a failure or on its request, and stops it. The steps run one after the other, so
 * a receiver never runs twice at a time.
 */
export class ReceiverSupervisor implements SessionOwner {
  readonly #options: ReceiverSupervisorOptions
  /** The running or starting session. */
  #session: ReceiverSession | undefined
  /** Whether the last event was `receiverStopped`. */
  #isStopped = false
  /** Resolves when the steps so far are done. */
  #steps: Promise<void> = Promise.resolve()

  constructor(options: ReceiverSupervisorOptions) {
    this.#options = options
    options.stopped.addEventListener('abort', () => this.#session?.abort(), { once: true })
  }

  /**
   * Starts the receiver. Resolves after the first attempt; further attempts follow with increasing pauses. @throws
   * SourceError if the failure is final.
   */
  async start(retryMs = FIRST_RETRY_MS): Promise<void> {
    const { name, receiver, buffer, stopped, listener } = this.#options
    if (stopped.aborted) return
    const session = new ReceiverSession(name, buffer, this)
    this.#session = session
    try {
      await receiver.start(session)
      if (this.#session !== session) return
      this.#isStopped = false
      listener.started()
    } catch (error) {
      // If the session ended meanwhile, that is the reason for this failure.
      if (this.#session !== session) return
      this.#session = undefined
      session.end()
      if (isFinal(error)) throw sourceFailed(name, 'start', error)
      listener.report(`cannot start, trying again in ${retryMs} ms: ${messageOf(error)}`, error)
      this.#startLater(retryMs, Math.min(LAST_RETRY_MS, retryMs * 2))
    }
  }

  restart(session: ReceiverSession, message: string, cause: unknown, delay = RESTART_MS): void {
    this.#endSession(session, { message, cause, restartIn: delay })
  }

  stop(session: ReceiverSession, message: string | undefined, cause: unknown): void {
    this.#endSession(session, { message, cause })
  }

  /** Stops the receiver with the stream. Rejects with the error of its `stop`. */
  async shutDown(): Promise<void> {
    const { receiver, listener } = this.#options
    await this.#steps
    const session = this.#session
    this.#session = undefined
    await receiver.stop()
    session?.end()
    if (!this.#isStopped) listener.stopped({})
    this.#isStopped = true
  }

  /** Ends a session in the background, once, and starts the next one if required. */
  #endSession(session: ReceiverSession, end: SessionEnd): void {
    if (this.#session !== session) return
    this.#session = undefined
    this.#steps = this.#steps.then(() => this.#stopSession(session, end))
  }

  async #stopSession(session: ReceiverSession, end: SessionEnd): Promise<void> {
    const { name, receiver, stopped, listener } = this.#options
    session.abort()
    const done = new AbortController()
    void wait(SLOW_STOP_MS, AbortSignal.any([done.signal, stopped])).then(() => {
      if (!done.signal.aborted && !stopped.aborted) listener.report(`has not stopped within ${SLOW_STOP_MS} ms`)
    })
    try {
      await fromSource(name, 'stop', () => receiver.stop())
    } catch (error) {
      listener.report('cannot stop', error)
    } finally {
      done.abort()
      session.end()
    }
    this.#isStopped = true
    listener.stopped(end)
    if (end.restartIn !== undefined) this.#startLater(end.restartIn, FIRST_RETRY_MS)
  }

  #startLater(ms: number, retryMs: number): void {
    const { stopped, listener } = this.#options
    void wait(ms, stopped)
      .then(() => this.start(retryMs))
      .catch((fault: unknown) => listener.report('cannot be started', fault))
  }
}
