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
import { type ExitCause, faultCause } from '../../pool/loss.js'
import { driverLoss } from './driver-loss.js'
import type { CallMessage, DriverBoot, DriverCalls, ToDriver, ToHost } from './protocol.js'

/**
 * Ms after which a closing driver thread is terminated: timers of the pipeline could keep it alive forever.
 */
const CLOSE_WAIT_MS = 1_000

export interface LinkListener {
  /** Called for each message from the driver. */
  receive(message: ToHost): void
  /**
   * Called when the thread and its workers have exited and all of its messages have been delivered. `loss`: the reason,
   * if the exit was unexpected.
   */
  lost(loss: ThreadLostError | undefined): void
}

/**
 * The host's end of a driver thread. Messages to a dead thread are lost silently, so the link rejects every open call
 * when the thread exits. It keeps the process alive only while `hold` is in effect.
 */
export class DriverLink {
  readonly worker: Worker
  /** Resolves when the thread has exited. */
  readonly gone: Promise<void>
  readonly #port: MessagePort
  readonly #listener: LinkListener
  readonly #calls = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  #lastId = 0
  #holds = 0
  #exitCause: ExitCause | undefined
  #exiting = false
  #closing: Promise<void> | undefined
  #dead: Error | undefined

  constructor(boot: Omit<DriverBoot, 'port'>, listener: LinkListener) {
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    this.#listener = listener
    this.worker = newWorker({ ...boot, port: port2 }, port1)
    port1.on('message', (message: ToHost) => this.#receive(message))
    this.worker.on('error', (error) => {
      this.#exitCause = faultCause(error)
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

  /** Why no call is possible; undefined while the thread lives. */
  get dead(): Error | undefined {
    return this.#dead
  }

  /** Keeps the process alive until the returned function is called. */
  hold(): () => void {
    if (this.#holds++ === 0) this.worker.ref()
    let held = true
    return () => {
      if (!held) return
      held = false
      if (--this.#holds === 0) this.worker.unref()
    }
  }

  /** Calls the driver. Rejects with the error that it threw, or with ThreadLostError if it dies before it answers. */
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

  /** Asks the thread to exit, terminates it after a second, and resolves when it has exited. */
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

  /** Terminates the thread at once. */
  async terminate(): Promise<void> {
    await this.worker.terminate()
    await this.gone
  }

  #receive(message: ToHost): void {
    if (message.type === 'answer') this.#answer(message.id, message.value, message.error)
    else if (message.type === 'exiting') this.#exiting = true
    else this.#listener.receive(message)
  }

  #answer(id: number, value: unknown, error: WireError | undefined): void {
    const call = this.#calls.get(id)
    if (error) call?.reject(decodeError(error))
    else call?.resolve(value)
  }

  #onExit(exitCode: number): void {
    // The exit event may overtake messages that the thread sent earlier.
    for (let next = receiveMessageOnPort(this.#port); next; next = receiveMessageOnPort(this.#port)) {
      this.#receive(next.message as ToHost)
    }
    this.#port.close()
    const loss = this.#closing
      ? undefined
      : driverLoss({ exitCause: this.#exitCause, exiting: this.#exiting, exitCode })
    this.#dead = loss ?? new StateError('The context is stopped. Open the pipeline again.')
    for (const { reject } of this.#calls.values()) reject(this.#dead)
    this.#listener.lost(loss)
  }
}

function newWorker(boot: DriverBoot, own: MessagePort): Worker {
  try {
    const entry = new URL('engine/driver-thread/entry.js', PACKAGE_ROOT)
    // A worker inherits the flags of the process. With --input-type, Node refuses to start a worker from a file.
    return new Worker(`import(${JSON.stringify(entry)})`, {
      eval: true,
      workerData: boot,
      transferList: [boot.port],
      argv: process.argv.slice(2),
    })
  } catch (error) {
    own.close()
    if ((error as Error).name !== 'DataCloneError') throw error
    const names = Object.keys(boot.options).filter((name) => !cloneable(boot.options[name]))
    throw new ArgumentError(
      `${names.join(' and ')} cannot be sent to a driver thread: ${(error as Error).message} Pass options that are plain data, or set driver: 'host'.`,
      { options: names },
    )
  }
}

function cloneable(value: unknown): boolean {
  try {
    structuredClone(value)
    return true
  } catch {
    // The value cannot be cloned, which is the answer and not a failure.
    return false
  }
}
