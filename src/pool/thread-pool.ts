import type { ResourceLimits } from 'node:worker_threads'
import { ArgumentError, StateError, type ThreadLossReason, type ThreadLostError } from '../errors.js'
import { checkPackageFiles, PACKAGE_ROOT } from '../package-root.js'
import { decodeError } from './error-wire.js'
import { PiscinaHost, type PiscinaModule } from './piscina-host.js'
import type { PoolThread } from './pool-thread.js'
import {
  type AttachMessage,
  PROTOCOL,
  type TaskMessage,
  type TaskResult,
  type TasksMessage,
  type WorkerBoot,
} from './protocol.js'
import { Supervisor, type SupervisorEvents } from './supervisor.js'
import { RESOURCES } from './thread-status.js'
import type { AttachAnswer } from './worker/runtime/attach.js'

export interface ThreadPoolOptions extends SupervisorEvents {
  /** Number of threads that accept tasks, 1 or more. */
  readonly threads: number
  /** Keeps one more thread, attached and warm, that takes over when another dies. Default true. */
  readonly spare?: boolean
  readonly boot: WorkerBoot
  /**
   * The worker's module. Its default export comes from `serve` (worker/runtime/serve.ts). Default: the library's own.
   */
  readonly entry?: URL
  readonly execArgv?: readonly string[]
  readonly resourceLimits?: ResourceLimits
  /** Ms that a terminated thread may take to exit before it counts as dead. Default 100. */
  readonly exitMs?: number
  /** Ms that a thread may take to boot, including its pipeline module, before it is replaced. Default 120,000. */
  readonly bootMs?: number
  /** Closes the pool if it aborts while the pool opens. `open` rejects then. */
  readonly signal?: AbortSignal
  readonly log: PoolLog
}

export interface PoolLog {
  warn(message: string, cause?: unknown): void
}

const EXIT_MS = 100
/**
 * Hundreds of times as long as a typical boot. A replacement would boot no sooner on a busy machine, where eight threads that boot
 * together have taken more than 30 s.
 */
const BOOT_MS = 120_000
/** Ms that `close` waits for connections to close, and for threads in a native call. */
const CLOSE_WAIT_MS = 1_000
/** Workers that may exist at once, as a multiple of the pool's size: terminated workers may not have exited. */
const HEADROOM = 4

/**
 * A fixed number of worker threads, and a spare. The pool replaces threads that die, and rejects calls that waited for
 * them with ThreadLostError. The caller decides which thread runs which task, and how to recover from a loss.
 *
 * An open pool does not keep the process alive: its workers and ports are unreferenced, except while a task or a
 * control call waits for its answer, a thread boots, or a caller waits for `open` or `whenStrong`.
 */
export class ThreadPool implements AsyncDisposable {
  readonly #options: ThreadPoolOptions
  readonly #host: PiscinaHost
  readonly #supervisor: Supervisor
  #closing: Promise<void> | undefined

  /**
   * Starts the threads and resolves when all slots are filled. The spare starts 100 ms later, or when it is needed.
   * Cost: 50 to 100 ms, and the load time of the pipeline module. Rejects with the error of the first thread that
   * cannot be set up.
   */
  static async open(options: ThreadPoolOptions): Promise<ThreadPool> {
    const { threads, exitMs = EXIT_MS, bootMs = BOOT_MS, signal } = options
    if (!Number.isSafeInteger(threads) || threads < 1) {
      throw new ArgumentError(`threads is ${threads}; it must be a whole number from 1 on.`, { threads })
    }
    if (!(exitMs >= 0 && exitMs < 2 ** 31)) {
      throw new ArgumentError(`exitMs is ${exitMs}; it must be milliseconds, 0 or more.`, { exitMs })
    }
    if (!(bootMs > 0 && bootMs < 2 ** 31)) {
      throw new ArgumentError(`bootMs is ${bootMs}; it must be milliseconds, above 0.`, { bootMs })
    }
    checkPackageFiles()
    const pool = new ThreadPool(await import('piscina'), options)
    const close = () => void pool.close()
    signal?.addEventListener('abort', close)
    try {
      signal?.throwIfAborted()
      await pool.#supervisor.start()
    } catch (error) {
      await pool.close()
      throw error
    } finally {
      signal?.removeEventListener('abort', close)
    }
    return pool
  }

  private constructor(piscina: PiscinaModule, options: ThreadPoolOptions) {
    this.#options = options
    const { threads, spare = true, log, entry, execArgv, resourceLimits } = options
    const { exitMs = EXIT_MS, bootMs = BOOT_MS } = options
    this.#host = new PiscinaHost(
      piscina,
      {
        entry: entry ?? new URL('pool/worker/entry.js', PACKAGE_ROOT),
        maxWorkers: HEADROOM * (threads + Number(spare)),
        execArgv,
        resourceLimits,
      },
      (face) => this.#supervisor.onCreated(face),
    )
    const { onThreadReady, onThreadLost, onPromoted, onThreadGone, onBootFailed, onStranded } = options
    this.#supervisor = new Supervisor({
      threads,
      spare,
      exitMs,
      bootMs,
      host: this.#host,
      attach: (thread) => this.#attach(thread),
      warn: (message, cause) => log.warn(message, cause),
      onThreadReady,
      onThreadLost,
      onPromoted,
      onThreadGone,
      onBootFailed,
      onStranded,
    })
  }

  /** The threads that take tasks, in the order of their slots. A slot that waits for a thread is absent. */
  ready(): PoolThread[] {
    return this.#supervisor.ready()
  }

  /** The thread in reserve. It is ready, and gets no tasks until it is promoted. */
  spare(): PoolThread | undefined {
    return this.#supervisor.spare()
  }

  /** All threads that are not dead, those that boot included. */
  threads(): PoolThread[] {
    return this.#supervisor.alive()
  }

  /** Resolves when all slots are filled and the spare is ready. Rejects with StateError if the pool closes first. */
  whenStrong(): Promise<void> {
    return this.#supervisor.whenStrong()
  }

  /**
   * Sends tasks to a thread, which runs them in order after earlier ones and answers them together. A round trip takes
   * 0.05 to 0.1 ms. The answer of a failed task has `ok: false`. Rejects with ThreadLostError if the thread is dead or
   * dies before the answer, with StateError while it boots, and with DataCloneError if the message cannot be cloned.
   */
  async run(thread: PoolThread, tasks: readonly TaskMessage[]): Promise<TaskResult[]> {
    if (thread.state === 'booting') {
      throw new StateError(`Thread ${thread.id} is still booting; dispatch tasks only to threads of ready().`, {
        thread: thread.id,
      })
    }
    const message: TasksMessage = { type: 'tasks', thread: thread.id, tasks }
    return (await thread.task((face) => this.#host.post(face, message))) as TaskResult[]
  }

  /**
   * Terminates a thread and resolves when it is dead: usually after 2 to 15 ms, after `exitMs` at the latest. The pool
   * calls `onThreadGone` when the worker has exited.
   */
  terminate(thread: PoolThread, reason: ThreadLossReason = 'terminated'): Promise<ThreadLostError> {
    return this.#supervisor.terminate(thread, reason)
  }

  /**
   * Terminates all threads. Calls that wait for one reject with ThreadLostError, reason `closed`. Resolves when the
   * threads have exited, or after a second if one is in a native call; that one exits when the call returns. Reports no
   * losses. Safe to call twice.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    await withinWait(this.#closeResources())
    await withinWait(this.#supervisor.close())
  }

  /** Makes threads close the connections of readers and writers. Only threads that have some are asked. */
  async #closeResources(): Promise<void> {
    const holders = this.#supervisor.alive().filter(({ status }) => Atomics.load(status, RESOURCES) === 1)
    const closed = holders.map(async (thread) => {
      try {
        await thread.control.closeResources()
      } catch (error) {
        if (thread.state !== 'dead') this.#options.log.warn('a connection of a worker thread did not close', error)
      }
    })
    await Promise.all(closed)
  }

  async #attach(thread: PoolThread): Promise<void> {
    const message: AttachMessage = {
      type: 'attach',
      protocol: PROTOCOL,
      thread: thread.id,
      control: thread.controlPort,
      status: thread.status.buffer as SharedArrayBuffer,
      boot: this.#options.boot,
    }
    const post = thread.task((face) => this.#host.post(face, message, [thread.controlPort]))
    const answer = (await post) as AttachAnswer
    if (!answer.ok) throw decodeError(answer.error)
  }
}

/** Waits for a promise, CLOSE_WAIT_MS at most. */
async function withinWait(promise: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CLOSE_WAIT_MS)
  })
  await Promise.race([promise, tooLong]).finally(() => clearTimeout(timer))
}
