import { Worker } from 'node:worker_threads'
import { SourceError } from '../../errors.js'
import { PACKAGE_ROOT } from '../../package-root.js'
import { missingPackage } from '../missing-package.js'
import { ExitSignal } from './exit-signal.js'
import type { FromSocket, Piece, SocketThreadData, ToSocket } from './messages.js'
import type { SocketSettings } from './options.js'

/** How long a thread may take to close its socket, in ms, in addition to the time for sending buffered messages. */
const STOP_MS = 5000

export interface SocketListener {
  note(message: string): void
  records?(records: readonly unknown[]): void
  /** Called when the thread ends without a stop. */
  failed(error: SourceError): void
}

/** The driver side of a ZeroMQ socket that has a thread of its own. */
export class SocketThread {
  readonly #name: string
  readonly #settings: SocketSettings
  readonly #worker: Worker
  readonly #exit = new ExitSignal()
  readonly #closeAtExit = () => this.#exit.close()
  readonly #exited: Promise<void>
  readonly #sends: { resolve(): void; reject(error: Error): void }[] = []
  #failure: SourceError | undefined
  #isStopped = false

  private constructor(name: string, settings: SocketSettings, listener: SocketListener, ready: () => void) {
    this.#name = name
    this.#settings = settings
    this.#worker = new Worker(new URL('connectors/zeromq/socket-thread.js', PACKAGE_ROOT), {
      workerData: { settings, exit: this.#exit.shared } satisfies SocketThreadData,
      name: 'millrace zeromq',
    })
    this.#worker.on('message', (message: FromSocket) => {
      if (message.kind === 'ready') ready()
      else if (message.kind === 'note') listener.note(message.message)
      else if (message.kind === 'records') listener.records?.(message.records)
      else if (message.kind === 'sent') this.#sent(message.error)
      else this.#failure ??= this.#errorOf(message.message, message.isMissing)
    })
    this.#worker.on('error', (cause) => {
      this.#failure ??= this.#errorOf(cause.message, false)
    })
    process.on('exit', this.#closeAtExit)
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        process.off('exit', this.#closeAtExit)
        this.#failure ??= this.#errorOf(`its thread ended with code ${code}`, false)
        for (const { reject } of this.#sends.splice(0)) reject(this.#failure)
        if (!this.#isStopped) listener.failed(this.#failure)
        resolve()
      })
    })
  }

  /** Starts the thread, and opens the socket. @throws SourceError (rejects) if that fails. */
  static async open(name: string, settings: SocketSettings, listener: SocketListener): Promise<SocketThread> {
    return await new Promise((resolve, reject) => {
      let isOpen = false
      const thread: SocketThread = new SocketThread(
        name,
        settings,
        { ...listener, failed: (error) => (isOpen ? listener.failed(error) : reject(error)) },
        () => {
          isOpen = true
          resolve(thread)
        },
      )
    })
  }

  /** Reports that a chunk is stored, so the thread may send another. */
  taken(): void {
    this.#post({ kind: 'taken' })
  }

  /** Sends messages. Resolves when the socket has accepted all of them. */
  send(messages: readonly (readonly Piece[])[]): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      this.#sends.push({ resolve, reject })
      this.#post({ kind: 'send', messages })
    })
  }

  /** Closes the socket. Messages that it has received are stored before this resolves. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#post({ kind: 'stop' })
    const late = setTimeout(() => {
      this.#exit.close()
      void this.#worker.terminate()
    }, STOP_MS + this.#settings.lingerMs)
    await this.#exited
    clearTimeout(late)
  }

  #post(message: ToSocket): void {
    this.#worker.postMessage(message)
  }

  #sent(error: string | undefined): void {
    const { resolve, reject } = this.#sends.shift()!
    if (error === undefined) resolve()
    else reject(this.#errorOf(error, false))
  }

  #errorOf(message: string, isMissing: boolean): SourceError {
    if (isMissing) return missingPackage('The connector zeromq needs', ['zeromq'], 6)
    return new SourceError(`${this.#name}: ${message}. Check the addresses, and that the other side runs.`)
  }
}
