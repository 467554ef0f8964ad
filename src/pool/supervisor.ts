import type { Worker } from 'node:worker_threads'
import { StateError, type ThreadLossReason, ThreadLostError } from '../errors.js'
import { messageOf } from '../values/message-of.js'
import { BackOff } from './back-off.js'
import type { PiscinaHost, PiscinaWorker } from './piscina-host.js'
import { PoolThread, type ThreadState, type ThreadWatcher } from './pool-thread.js'

export interface SupervisorEvents {
  /** Called when a thread can accept tasks, in its slot or in reserve (slot -1). */
  onThreadReady?(thread: PoolThread): void
  /** Called when a ready thread has died. If there was a spare, it already has the slot. */
  onThreadLost?(thread: PoolThread, loss: ThreadLostError): void
  /** Called when the spare has a slot, after the `onThreadLost` of the slot's previous thread. */
  onPromoted?(thread: PoolThread): void
  /** Called after `onThreadLost`, when the worker has exited: the memory that it could write to is reusable. */
  onThreadGone?(thread: PoolThread): void
  /**
   * Called when a thread died before it was ready. The pool retries after 10 ms, doubling to 1 s while boots fail in a
   * row.
   */
  onBootFailed?(thread: PoolThread, loss: ThreadLostError): void
  /** Called when no slot is filled and boots keep failing. The pool retries, and reports each further failure. */
  onStranded?(loss: ThreadLostError): void
}

export interface SupervisorOptions extends SupervisorEvents {
  readonly threads: number
  readonly spare: boolean
  readonly exitMs: number
  /** Ms after which a thread that is not ready is terminated and replaced. */
  readonly bootMs: number
  readonly host: PiscinaHost
  /** Sets up a thread that takes messages; a rejection means that it cannot be used. */
  readonly attach: (thread: PoolThread) => Promise<void>
  readonly warn: (message: string, cause: unknown) => void
}

/**
 * Number of threads that may be terminated from outside while a pool opens. A program that kills more will not stop.
 */
const MAX_KILLED_OPENING = 100
/**
 * Number of booting threads that may be terminated from outside in a row while no slot is filled: some seconds on a
 * busy machine.
 */
const MAX_KILLED_BOOTS = 1_000
/**
 * Number of boots in a row that may fail by themselves while no slot is filled. After that, callers that wait for a
 * thread get the error.
 */
const MAX_FAILED_BOOTS = 10
/**
 * Ms after the opening of the pool at which the spare starts, because its boot would take a core from the first
 * results.
 */
const SPARE_AFTER_MS = 100

interface Waiter {
  readonly met: () => boolean
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Keeps all slots filled and one spare in reserve. Only this class starts workers. A slot that loses its thread gets
 * the spare within the same event. Without a spare, the slot gets the next ready thread. Every change calls
 * `#reconcile`, which starts missing workers; only failed boots make it wait.
 */
export class Supervisor implements ThreadWatcher {
  readonly #options: SupervisorOptions
  readonly #host: PiscinaHost
  /** Every worker that has not exited. The thread of a terminated worker may already be `dead`. */
  readonly #threads = new Map<Worker, PoolThread>()
  readonly #slots: (PoolThread | undefined)[]
  readonly #reserve: PoolThread[] = []
  readonly #backOff = new BackOff(() => this.#reconcile())
  /** The same for threads that end themselves after their boot, before their first answer. */
  readonly #crashes = new BackOff(() => this.#reconcile())
  /** Started threads whose attach waits for the back-off. */
  readonly #held = new Set<PoolThread>()
  #waiters: Waiter[] = []
  #opened = false
  #lostOpening = 0
  /** Whether the pool now wants a spare. */
  #wantsSpare = false
  #spareTimer: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#host = options.host
    this.#slots = new Array<PoolThread | undefined>(options.threads).fill(undefined)
  }

  /** Starts all threads. Resolves when every slot is filled; rejects if a thread cannot be set up. */
  async start(): Promise<void> {
    const filled = this.#until(() => this.#slots.every(Boolean))
    this.#reconcile()
    await filled
    this.#opened = true
    this.#spareTimer = setTimeout(() => this.#fillReserve(), SPARE_AFTER_MS).unref()
  }

  /** The threads that take tasks, in the order of their slots. */
  ready(): PoolThread[] {
    return this.#slots.filter((thread) => thread !== undefined)
  }

  spare(): PoolThread | undefined {
    return this.#reserve[0]
  }

  /** All threads that are not dead, in the order of their start. */
  alive(): PoolThread[] {
    return [...this.#threads.values()].filter((thread) => thread.state !== 'dead')
  }

  /** Resolves when all slots are filled and the spare is ready. Rejects with StateError if the pool closes first. */
  whenStrong(): Promise<void> {
    this.#backOff.ref()
    this.#crashes.ref()
    this.#fillReserve()
    return this.#until(() => this.#slots.every(Boolean) && this.#reserve.length >= Number(this.#options.spare))
  }

  terminate(thread: PoolThread, reason: ThreadLossReason, cause?: unknown): Promise<ThreadLostError> {
    return thread.terminate(reason, this.#options.exitMs, cause)
  }

  /** Terminates all threads and resolves when they have exited. Reports nothing from now on. */
  async close(): Promise<void> {
    this.#closed = true
    this.#backOff.stop()
    this.#crashes.stop()
    clearTimeout(this.#spareTimer)
    const threads = [...this.#threads.values()]
    this.#slots.fill(undefined)
    this.#reserve.length = 0
    for (const thread of threads) thread.abandon()
    this.#fail(new StateError('The thread pool was closed while its threads were being started.'))
    await Promise.all([this.#host.destroy(), ...threads.map((thread) => thread.gone)])
  }

  /** Called by the host when a worker takes messages. */
  onCreated(face: PiscinaWorker): void {
    const worker = this.#host.workers.find((candidate) => candidate.threadId === face.id)
    const thread = worker && this.#threads.get(worker)
    // The worker may have ended since: its messages are read at its exit.
    if (!thread || thread.state === 'dead' || this.#closed) return
    thread.started(face)
    this.#host.onUnreadable(face, (cause) => void this.terminate(thread, 'unreadable', cause))
    if (this.#isPausing) this.#held.add(thread)
    else this.#attach(thread)
  }

  onLost(thread: PoolThread, loss: ThreadLostError, was: ThreadState): void {
    if (this.#closed) return
    this.#held.delete(thread)
    const successor = was === 'ready' ? this.#vacate(thread) : undefined
    // Terminations from outside also hit booting threads. That is not a crash loop, and must not slow recovery down.
    if (was === 'booting') this.#backOff.failed(loss.reason === 'terminated', this.#waiters.length > 0)
    else this.#countCrash(thread, loss)
    // While the pool opens, a death may be the first of a series.
    if (this.#opened) this.#fillReserve()
    else this.#lostWhileOpening(loss)
    if (was === 'booting') this.#bootFailed(thread, loss)
    else this.#options.onThreadLost?.(thread, loss)
    if (successor) this.#options.onPromoted?.(successor)
    if (was === 'ready') this.#reportCrashes(loss)
  }

  onGone(thread: PoolThread, was: ThreadState): void {
    this.#threads.delete(thread.worker)
    if (this.#closed) return
    // The exit makes room if maxWorkers existed.
    this.#reconcile()
    if (was === 'ready') this.#options.onThreadGone?.(thread)
  }

  #fillReserve(): void {
    clearTimeout(this.#spareTimer)
    this.#wantsSpare = this.#options.spare
    this.#reconcile()
  }

  get #isPausing(): boolean {
    return this.#backOff.waiting || this.#crashes.waiting
  }

  /** Starts missing workers and attaches those that were held back, unless a pause after failures runs. */
  #reconcile(): void {
    if (this.#closed || this.#isPausing) return
    for (const thread of this.#held) this.#attach(thread)
    this.#held.clear()
    const size = this.#options.threads + Number(this.#wantsSpare)
    try {
      for (let missing = size - this.alive().length; missing > 0; missing--) this.#host.spawn()
    } catch (error) {
      this.#spawnFailed(error)
    }
    for (const worker of this.#host.workers) {
      if (this.#threads.has(worker)) continue
      const thread = new PoolThread(worker, this, this.#options.exitMs)
      this.#threads.set(worker, thread)
      this.#watchBoot(thread)
    }
  }

  /** Called when the system refuses more threads, or the worker options are wrong. */
  #spawnFailed(cause: unknown): void {
    this.#backOff.failed(false, this.#waiters.length > 0)
    this.#options.warn('A worker thread could not be started.', cause)
    if (!this.#opened) this.#fail(cause)
    else if (this.#isStranded(MAX_FAILED_BOOTS)) {
      const message = `No worker thread can be started: ${messageOf(cause)}. Lower threads, or raise the limits of the process.`
      this.#options.onStranded?.(new ThreadLostError('boot', message, { cause }))
    }
  }

  /** Whether no slot is filled and this many boots in a row have failed. */
  #isStranded(limit: number): boolean {
    return this.#backOff.failures >= limit && !this.#slots.some(Boolean)
  }

  /** Terminates a thread that is not ready in time, because its module may wait forever at its top level. */
  #watchBoot(thread: PoolThread): void {
    const { bootMs } = this.#options
    const timer = setTimeout(() => {
      if (thread.state !== 'booting') return
      const error = new StateError(
        `A worker thread was not ready ${bootMs} ms after its start. Code at the top level of the pipeline module must end sooner.`,
        { bootMs },
      )
      void this.terminate(thread, 'boot', error)
    }, bootMs)
    timer.unref()
    void thread.exited.then(() => clearTimeout(timer))
  }

  #attach(thread: PoolThread): void {
    this.#options.attach(thread).then(
      () => this.#onReady(thread),
      (error: unknown) => {
        if (thread.state !== 'dead') void this.terminate(thread, 'boot', error)
      },
    )
  }

  #onReady(thread: PoolThread): void {
    if (thread.state === 'dead') return
    thread.attached()
    this.#backOff.reset()
    const slot = this.#slots.indexOf(undefined)
    if (slot >= 0) this.#seat(thread, slot)
    else this.#reserve.push(thread)
    this.#reconcile()
    this.#options.onThreadReady?.(thread)
    this.#settle()
  }

  #seat(thread: PoolThread, slot: number): void {
    thread.place(slot)
    this.#slots[slot] = thread
  }

  /** Removes a dead thread and returns its successor in the slot, if any. */
  #vacate(thread: PoolThread): PoolThread | undefined {
    const index = this.#reserve.indexOf(thread)
    if (index >= 0) this.#reserve.splice(index, 1)
    if (thread.slot < 0) return undefined
    this.#slots[thread.slot] = undefined
    const successor = this.#reserve.shift()
    if (successor) this.#seat(successor, thread.slot)
    return successor
  }

  /**
   * Counts threads that die before their first answer: a module may end each of its threads by a timer or a rejected
   * promise.
   */
  #countCrash(thread: PoolThread, { reason }: ThreadLostError): void {
    if (thread.hasWorked) this.#crashes.reset()
    else if (reason !== 'terminated') this.#crashes.failed(false, this.#waiters.length > 0)
  }

  #reportCrashes(loss: ThreadLostError): void {
    if (loss.reason === 'terminated' || this.#crashes.failures === 0) return
    this.#options.warn(`A worker thread ended before its first answer: ${loss.message}`, loss)
    if (this.#crashes.failures >= MAX_FAILED_BOOTS && !this.#slots.some(Boolean)) this.#options.onStranded?.(loss)
  }

  /** Code that ends its thread now will do so again. After a termination from outside, the next thread may survive. */
  #lostWhileOpening(loss: ThreadLostError): void {
    const kill = loss.reason === 'terminated'
    if (kill && ++this.#lostOpening < MAX_KILLED_OPENING) this.#reconcile()
    else this.#fail(loss.reason === 'boot' ? loss.cause : loss)
  }

  #bootFailed(thread: PoolThread, loss: ThreadLostError): void {
    this.#options.onBootFailed?.(thread, loss)
    if (!this.#opened || this.#closed) return
    this.#options.warn(`A worker thread died before it was ready: ${loss.message}`, loss)
    const limit = loss.reason === 'terminated' ? MAX_KILLED_BOOTS : MAX_FAILED_BOOTS
    if (this.#isStranded(limit)) this.#options.onStranded?.(loss)
  }

  #until(met: () => boolean): Promise<void> {
    if (this.#closed) return Promise.reject(new StateError('The thread pool is closed.'))
    if (met()) return Promise.resolve()
    return new Promise((resolve, reject) => this.#waiters.push({ met, resolve, reject }))
  }

  #settle(): void {
    const met = this.#waiters.filter((waiter) => waiter.met())
    this.#waiters = this.#waiters.filter((waiter) => !met.includes(waiter))
    for (const waiter of met) waiter.resolve()
  }

  #fail(error: unknown): void {
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error)
  }
}
