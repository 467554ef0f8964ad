import type { Worker } from 'node:worker_threads'
import { StateError, type ThreadLossReason, type ThreadLostError } from '../errors.js'
import { BackOff } from './back-off.js'
import type { PiscinaHost, PiscinaWorker } from './piscina-host.js'
import { PoolThread, type ThreadState, type ThreadWatcher } from './pool-thread.js'

export interface SupervisorEvents {
  /** A thread takes tasks now, in its slot or in reserve (slot -1). */
  onThreadReady?(thread: PoolThread): void
  /** A ready thread is dead. Its slot has a new thread already if there was one in reserve. */
  onThreadLost?(thread: PoolThread, loss: ThreadLostError): void
  /** A thread from the reserve has taken a slot. Follows the `onThreadLost` that made the slot free. */
  onPromoted?(thread: PoolThread): void
  /** A lost thread has really exited: memory it could write to may be used again. Follows `onThreadLost`. */
  onThreadGone?(thread: PoolThread): void
  /** A thread died before it was ready. The pool tries again: after 10 ms, doubling to 1 s while boots fail in a row. */
  onBootFailed?(thread: PoolThread, loss: ThreadLostError): void
  /** No slot is filled, and boots keep failing. The pool still tries, and reports each further failure. */
  onStranded?(loss: ThreadLostError): void
}

export interface SupervisorOptions extends SupervisorEvents {
  readonly threads: number
  readonly spare: boolean
  readonly giveUpMs: number
  /** A thread that is not ready after so long is given up and replaced. */
  readonly bootMs: number
  readonly host: PiscinaHost
  /** Sets up a thread that takes messages; a rejection means that it cannot be used. */
  readonly attach: (thread: PoolThread) => Promise<void>
  readonly warn: (message: string, cause: unknown) => void
}

/** Threads that may be terminated from outside while a pool is being opened. Whatever kills more will not stop. */
const MAX_KILLED_OPENING = 100
/** Booting threads that may be terminated from outside in a row while no slot is filled: on a busy machine some seconds. */
const MAX_KILLED_BOOTS = 1_000
/** Boots that may fail in a row, by themselves, while no slot is filled: then whoever waits for a thread is told. */
const MAX_FAILED_BOOTS = 10
/** How long a pool that opens does without a spare: its boot would take a core from the first results. */
const SPARE_AFTER_MS = 100

interface Waiter {
  readonly met: () => boolean
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Keeps the pool at its strength: `threads` slots filled, one thread in reserve. It alone starts workers. A slot that
 * loses its thread gets the one in reserve within the same event; where there is none, it waits for the next that is
 * ready. Every change calls `#muster`, which starts what is missing; only failed boots make it wait.
 */
export class Supervisor implements ThreadWatcher {
  readonly #options: SupervisorOptions
  readonly #host: PiscinaHost
  /** Every worker that has not exited; zombies are in it with state `dead`. */
  readonly #threads = new Map<Worker, PoolThread>()
  readonly #slots: (PoolThread | undefined)[]
  readonly #reserve: PoolThread[] = []
  readonly #backOff = new BackOff(() => this.#muster())
  /** The same for threads that end themselves after their boot, before they have done anything. */
  readonly #crashes = new BackOff(() => this.#muster())
  /** Started threads whose attach waits for the back-off. */
  readonly #held = new Set<PoolThread>()
  #waiters: Waiter[] = []
  #opened = false
  #lostOpening = 0
  /** Whether the reserve is to be filled. */
  #wantsSpare = false
  #spareTimer: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#host = options.host
    this.#slots = new Array<PoolThread | undefined>(options.threads).fill(undefined)
  }

  /** Starts all threads. Resolves when every slot is filled; rejects when a thread cannot be set up. */
  async start(): Promise<void> {
    const filled = this.#until(() => this.#slots.every(Boolean))
    this.#muster()
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

  /** Resolves when all slots and the reserve are filled. Rejects with StateError when the pool closes first. */
  whenStrong(): Promise<void> {
    this.#backOff.ref()
    this.#crashes.ref()
    this.#fillReserve()
    return this.#until(() => this.#slots.every(Boolean) && this.#reserve.length >= Number(this.#options.spare))
  }

  terminate(thread: PoolThread, reason: ThreadLossReason, cause?: unknown): Promise<ThreadLostError> {
    return thread.terminate(reason, this.#options.giveUpMs, cause)
  }

  /** Ends all threads and resolves when they have exited. Nothing is reported any more. */
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

  /** For the host: a worker takes messages. */
  onCreated(face: PiscinaWorker): void {
    const worker = this.#host.workers.find((candidate) => candidate.threadId === face.id)
    const thread = worker && this.#threads.get(worker)
    // The news of a worker that has ended since are drained at its exit.
    if (!thread || thread.state === 'dead' || this.#closed) return
    thread.started(face)
    this.#host.onUnreadable(face, (cause) => void this.terminate(thread, 'unreadable', cause))
    if (this.#isPausing) this.#held.add(thread)
    else this.#attach(thread)
  }

  onLost(thread: PoolThread, loss: ThreadLostError, was: ThreadState): void {
    if (this.#closed) return
    this.#held.delete(thread)
    const heir = was === 'ready' ? this.#vacate(thread) : undefined
    // Whoever shoots at threads hits some that boot: that is no crash loop, and must not make recovery slow.
    if (was === 'booting') this.#backOff.failed(loss.reason === 'terminated', this.#waiters.length > 0)
    else this.#countCrash(thread, loss)
    // A thread that dies so early may not be the last.
    if (this.#opened) this.#fillReserve()
    else this.#lostWhileOpening(loss)
    if (was === 'booting') this.#bootFailed(thread, loss)
    else this.#options.onThreadLost?.(thread, loss)
    if (heir) this.#options.onPromoted?.(heir)
    if (was === 'ready') this.#reportCrashes(loss)
  }

  onGone(thread: PoolThread, was: ThreadState): void {
    this.#threads.delete(thread.worker)
    if (this.#closed) return
    // A zombie's exit makes room where maxWorkers were there.
    this.#muster()
    if (was === 'ready') this.#options.onThreadGone?.(thread)
  }

  #fillReserve(): void {
    clearTimeout(this.#spareTimer)
    this.#wantsSpare = this.#options.spare
    this.#muster()
  }

  get #isPausing(): boolean {
    return this.#backOff.waiting || this.#crashes.waiting
  }

  /** Starts missing workers and attaches those that were held back, unless threads keep dying young. */
  #muster(): void {
    if (this.#closed || this.#isPausing) return
    for (const thread of this.#held) this.#attach(thread)
    this.#held.clear()
    const size = this.#options.threads + Number(this.#wantsSpare)
    try {
      for (let missing = size - this.alive().length; missing > 0; missing--) this.#host.spawn()
    } catch (error) {
      // The system refuses more threads, or the options of the worker are wrong.
      this.#backOff.failed(false, this.#waiters.length > 0)
      this.#options.warn('A worker thread could not be started.', error)
      if (!this.#opened) this.#fail(error)
    }
    for (const worker of this.#host.workers) {
      if (this.#threads.has(worker)) continue
      const thread = new PoolThread(worker, this, this.#options.giveUpMs)
      this.#threads.set(worker, thread)
      this.#watchBoot(thread)
    }
  }

  /** A module may wait for ever for something at its top level: nobody else would notice. */
  #watchBoot(thread: PoolThread): void {
    const { bootMs } = this.#options
    const timer = setTimeout(() => {
      if (thread.state !== 'booting') return
      const error = new StateError(
        `A worker thread was not ready ${bootMs} ms after its start. What its module does when it is loaded must come to an end.`,
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
    this.#muster()
    this.#options.onThreadReady?.(thread)
    this.#settle()
  }

  #seat(thread: PoolThread, slot: number): void {
    thread.place(slot)
    this.#slots[slot] = thread
  }

  /** Takes a dead thread out and returns the one that took its slot, if any. */
  #vacate(thread: PoolThread): PoolThread | undefined {
    const index = this.#reserve.indexOf(thread)
    if (index >= 0) this.#reserve.splice(index, 1)
    if (thread.slot < 0) return undefined
    this.#slots[thread.slot] = undefined
    const heir = this.#reserve.shift()
    if (heir) this.#seat(heir, thread.slot)
    return heir
  }

  /** A module may end each of its threads soon after their boot, from a timer or by a promise that nobody handles. */
  #countCrash(thread: PoolThread, { reason }: ThreadLostError): void {
    if (thread.hasWorked) this.#crashes.reset()
    else if (reason !== 'terminated') this.#crashes.failed(false, this.#waiters.length > 0)
  }

  #reportCrashes(loss: ThreadLostError): void {
    if (loss.reason === 'terminated' || this.#crashes.failures === 0) return
    this.#options.warn(`A worker thread ended before it had done anything: ${loss.message}`, loss)
    if (this.#crashes.failures >= MAX_FAILED_BOOTS && !this.#slots.some(Boolean)) this.#options.onStranded?.(loss)
  }

  /** Code that ends its thread now will do so again; after a termination from outside the next may live. */
  #lostWhileOpening(loss: ThreadLostError): void {
    const kill = loss.reason === 'terminated'
    if (kill && ++this.#lostOpening < MAX_KILLED_OPENING) this.#muster()
    else this.#fail(loss.reason === 'boot' ? loss.cause : loss)
  }

  #bootFailed(thread: PoolThread, loss: ThreadLostError): void {
    this.#options.onBootFailed?.(thread, loss)
    if (!this.#opened || this.#closed) return
    this.#options.warn(`A worker thread died before it was ready: ${loss.message}`, loss)
    const limit = loss.reason === 'terminated' ? MAX_KILLED_BOOTS : MAX_FAILED_BOOTS
    if (this.#backOff.failures >= limit && !this.#slots.some(Boolean)) this.#options.onStranded?.(loss)
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
