import { fileURLToPath } from 'node:url'
import type { MessagePort, ResourceLimits, TransferListItem, Worker } from 'node:worker_threads'
import type * as Piscina from 'piscina'
import { PACKAGE_ROOT } from '../package-root.js'

// Published types refer only to these two types, because Piscina's own declarations fail without `skipLibCheck`.

/** The module `piscina`, imported when the first pool opens, so that loading the library does not load Piscina. */
export interface PiscinaModule {
  readonly queueOptionsSymbol: symbol
}

/** The part of Piscina's internals that is needed for unreadable answers. */
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
  /** The most workers that may exist at once, including terminated ones that have not exited. */
  readonly maxWorkers: number
  readonly execArgv?: readonly string[]
  readonly resourceLimits?: ResourceLimits
}

/**
 * A Piscina that does nothing on its own: it starts a worker on request, posts a message to the worker that the caller
 * names, and never starts, stops, queues or picks by itself.
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

  /** Calls `onCreated` when a worker accepts messages. The first message makes the worker load the entry. */
  constructor(module: PiscinaModule, options: PiscinaHostOptions, onCreated: (face: PiscinaWorker) => void) {
    const { Piscina, queueOptionsSymbol: target } = module as unknown as typeof import('piscina')
    this.#target = target
    this.#piscina = new Piscina({
      filename: fileURLToPath(new URL('pool/worker/bootstrap.cjs', PACKAGE_ROOT)),
      workerData: { entry: options.entry.href },
      minThreads: 0,
      maxThreads: options.maxWorkers,
      idleTimeout: Infinity,
      // With 'sync' an idle worker blocks in Atomics.wait and does not read its control port.
      atomics: 'async',
      concurrentTasksPerWorker: 2,
      recordTiming: false,
      closeTimeout: 100,
      taskQueue: { size: 0, shift: () => null, remove: () => {}, push: () => {} },
      loadBalancer: (task) => (task as unknown as Record<symbol, Picked | null>)[target] ?? null,
      ...(options.execArgv && { execArgv: [...options.execArgv] }),
      ...(options.resourceLimits && { resourceLimits: options.resourceLimits }),
    })
    this.#piscina.on('workerCreate', (worker: object) => {
      const face = worker as PiscinaWorker
      // Piscina's own property is a getter, which makes a new handle of each worker for each message.
      Object.defineProperty(dataOf(face), 'interface', { value: face })
      onCreated(face)
    })
    // Without a listener the process would end. These are errors of workers without a task; the listener of their
    // thread also receives them, and reports them as the cause of its loss.
    this.#piscina.on('error', () => {})
  }

  /** The workers that have not exited, in no particular order. */
  get workers(): readonly Worker[] {
    return this.#piscina.threads
  }

  /** Starts a worker. It is in `workers` on return, unless `maxWorkers` exist. Throws the error of `new Worker`. */
  spawn(): void {
    // The queue drops the task, so its promise never settles. A Piscina that is being destroyed rejects it; then there
    // is nothing to start.
    this.#piscina.run({ [this.#target]: null }).catch(() => {})
  }

  /**
   * Sends a message to a worker. The promise may stay pending forever if the worker ends, so race it with the worker's
   * death.
   */
  post(face: PiscinaWorker, message: object, transferList: TransferListItem[] = []): Promise<unknown> {
    return this.#piscina.run({ ...message, [this.#target]: face }, { transferList })
  }

  /** Calls `report` for each answer of a worker that cannot be deserialized. Its task is not known. */
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

  /** Terminates all workers. Resolves when the last one has exited; a long native call delays that. */
  destroy(): Promise<void> {
    return this.#piscina.destroy()
  }
}

/** Piscina stores it under a symbol that it does not export. */
function dataOf(face: PiscinaWorker): PiscinaWorkerData {
  const values = Object.getOwnPropertySymbols(face).map(
    (symbol) => (face as unknown as Record<symbol, unknown>)[symbol],
  )
  return values.find(
    (value) => typeof (value as PiscinaWorkerData | null)?.processPendingMessages === 'function',
  ) as PiscinaWorkerData
}
