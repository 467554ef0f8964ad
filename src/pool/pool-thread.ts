import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads'
import type { ThreadLossReason, ThreadLostError } from '../errors.js'
import { ControlPlane, type ThreadControl } from './control-plane.js'
import { faultVerdict, threadLoss, type Verdict } from './loss.js'
import type { PiscinaWorker } from './piscina-host.js'
import { EXITING, newVitals } from './vitals.js'

/**
 * `booting`: started, but not attached. `ready`: takes tasks. `dead`: exited, or given up; never goes back.
 */
export type ThreadState = 'booting' | 'ready' | 'dead'

/** Told synchronously, inside the worker's own events. */
export interface ThreadWatcher {
  /** The thread is dead; `was` is its state before. `thread.exited` resolves after this call. */
  onLost(thread: PoolThread, loss: ThreadLostError, was: ThreadState): void
  /** The thread has really exited: nothing writes to memory that it held any more. `was` as in `onLost`. */
  onGone(thread: PoolThread, was: ThreadState): void
}

let lastId = 0

/** One worker thread of the pool, from its start to its real exit. */
export class PoolThread {
  /** Runs through the whole process and is never used twice, so it is also the thread's epoch. */
  readonly id = ++lastId
  /** For tests and the stress command, which call `worker.terminate()`. */
  readonly worker: Worker
  /** Shared words that the thread writes, see vitals.ts. */
  readonly vitals: Int32Array = newVitals()
  /** Resolves when the thread is dead; never rejects. */
  readonly exited: Promise<ThreadLostError>
  /** Resolves at the worker's real exit: with `exited`, or later if the thread was given up (a zombie). */
  readonly gone: Promise<void>
  /** The worker's end of the control plane, which travels with the attach message. */
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
  #verdict: Verdict | undefined
  #loss: ThreadLostError | undefined
  #giveUp: NodeJS.Timeout | undefined

  constructor(worker: Worker, watcher: ThreadWatcher, giveUpMs: number) {
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
    this.#plane = new ControlPlane(port1, this.id, (promise) => this.race(promise))
    worker.on('error', (error) => this.#condemn(faultVerdict(error), giveUpMs))
    worker.on('exit', (code) => this.#onExit(code))
  }

  get state(): ThreadState {
    return this.#state
  }

  /** 0 to threads - 1, or -1 for a thread in reserve. A dead thread keeps the slot it had. */
  get slot(): number {
    return this.#slot
  }

  /** Tasks given to the thread and not answered. */
  get inFlight(): number {
    return this.#inFlight
  }

  /** Whether it has answered anything after its attach. */
  get hasWorked(): boolean {
    return this.#hasWorked
  }

  /** Why the thread is dead; undefined while it is not. */
  get loss(): ThreadLostError | undefined {
    return this.#loss
  }

  /** Calls to the thread. They may be made as soon as it exists: they wait in the port until it is attached. */
  get control(): ThreadControl {
    return this.#plane.control
  }

  /** Known once the worker takes messages. */
  get face(): PiscinaWorker | undefined {
    return this.#face
  }

  // The methods below are for the pool.

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
    // Between an uncaught error and the exit, Piscina has let go of the worker already.
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
   * Settles as the promise does, or rejects with the thread's loss, whichever comes first. Not Promise.race: that
   * would leave a reaction on `exited` for every call, for as long as the thread lives.
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
          // Piscina rejects with errors of its own when a worker dies; the loss, which says why, is about to follow.
          if (this.#face?.destroyed && !this.#loss) return
          this.#pending.delete(lost)
          reject(error)
        },
      )
      if (this.#loss) reject(this.#loss)
    })
  }

  /**
   * Ends the thread. It is dead at its exit, or after `giveUpMs`: a long native call cannot be interrupted, and until
   * it returns the worker is a zombie, which may still write to memory that it holds.
   */
  terminate(reason: ThreadLossReason, giveUpMs: number, cause?: unknown): Promise<ThreadLostError> {
    this.#condemn({ reason, cause }, giveUpMs)
    void this.worker.terminate()
    return this.exited
  }

  /** Dead at once, without telling the watcher: the pool closes. */
  abandon(): void {
    this.#verdict ??= { reason: 'closed' }
    this.#lose(undefined)
  }

  /** The first verdict stands; later ones are its consequences. */
  #condemn(verdict: Verdict, giveUpMs: number): void {
    if (this.#state === 'dead') return
    this.#verdict ??= verdict
    this.#giveUp ??= setTimeout(() => this.#die(undefined), giveUpMs)
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
    clearTimeout(this.#giveUp)
    if (this.#loss) return this.#loss
    const exiting = Atomics.load(this.vitals, EXITING) === 1
    const loss = threadLoss({ thread: this.id, slot: this.#slot, verdict: this.#verdict, exiting, exitCode })
    this.#state = 'dead'
    this.#loss = loss
    this.#plane.release()
    for (const reject of this.#pending) reject(loss)
    this.#pending.clear()
    this.#resolveExited(loss)
    return loss
  }
}
