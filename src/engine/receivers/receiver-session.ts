import { StateError } from '../../errors.js'
import type { Receipt, ReceiverSink } from '../../ops/source.js'
import type { ReceiverBuffer } from './receiver-buffer.js'

/** Handles a receiver's requests to stop or to restart itself. */
export interface SessionOwner {
  restart(session: ReceiverSession, message: string, cause: unknown, delay: number | undefined): void
  stop(session: ReceiverSession, message: string | undefined, cause: unknown): void
}

/** The sink of a receiver from one start to its stop. Later data does not reach the buffer. */
export class ReceiverSession implements ReceiverSink {
  readonly #name: string
  readonly #buffer: ReceiverBuffer
  readonly #owner: SessionOwner
  readonly #abort = new AbortController()
  #hasEnded = false

  constructor(name: string, buffer: ReceiverBuffer, owner: SessionOwner) {
    this.#name = name
    this.#buffer = buffer
    this.#owner = owner
  }

  get isLogged(): boolean {
    return this.#buffer.isLogged
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Announces the stop to the receiver. Until it has stopped, it may still pass the data that it holds. */
  abort(): void {
    this.#abort.abort()
  }

  /** Called when the receiver has stopped. */
  end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#abort.abort()
    this.#buffer.endOfText()
  }

  space(): Buffer {
    this.#mustRun('space')
    return this.#buffer.space()
  }

  advance(bytes: number): void {
    this.#mustRun('advance')
    this.#buffer.advance(bytes)
  }

  text(bytes: Uint8Array, receipt?: Receipt): void {
    this.#mustRun('text')
    this.#buffer.text(bytes, receipt)
  }

  endOfText(): void {
    this.#mustRun('endOfText')
    this.#buffer.endOfText()
  }

  records(values: readonly unknown[], receipt?: Receipt): void {
    this.#mustRun('records')
    this.#buffer.records(values, receipt)
  }

  full(): Promise<void> | undefined {
    return this.#buffer.full()
  }

  dropped(records: number): void {
    this.#buffer.dropped(records)
  }

  report(message: string, cause?: unknown): void {
    this.#buffer.report(message, cause)
  }

  restart(message: string, cause?: unknown, delay?: number): void {
    this.#owner.restart(this, message, cause, delay)
  }

  stop(message?: string, cause?: unknown): void {
    this.#owner.stop(this, message, cause)
  }

  #mustRun(method: string): void {
    if (!this.#hasEnded) return
    throw new StateError(
      `${this.#name} called ${method}() of the sink after it had stopped. The sink accepted no data. stop() must wait for everything that calls the sink.`,
    )
  }
}
