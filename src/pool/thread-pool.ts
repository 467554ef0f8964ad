import type { ResourceLimits } from 'node:worker_threads'
import { ArgumentError, StateError, type ThreadLossReason, type ThreadLostError } from '../errors.js'
import { PACKAGE_ROOT } from '../package-root.js'
import { decodeError } from './error-wire.js'
import { checkPackageFiles } from './package-files.js'
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
import type { AttachAnswer } from './worker/attach.js'

export interface ThreadPoolOptions extends SupervisorEvents {
  /** Threads that take tasks, 1 or more. */
  readonly threads: number
  /** One more thread, attached and warm, that takes over when another dies. Default true. */
  readonly spare?: boolean
  readonly boot: WorkerBoot
  /** The worker's module; its default export is made by `serve` of worker/serve.ts. Default: the library's own. */
  readonly entry?: URL
  readonly execArgv?: readonly string[]
  readonly resourceLimits?: ResourceLimits
  /** How long a terminated thread may take to exit before it is treated as dead all the same. Default 100 ms. */
  readonly giveUpMs?: number
  /** How long a thread may take to boot, its pipeline module included, before it is replaced. Default 30 s. */
  readonly bootMs?: number
  readonly log: PoolLog
}

export interface PoolLog {
  warn(message: string, cause?: unknown): void
}

const GIVE_UP_MS = 100
/** A hundred times what a boot takes: a machine may be busy, and a module may have something to load. */
const BOOT_MS = 30_000
/** How long `close` waits for threads that are stuck in a native call. */
const CLOSE_WAIT_MS = 1_000
/** Workers that may exist at once, as a multiple of the pool's size: the room for zombies. */
const HEADROOM = 4

/**
 * A fixed number of worker threads, and one in reserve. Threads that die are replaced; whatever waited for one rejects
 * with ThreadLostError. Which thread does what, and what to do after a loss, is the caller's business.
 *
 * An open pool does not keep the process alive: like Piscina's, its workers and ports are unreferenced, except while
 * a task or a control call waits for its answer, a thread boots, or somebody waits for `open` or `whenStrong`.
 */
export class ThreadPool implements AsyncDisposable {
  readonly #options: ThreadPoolOptions
  readonly #host: PiscinaHost
  readonly #supervisor: Supervisor
  #closing: Promise<void> | undefined

  /**
   * Starts the threads and resolves when all slots are filled; the one in reserve starts 100 ms later, or when it is
   * needed or waited for. Takes 50 to 100 ms and what the pipeline module needs. Rejects with the error of the first thread that cannot be set up.
   */
  static async open(options: ThreadPoolOptions): Promise<ThreadPool> {
    const { threads, giveUpMs = GIVE_UP_MS, bootMs = BOOT_MS } = options
    if (!Number.isSafeInteger(threads) || threads < 1) {
      throw new ArgumentError(`threads: ${threads} is given; it must be a whole number from 1 on.`, { threads })
    }
    if (!(giveUpMs >= 0 && giveUpMs < 2 ** 31)) {
      throw new ArgumentError(`giveUpMs: ${giveUpMs} is given; it must be milliseconds, 0 or more.`, { giveUpMs })
    }
    if (!(bootMs > 0 && bootMs < 2 ** 31)) {
      throw new ArgumentError(`bootMs: ${bootMs} is given; it must be milliseconds, above 0.`, { bootMs })
    }
    checkPackageFiles()
    const pool = new ThreadPool(await import('piscina'), options)
    try {
      await pool.#supervisor.start()
    } catch (error) {
      await pool.close()
      throw error
    }
    return pool
  }

  private constructor(piscina: PiscinaModule, options: ThreadPoolOptions) {
    this.#options = options
    const { threads, spare = true, log, entry, execArgv, resourceLimits } = options
    const { giveUpMs = GIVE_UP_MS, bootMs = BOOT_MS } = options
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
      giveUpMs,
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

  /** The thread in reserve: ready, and given no tasks until it is promoted. */
  spare(): PoolThread | undefined {
    return this.#supervisor.spare()
  }

  /** All threads that are not dead, those that boot included. */
  threads(): PoolThread[] {
    return this.#supervisor.alive()
  }

  /** Resolves when all slots are filled and the spare is ready; rejects with StateError when the pool closes first. */
  whenStrong(): Promise<void> {
    return this.#supervisor.whenStrong()
  }

  /**
   * Sends tasks to a thread; they run one after the other when those sent before have answered, and are answered together.
   * A round trip takes 0.05 to 0.1 ms. A task that fails is answered with `ok: false`. Rejects with ThreadLostError when the thread is dead or dies before the answer,
   * StateError while it boots, and DataCloneError if the message has something that cannot be cloned.
   */
  async run(thread: PoolThread, tasks: readonly TaskMessage[]): Promise<TaskResult[]> {
    if (thread.state === 'booting') {
      throw new StateError(`Thread ${thread.id} is still booting; give tasks to threads of ready().`, {
        thread: thread.id,
      })
    }
    const message: TasksMessage = { type: 'tasks', thread: thread.id, tasks }
    return (await thread.task((face) => this.#host.post(face, message))) as TaskResult[]
  }

  /**
   * Terminates a thread and resolves when it is dead: after 2 to 15 ms as a rule, after `giveUpMs` at the latest.
   * `onThreadGone` tells when it has really exited.
   */
  terminate(thread: PoolThread, reason: ThreadLossReason = 'terminated'): Promise<ThreadLostError> {
    return this.#supervisor.terminate(thread, reason)
  }

  /**
   * Ends all threads; whatever waits for one rejects with ThreadLostError, reason `closed`. Resolves when they have
   * exited, or after a second if one is stuck in a native call; it exits by itself when the call returns. Reports no
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
    let timer: NodeJS.Timeout | undefined
    const tooLong = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_WAIT_MS)
    })
    await Promise.race([this.#supervisor.close(), tooLong])
    clearTimeout(timer)
  }

  async #attach(thread: PoolThread): Promise<void> {
    const message: AttachMessage = {
      type: 'attach',
      protocol: PROTOCOL,
      thread: thread.id,
      control: thread.controlPort,
      vitals: thread.vitals.buffer as SharedArrayBuffer,
      boot: this.#options.boot,
    }
    const post = thread.task((face) => this.#host.post(face, message, [thread.controlPort]))
    const answer = (await post) as AttachAnswer
    if (!answer.ok) throw decodeError(answer.error)
  }
}
