import type { ReceiverSink } from '../../ops/source.js'
import { until } from '../../ops/wait.js'

/** Stores the messages of all senders, whatever transport they use. */
export class Inbox {
  readonly signal: AbortSignal
  readonly #sink: ReceiverSink
  readonly #name: string

  constructor(name: string, sink: ReceiverSink, signal: AbortSignal) {
    this.#name = name
    this.#sink = sink
    this.signal = signal
  }

  /** Whether senders should pause, because the buffer is full. */
  get isFull(): boolean {
    return this.#sink.full() !== undefined
  }

  /** Resolves when the buffer has room. Returns false if the stream stopped meanwhile. */
  async room(): Promise<boolean> {
    const room = this.#sink.full()
    if (room) await until(room, this.signal)
    return !this.signal.aborted
  }

  /**
   * Stores messages. Resolves when they are stored, or processed, as `ackAfter` says. Rejects if the stream stops
   * before.
   */
  store(messages: readonly unknown[]): Promise<void> {
    return new Promise((ack, nack) => this.#sink.records(messages, { ack, nack }))
  }

  report(message: string, cause?: unknown): void {
    if (!this.signal.aborted) this.#sink.report(`${this.#name}: ${message}`, cause)
  }
}

/** A transport by which messages arrive. A source may have several. */
export interface Entrance {
  /** Starts to accept messages. Rejects if that is impossible. */
  open(inbox: Inbox): Promise<void>
  /** Stops accepting messages. Stored messages are still acknowledged. */
  stop(): void
  /** Disconnects the senders after the last acknowledgements. */
  close(): Promise<void>
}
