import { fileURLToPath } from 'node:url'
import type { MessagePort, ResourceLimits, TransferListItem, Worker } from 'node:worker_threads'
import type * as Piscina from 'piscina'
import { PACKAGE_ROOT } from '../package-root.js'

// Published types refer to these two, and to nothing of Piscina's own: its declarations fail without `skipLibCheck`.

/** The module `piscina`, imported when the first pool opens, so that loading the library does not load Piscina. */
export interface PiscinaModule {
  readonly queueOptionsSymbol: symbol
}

/** What Piscina's handle refers to, as far as answers that cannot be read go. */
interface PiscinaWorkerData {
  readonly port: MessagePort
  processPendingMessages(): void
}

/** Piscina's handle of one worker, which its load balancer returns to pick that worker. */
export interface PiscinaWorker {
  readonly id: number
  readonly destroyed: boolean
}

type Picked = NonNullable<
  ReturnType<NonNullable<NonNullable<ConstructorParameters<typeof Piscina.Piscina>[0]>['loadBalancer']>>
>

export interface PiscinaHostOptions {
  /** The module that worker/bootstrap.cts imports; its default export handles the messages. */
  readonly entry: URL
  /** The most workers that may exist at once, zombies included. */
  readonly maxWorkers: number
  readonly execArgv?: readonly string[]
  readonly resourceLimits?: ResourceLimits
}

/**
 * One Piscina that does only what it is told: it starts a worker when asked, hands a message to the worker it is told,
 * and never starts, stops, queues or picks by itself.
 *
 * | wish | how |
 * | --- | --- |
 * | no start of its own | `minThreads: 0`. Its own refilling knows no back-off, and ends for good once a worker died while it booted |
 * | start one worker | run a task without a worker: the balancer refuses it, Piscina starts one, the queue drops it |
 * | room beyond the pool's size | `maxThreads` above it: a worker stuck in a native call counts until its exit |
 * | this worker and no other | the task carries the worker's handle, the balancer returns it: O(1) |
 * | nothing waits in Piscina | the queue stores nothing. A task goes to its worker's port at once or not at all |
| no answer is missed | `onUnreadable`: Piscina itself drops an answer that cannot be deserialized, or throws from another one's event |
 */
export class PiscinaHost {
  readonly #piscina: Piscina.Piscina
  readonly #target: symbol

  /** `onCreated` is called when a worker takes messages; the first one makes it load the entry. */
  constructor(module: PiscinaModule, options: PiscinaHostOptions, onCreated: (face: PiscinaWorker) => void) {
    const { Piscina, queueOptionsSymbol: target } = module as unknown as typeof import('piscina')
    this.#target = target
    this.#piscina = new Piscina({
      filename: fileURLToPath(new URL('pool/worker/bootstrap.cjs', PACKAGE_ROOT)),
      workerData: { entry: options.entry.href },
      minThreads: 0,
      maxThreads: options.maxWorkers,
      idleTimeout: Infinity,
      // With 'sync' an idle worker blocks in Atomics.wait and its control port is deaf.
      atomics: 'async',
      concurrentTasksPerWorker: 2,
      recordTiming: false,
      closeTimeout: 100,
      taskQueue: { size: 0, shift: () => null, remove: () => {}, push: () => {} },
      loadBalancer: (task) => (task as unknown as Record<symbol, Picked | null>)[target] ?? null,
      ...(options.execArgv && { execArgv: [...options.execArgv] }),
      ...(options.resourceLimits && { resourceLimits: options.resourceLimits }),
    })
    this.#piscina.on('workerCreate', onCreated as (worker: object) => void)
    // Without a listener the process would end. The errors are those of workers without a task; they also reach the
    // listener of their thread, which reports them as the cause of its loss.
    this.#piscina.on('error', () => {})
  }

  /** The workers that have not exited, in no particular order. */
  get workers(): readonly Worker[] {
    return this.#piscina.threads
  }

  /** Starts a worker; it is in `workers` on return unless `maxWorkers` are there. Throws what `new Worker` throws. */
  spawn(): void {
    // The queue drops the task, so its promise never settles; a Piscina that is being destroyed rejects it, and then
    // there is nothing to start.
    this.#piscina.run({ [this.#target]: null }).catch(() => {})
  }

  /** Sends a message to a worker. The promise may stay pending for ever if the worker ends: race it with its death. */
  post(face: PiscinaWorker, message: object, transferList: TransferListItem[] = []): Promise<unknown> {
    return this.#piscina.run({ ...message, [this.#target]: face }, { transferList })
  }

  /** Calls `report` for each answer of a worker that cannot be deserialized. The task that it belongs to is not known. */
  onUnreadable(face: PiscinaWorker, report: (error: unknown) => void): void {
    const data = dataOf(face)
    data.port.on('messageerror', report)
    const read = data.processPendingMessages.bind(data)
    data.processPendingMessages = () => {
      try {
        read()
      } catch (error) {
        report(error)
      }
    }
  }

  /** Terminates all workers. Resolves when the last has exited, which a long native call delays. */
  destroy(): Promise<void> {
    return this.#piscina.destroy()
  }
}

/** Piscina keeps it under a symbol that it does not export. */
function dataOf(face: PiscinaWorker): PiscinaWorkerData {
  const values = Object.getOwnPropertySymbols(face).map(
    (symbol) => (face as unknown as Record<symbol, unknown>)[symbol],
  )
  return values.find(
    (value) => typeof (value as PiscinaWorkerData | null)?.processPendingMessages === 'function',
  ) as PiscinaWorkerData
}
