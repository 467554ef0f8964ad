/**
 * A receiver receives data pushed from outside (sockets, HTTP, brokers). It runs in the driver and passes bytes or
 * records to a ReceiverSink, which cuts them into blocks. The batch at time t contains the data that arrived before t.
 */
export interface ReceiverSource<T = unknown> {
  readonly kind: 'receiver'
  /** The name in errors, events and logs: `socket 127.0.0.1:9999`. */
  readonly name: string
  /** `text`: newline-separated bytes; `records`: JavaScript values. */
  readonly codec: 'text' | 'records'
  /**
   * When receipts of data are acknowledged.
   *
   * - `'stored'` (default): within milliseconds, when the data is in sealed blocks owned by the driver and `replicas`
   *   threads. It then survives the death of any thread. With a write-ahead log it is also synced to a file before, and
   *   survives the process; without one it survives neither the process nor a stop that is not graceful.
   * - `'processed'`: when the batch of the data will not run again and, with checkpoints, a checkpoint contains the
   *   batch. If the process dies earlier, the service sends the data again: every record is processed at least once.
   *   Such data does not go into a write-ahead log, which would deliver it a second time.
   */
  readonly ackAfter?: AckAfter
  /** The number of records that the source holds before it is started, if any. */
  readonly pending?: number
  /** Called once for each start of the stream. Must not open anything yet. */
  create(): Receiver
  /**
   * The type of the records, from which `input` infers its result; never set. It is a method, so that the call may
   * narrow it.
   */
  __record?(record: T): void
}

export type AckAfter = 'stored' | 'processed'

export interface Receiver {
  /**
   * Starts receiving. Resolves when data can arrive. The engine reports a rejection and retries with back-off, unless
   * the error's `details` have `final: true`. After a restart the engine calls it again, with another sink.
   */
  start(sink: ReceiverSink): Promise<void>
  /**
   * Stops receiving. After the promise has resolved, no data may enter the sink. Must be safe to call twice and before
   * `start`. Receipts may still be settled afterwards: keep what they need until `close`.
   */
  stop(): Promise<void>
  /** Releases all resources, after the last batch and the last receipt. Called once, after `stop`. */
  close?(): Promise<void>
}

/**
 * The sender's side of data that a service waits to have acknowledged. The engine calls `ack` or `nack`, once, after
 * the call that passed the data has returned. It settles receipts in the order of these calls.
 */
export interface Receipt {
  /** When the data is acknowledged. Default: the `ackAfter` of its source. */
  readonly after?: AckAfter
  /**
   * Acknowledges the data: it is as safe as `after` says. Records that are not data count as handled.
   */
  ack(): void
  /** Refuses the data: the stream stopped first. The service must send it again, or it is lost. */
  nack?(reason: Error): void
}

/** Accepts the data of a receiver from one start to its stop. After that, calls that pass data throw StateError. */
export interface ReceiverSink {
  /** Aborts when the receiver must stop. Receivers pass it to everything they wait for. */
  readonly signal: AbortSignal
  /**
   * Returns free shared memory (never empty) into which to read text without a copy; `advance(n)` then adds its first n
   * bytes. A line may be split anywhere and stays whole. The view is valid until the next call.
   */
  space(): Buffer
  advance(bytes: number): void
  /**
   * Adds a piece of text, which is copied. If the last line is unfinished, its receipt is settled when the line ends.
   */
  text(bytes: Uint8Array, receipt?: Receipt): void
  /** Ends a connection, file or message: an unfinished last line becomes a line. */
  endOfText(): void
  /**
   * Adds records, which are copied, all to the same batch. Records that are not data are skipped and reported as a
   * `receiverError`.
   */
  records(values: readonly unknown[], receipt?: Receipt): void
  /**
   * Reports back-pressure. Undefined means continue; a promise means stop reading (pause the socket) until it resolves.
   * Call it after every `advance`, `text` and `records`. If a receiver does not wait and adds `receiverBufferBytes`
   * more, `text` and `records` throw BufferFullError; they then add nothing and do not settle the receipt.
   */
  full(): Promise<void> | undefined
  /**
   * Whether a write-ahead log contains data before its `'stored'` receipts are acknowledged. It then survives the
   * process.
   */
  readonly isLogged?: boolean
  /** Counts records that the source dropped because its buffer was full. The events of the batch report them. */
  dropped?(records: number): void
  /** Reports a fault from which the receiver recovers itself, such as a lost connection, to listeners and the log. */
  report(message: string, cause?: unknown): void
  /**
   * Asks the engine to stop the receiver and to start it again after `delay` ms (2,000). Returns at once. Use it for
   * faults that only a new start repairs. Listeners receive a `receiverStopped` with the message, then a
   * `receiverStarted`.
   */
  restart(message: string, cause?: unknown, delay?: number): void
  /**
   * Asks the engine to stop the receiver for good, because its input has ended or cannot continue. Returns at once. The
   * streams continue without it. Listeners receive a `receiverStopped`.
   */
  stop(message?: string, cause?: unknown): void
}
