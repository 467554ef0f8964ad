import type { ReceiverSink } from '../../ops/source.js'
import { until } from '../../ops/wait.js'

/** The inbox for messages of all kinds of senders. */
export class Inbox {
  readonly signal: AbortSignal
  readonly #sink: ReceiverSink
  readonly #name: string

  constructor(name: string, sink: ReceiverSink, signal: AbortSignal) {
    this.#name = name
    this.#sink = sink
    this.signal = signal
  }

  /** Whether a sender should wait before it is read. */
  get isFull(): boolean {
    return this.#sink.full() !== undefined
  }

  /** Resolves when there is room; false if the stream has stopped meanwhile. */
  async room(): Promise<boolean> {
    const room = this.#sink.full()
    if (room) await until(room, this.signal)
    return !this.signal.aborted
  }

  /** Stores messages. Resolves when they are as safe as `ackAfter` says, and rejects if the stream stops before. */
  store(messages: readonly unknown[]): Promise<void> {
    return new Promise((ack, nack) => this.#sink.records(messages, { ack, nack }))
  }

  report(message: string, cause?: unknown): void {
    if (!this.signal.aborted) this.#sink.report(`${this.#name}: ${message}`, cause)
  }
}

/** A way for messages to arrive. Several may run at once. */
export interface Entrance {
  /** Starts; rejects if it cannot. */
  open(inbox: Inbox): Promise<void>
  /** Accepts no more messages. Senders still wait for answers. */
  stop(): void
  /** Disconnects the senders, after their answers. */
  close(): Promise<void>
}
