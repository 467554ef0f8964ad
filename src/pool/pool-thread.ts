import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads'
import type { ThreadLossReason, ThreadLostError } from '../errors.js'
import type { ThreadId } from '../ids.js'
import { nextThread } from './blocks/writers.js'
import { ControlPlane, type ThreadControl } from './control-plane.js'
import { type ExitCause, faultCause, threadLoss } from './loss.js'
import type { PiscinaWorker } from './piscina-host.js'
import { EXITING, newThreadStatus } from './thread-status.js'

/** `booting`: started, but not attached. `ready`: accepts tasks. `dead`: exited, or terminated and overdue; final. */
export type ThreadState = 'booting' | 'ready' | 'dead'

/** Receives losses synchronously, inside the worker's own events. */
export interface ThreadWatcher {
  /** Called when a thread dies. `was` is its state before. `thread.exited` resolves after this call. */
  onLost(thread: PoolThread, loss: ThreadLostError, was: ThreadState): void
  /** Called when the worker has exited and cannot write to its memory any more. `was` as in `onLost`. */
  onGone(thread: PoolThread, was: ThreadState): void
}

/** One worker thread of the pool, from its start to the exit of its worker. */
export class PoolThread {
  /** Unique in the process and never reused, so it is also the thread's epoch. */
  readonly id: ThreadId = nextThread()
  /** For tests and the stress command, which call `worker.terminate()`. */
  readonly worker: Worker
  /** Shared words that the thread writes, see thread-status.ts. */
  readonly status: Int32Array = newThreadStatus()
  /** Resolves when the thread is dead; never rejects. */
  readonly exited: Promise<ThreadLostError>
  /** Resolves when the worker has exited: together with `exited`, or later if the thread was declared dead before. */
  readonly gone: Promise<void>
  /** The worker's end of the control plane, which is sent with the attach message. */
  readonly controlPort: MessagePort

  readonly #watcher: ThreadWatcher
  readonly #plane: ControlPlane
  readonly #pending = new Set<(loss: ThreadLostError) => void>()
  #resolveExited!: (loss: ThreadLostError) => void
  #resolveGone!: () => void
  #state: ThreadState = 'booting'
  /** The state before `dead`. */
  #was: ThreadState = 'booting'
  #slot = -1
  #inFlight = 0
  #hasWorked = false
  #face: PiscinaWorker | undefined
  #exitCause: ExitCause | undefined
  #loss: ThreadLostError | undefined
  #exitTimer: NodeJS.Timeout | undefined

  constructor(worker: Worker, watcher: ThreadWatcher, exitMs: number) {
    this.worker = worker
    this.#watcher = watcher
    this.exited = new Promise((resolve) => {
      this.#resolveExited = resolve
    })
    this.gone = new Promise((resolve) => {
      this.#resolveGone = resolve
    })
    const { port1, port2 } = new MessageChannel()
    this.controlPort = port2
    this.#plane = new ControlPlane(port1, (promise) => this.race(promise))
    worker.on('error', (error) => this.#markDying(faultCause(error), exitMs))
    worker.on('exit', (code) => this.#onExit(code))
  }

  get state(): ThreadState {
    return this.#state
  }

  /** 0 to threads - 1, or -1 for a spare. A dead thread keeps the slot it had. */
  get slot(): number {
    return this.#slot
  }

  /** Tasks that the thread has received and not answered. */
  get inFlight(): number {
    return this.#inFlight
  }

  /** Whether it has answered any message since its attach. */
  get hasWorked(): boolean {
    return this.#hasWorked
  }

  /** The reason of the thread's death; undefined while it lives. */
  get loss(): ThreadLostError | undefined {
    return this.#loss
  }

  /**
   * Calls to the thread. They may be made as soon as the thread exists, because the port queues them until it is
   * attached.
   */
  get control(): ThreadControl {
    return this.#plane.control
  }

  /** Known when the worker accepts messages. */
  get face(): PiscinaWorker | undefined {
    return this.#face
  }

  // Only the pool calls the methods below.

  started(face: PiscinaWorker): void {
    this.#face = face
  }

  attached(): void {
    this.#state = 'ready'
  }

  place(slot: number): void {
    this.#slot = slot
  }

  /** Counts a task while it runs, and races it with the thread's death. */
  async task<T>(post: (face: PiscinaWorker) => Promise<T>): Promise<T> {
    const face = this.#face
    // Between an uncaught error and the exit, Piscina has already dropped the worker.
    if (this.#loss || !face || face.destroyed) throw await this.exited
    this.#inFlight++
    try {
      const answer = await this.race(post(face))
      this.#hasWorked ||= this.#state === 'ready'
      return answer
    } finally {
      this.#inFlight--
    }
  }

  /**
   * Settles like the promise, or rejects with the thread's loss, whichever comes first. Promise.race would leave a
   * reaction on `exited` for every call, for as long as the thread lives.
   */
  race<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const lost = (loss: ThreadLostError) => reject(loss)
      this.#pending.add(lost)
      promise.then(
        (value) => {
          this.#pending.delete(lost)
          resolve(value)
        },
        (error: unknown) => {
          // When a worker dies, Piscina rejects with its own error. The loss, which contains the reason, follows.
          if (this.#face?.destroyed && !this.#loss) return
          this.#pending.delete(lost)
          reject(error)
        },
      )
      if (this.#loss) reject(this.#loss)
    })
  }

  /**
   * Terminates the thread. It is dead at its exit, or after `exitMs`. A long native call cannot be interrupted: until it
   * returns, the worker of a dead thread may still write to its memory.
   */
  terminate(reason: ThreadLossReason, exitMs: number, cause?: unknown): Promise<ThreadLostError> {
    this.#markDying({ reason, cause }, exitMs)
    void this.worker.terminate()
    return this.exited
  }

  /** Marks the thread dead at once, without a call of the watcher, because the pool closes. */
  abandon(): void {
    this.#exitCause ??= { reason: 'closed' }
    this.#lose(undefined)
  }

  /** Keeps the first exit cause: later ones are its consequences. */
  #markDying(exitCause: ExitCause, exitMs: number): void {
    if (this.#state === 'dead') return
    this.#exitCause ??= exitCause
    this.#exitTimer ??= setTimeout(() => this.#die(undefined), exitMs)
  }

  #onExit(code: number): void {
    this.#die(code)
    this.#resolveGone()
    this.#watcher.onGone(this, this.#was)
  }

  #die(exitCode: number | undefined): void {
    if (this.#state === 'dead') return
    this.#was = this.#state
    const loss = this.#lose(exitCode)
    this.#watcher.onLost(this, loss, this.#was)
  }

  #lose(exitCode: number | undefined): ThreadLostError {
    clearTimeout(this.#exitTimer)
    if (this.#loss) return this.#loss
    const exiting = Atomics.load(this.status, EXITING) === 1
    const loss = threadLoss({ thread: this.id, slot: this.#slot, exitCause: this.#exitCause, exiting, exitCode })
    this.#state = 'dead'
    this.#loss = loss
    this.#plane.release()
    for (const reject of this.#pending) reject(loss)
    this.#pending.clear()
    this.#resolveExited(loss)
    return loss
  }
}
