import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  type TransferListItem,
  Worker,
} from 'node:worker_threads'
import { ArgumentError, StateError, type ThreadLostError } from '../../errors.js'
import { PACKAGE_ROOT } from '../../package-root.js'
import { decodeError, type WireError } from '../../pool/error-wire.js'
import { faultVerdict, type Verdict } from '../../pool/loss.js'
import { driverLoss } from './driver-loss.js'
import type { CallMessage, DriverBoot, DriverCalls, ToDriver, ToHost } from './protocol.js'

/** How long a driver that was told to close may keep its thread: timers of the pipeline's own could keep it for ever. */
const CLOSE_WAIT_MS = 1_000

export interface LinkWatcher {
  onMessage(message: ToHost): void
  /** The thread has exited, and so have its workers; every message that it sent has been delivered. */
  onGone(loss: ThreadLostError | undefined): void
}

/**
 * The host's end of a driver thread. A message to a dead thread is lost without a word, so every call is kept here and
 * rejected when the thread exits. The link keeps the process alive only while somebody holds it.
 */
export class DriverLink {
  readonly worker: Worker
  /** Resolves when the thread has exited. */
  readonly gone: Promise<void>
  readonly #port: MessagePort
  readonly #watcher: LinkWatcher
  readonly #calls = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  #lastId = 0
  #holds = 0
  #verdict: Verdict | undefined
  #exiting = false
  #closing: Promise<void> | undefined
  #dead: Error | undefined

  constructor(boot: Omit<DriverBoot, 'port'>, watcher: LinkWatcher) {
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    this.#watcher = watcher
    this.worker = newWorker({ ...boot, port: port2 }, port1)
    port1.on('message', (message: ToHost) => this.#receive(message))
    this.worker.on('error', (error) => {
      this.#verdict = faultVerdict(error)
    })
    this.gone = new Promise((resolve) => {
      this.worker.on('exit', (code) => {
        this.#onExit(code)
        resolve()
      })
    })
    port1.unref()
    this.worker.unref()
  }

  /** Why nothing can be asked any more; undefined while the thread lives. */
  get dead(): Error | undefined {
    return this.#dead
  }

  /** Keeps the process alive until the function that it answers with is called. */
  hold(): () => void {
    if (this.#holds++ === 0) this.worker.ref()
    let held = true
    return () => {
      if (!held) return
      held = false
      if (--this.#holds === 0) this.worker.unref()
    }
  }

  /** Rejects with what the driver threw, or with ThreadLostError when the driver dies before it answers. */
  async call<N extends keyof DriverCalls>(
    name: N,
    ...args: Parameters<DriverCalls[N]>
  ): Promise<Awaited<ReturnType<DriverCalls[N]>>> {
    if (this.#dead) throw this.#dead
    const id = ++this.#lastId
    const release = this.hold()
    try {
      return (await new Promise<unknown>((resolve, reject) => {
        this.#calls.set(id, { resolve, reject })
        this.post({ type: 'call', id, name, args } as CallMessage)
      })) as Awaited<ReturnType<DriverCalls[N]>>
    } finally {
      this.#calls.delete(id)
      release()
    }
  }

  post(message: ToDriver, transfer: TransferListItem[] = []): void {
    this.#port.postMessage(message, transfer)
  }

  /** Ends the thread and resolves when it has exited: by itself as a rule, by force if it does not within a second. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const release = this.hold()
    this.post({ type: 'close' })
    const timer = setTimeout(() => void this.worker.terminate(), CLOSE_WAIT_MS)
    await this.gone
    clearTimeout(timer)
    release()
  }

  /** Ends the thread at once, whatever it does. */
  async terminate(): Promise<void> {
    await this.worker.terminate()
    await this.gone
  }

  #receive(message: ToHost): void {
    if (message.type === 'answer') this.#answer(message.id, message.value, message.error)
    else if (message.type === 'exiting') this.#exiting = true
    else this.#watcher.onMessage(message)
  }

  #answer(id: number, value: unknown, error: WireError | undefined): void {
    const call = this.#calls.get(id)
    if (error) call?.reject(decodeError(error))
    else call?.resolve(value)
  }

  #onExit(exitCode: number): void {
    // The exit may overtake what the thread sent before it.
    for (let next = receiveMessageOnPort(this.#port); next; next = receiveMessageOnPort(this.#port)) {
      this.#receive(next.message as ToHost)
    }
    this.#port.close()
    const loss = this.#closing ? undefined : driverLoss({ verdict: this.#verdict, exiting: this.#exiting, exitCode })
    this.#dead = loss ?? new StateError('The context is stopped. Open the pipeline again.')
    for (const { reject } of this.#calls.values()) reject(this.#dead)
    this.#watcher.onGone(loss)
  }
}

function newWorker(boot: DriverBoot, own: MessagePort): Worker {
  try {
    return new Worker(new URL('engine/driver-thread/entry.js', PACKAGE_ROOT), {
      workerData: boot,
      transferList: [boot.port],
      argv: process.argv.slice(2),
    })
  } catch (error) {
    own.close()
    if ((error as Error).name !== 'DataCloneError') throw error
    const names = Object.keys(boot.options).filter((name) => !cloneable(boot.options[name]))
    throw new ArgumentError(
      `${names.join(' and ')} cannot be given to a driver in a thread of its own: ${(error as Error).message} Options must be plain data there; or choose driver: 'host'.`,
      { options: names },
    )
  }
}

function cloneable(value: unknown): boolean {
  try {
    structuredClone(value)
    return true
  } catch {
    // That is the answer.
    return false
  }
}
