import { BufferFullError } from '../../errors.js'
import type { Clock } from '../../ops/clock.js'
import type { AckAfter, Receipt } from '../../ops/source.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import { nextReceiver } from '../../pool/blocks/writers.js'
import type { Engine } from '../engine.js'
import { RateLimiter } from './rate-limiter.js'
import { Receipts, type ReceiptsOwner } from './receipts.js'
import { RecordBuffer, skipped } from './record-buffer.js'
import { type LogOfInput, SealedBlocks } from './sealed-blocks.js'
import { TextBuffer } from './text-buffer.js'
import { WaitingRecords } from './waiting-records.js'

/** The input that owns a buffer. */
export interface ReceiverListener {
  /** Reports a fault that the stream survives. */
  report(message: string, cause?: unknown): void
  /** Called when the source starts to wait for memory, and when it continues. */
  paused(isPaused: boolean): void
}

export interface ReceiverBufferOptions {
  readonly engine: Engine
  /** Aborts when the stream stops. */
  readonly stopped: AbortSignal
  /** Bytes that may wait for batches before the source must wait. */
  readonly maxBytes: number
  readonly listener: ReceiverListener
  readonly clock: Clock
  readonly ackAfter?: AckAfter
  /** Present if what arrives goes into a write-ahead log. */
  readonly log?: LogOfInput
}

/**
 * Buffers the data of a receiver. Everything that arrived before a batch time belongs to that batch: `cut` seals it.
 * The driver owns the blocks until no batch needs them, so they survive the death of all threads.
 */
export class ReceiverBuffer implements ReceiptsOwner {
  readonly #stopped: AbortSignal
  readonly #engine: Engine
  readonly #text: TextBuffer
  readonly #maxBytes: number
  readonly #listener: ReceiverListener
  readonly #records: RecordBuffer
  readonly receipts: Receipts
  readonly sealed: SealedBlocks
  /** Records that no batch has; for text, complete lines. */
  readonly waiting: WaitingRecords
  readonly #flushInterval: number | undefined
  #flushTimer: NodeJS.Timeout | undefined
  /** Bytes of text and number of records so far: the end position of a receipt's data. */
  #end = 0
  /** Bytes of text since the last seal. */
  #arrived = 0
  #dropped = 0
  #skipped = 0
  /** Bytes accepted since the buffer became full. */
  #excess = 0
  /** Set under back-pressure. */
  #limiter: RateLimiter | undefined
  #waiting: { readonly promise: Promise<void>; readonly resolve: () => void; readonly forget: () => void } | undefined
  /** Whether the source waits for memory, and not only for its rate. */
  #isPaused = false

  constructor({ engine, stopped, maxBytes, listener, clock, ackAfter = 'stored', log }: ReceiverBufferOptions) {
    this.#engine = engine
    this.#stopped = stopped
    this.#maxBytes = maxBytes
    this.#listener = listener
    this.waiting = new WaitingRecords(clock)
    this.#text = new TextBuffer(engine.driver.segments, engine.driver.newWriter(nextReceiver()), listener)
    this.#records = new RecordBuffer((records) => engine.driver.write('records', records))
    this.receipts = new Receipts({ ackAfter, owner: this })
    this.sealed = new SealedBlocks({ engine, receipts: this.receipts, log, listener })
    this.#flushInterval = log?.received.flushInterval
    if (log) stopped.addEventListener('abort', () => clearTimeout(this.#flushTimer), { once: true })
  }

  /** Limits the records per second; for text, the lines per second. Infinity: no limit. */
  limit(rate: number, clock: Clock): void {
    if (this.#limiter) {
      this.#limiter.rate = rate
      return
    }
    this.#limiter = new RateLimiter(clock, rate, () => this.#resumeSource())
    this.#stopped.addEventListener('abort', () => this.#limiter!.stop(), { once: true })
  }

  space(): Buffer {
    return this.#text.space()
  }

  advance(bytes: number): void {
    this.#arrived += bytes
    this.#end += bytes
    const lines = this.#text.advance(bytes)
    this.waiting.add(lines)
    this.#limiter?.took(lines)
    this.#flushSoon()
  }

  text(bytes: Uint8Array, receipt?: Receipt): void {
    if (!this.#admit()) this.#excess += bytes.length
    this.#arrived += bytes.length
    this.#end += bytes.length
    const lines = this.#text.text(bytes)
    this.waiting.add(lines)
    this.#limiter?.took(lines)
    if (receipt) this.receipts.add(receipt, this.#end)
    this.#flushSoon()
  }

  endOfText(): void {
    this.#text.endOfText()
  }

  records(values: readonly unknown[], receipt?: Receipt): void {
    const room = this.#admit()
    const before = this.#records.bytes
    this.#limiter?.took(values.length)
    const { refused, first } = this.#records.add(values)
    this.#skipped += refused
    this.waiting.add(values.length - refused)
    if (first) this.#listener.report(skipped(refused, values.length, first), first)
    if (!room) this.#excess += Math.max(0, this.#records.bytes - before)
    this.#end += values.length
    if (receipt) this.receipts.add(receipt, this.#end)
    this.#flushSoon()
  }

  /** Whether receipts of 'stored' data wait for a write-ahead log. */
  get isLogged(): boolean {
    return this.#flushInterval !== undefined
  }

  /** Bytes received for batches that are not complete. */
  get bytes(): number {
    return this.sealed.bytes + this.#arrived + this.#records.bytes
  }

  full(): Promise<void> | undefined {
    if (this.#hasRoom()) return undefined
    if (!this.#waiting) {
      let resolve!: () => void
      const promise = new Promise<void>((done) => {
        resolve = done
      })
      this.#waiting = { promise, resolve, forget: this.#engine.memory.onRoom(() => this.#resumeSource()) }
      // Evicts persisted partitions that can be recomputed. Otherwise only a task that starts would evict them, and
      // none may start soon.
      this.#engine.memory.makeRoom()
      this.#reportPause()
    }
    return this.#waiting?.promise
  }

  dropped(records: number): void {
    this.#dropped += records
  }

  /** Returns the number of records that the source dropped since the last call. */
  takeDropped(): number {
    const dropped = this.#dropped
    this.#dropped = 0
    return dropped
  }

  /** Returns the number of records since the last call that were skipped because they are not data. */
  takeSkipped(): number {
    const skipped = this.#skipped
    this.#skipped = 0
    return skipped
  }

  report(message: string, cause?: unknown): void {
    this.#listener.report(message, cause)
  }

  /** Seals complete data, and returns everything sealed since the last cut: the data of a batch. */
  cut(): BlockHandle[] {
    this.#seal()
    const blocks = this.sealed.take()
    // An unfinished line belongs to no batch yet. If it counted, a line that fills the buffer would stop its source
    // forever.
    this.#arrived = 0
    return blocks
  }

  sealForReceipts(): void {
    try {
      this.#seal()
    } catch (error) {
      this.report('received data cannot be sealed yet, so it is not acknowledged yet', error)
    }
  }

  receiptFailed(error: unknown): void {
    this.report('a receipt threw', error)
  }

  /**
   * Called when a batch with these blocks is complete. The bytes since the last cut still count: several batches may
   * complete before the next cut, and a source that reads after each of them would fill that batch without bound.
   */
  consumed(blocks: readonly BlockHandle[]): void {
    this.sealed.consumed(blocks)
    this.#resumeSource()
  }

  /** Seals complete data. If sealing records fails, they stay for the next seal. */
  #seal(): void {
    const text = this.#text.cut()
    for (const { length } of text) this.#arrived = Math.max(0, this.#arrived - length)
    // Not complete before the records are sealed, too.
    this.sealed.add(text, 0)
    this.sealed.add(this.#records.cut(), this.#end - this.#text.openBytes)
  }

  /** With a log: what arrives without a receipt must not wait for a batch to be written. */
  #flushSoon(): void {
    if (this.#flushInterval === undefined || this.#flushTimer) return
    this.#flushTimer = setTimeout(() => {
      this.#flushTimer = undefined
      this.sealForReceipts()
    }, this.#flushInterval).unref()
  }

  #hasRoom(): boolean {
    return this.bytes < this.#maxBytes && !this.#engine.memory.isFull && (this.#limiter?.isFree() ?? true)
  }

  #resumeSource(): void {
    if (!this.#waiting || !this.#hasRoom()) return
    const { resolve, forget } = this.#waiting
    this.#waiting = undefined
    forget()
    resolve()
    this.#reportPause()
  }

  /** Reports waits for memory only; waits for the rate occur many times per second. */
  #reportPause(): void {
    const isPaused = this.#waiting !== undefined && (this.bytes >= this.#maxBytes || this.#engine.memory.isFull)
    if (isPaused === this.#isPaused) return
    this.#isPaused = isPaused
    this.#listener.paused(isPaused)
  }

  /**
   * Returns whether there is room. @throws BufferFullError if a source has added `maxBytes` without waiting for room. A
   * source that waits exceeds the limit by one chunk at most, so only callers that ignore the promise get this error.
   */
  #admit(): boolean {
    if (this.#hasRoom()) {
      this.#excess = 0
      return true
    }
    // The last batch accepts everything that a source still holds when it stops, because the source bounds that itself.
    if (this.#excess < this.#maxBytes || this.#stopped.aborted) return false
    throw new BufferFullError(
      `The stream holds ${this.bytes} bytes for batches that are not complete, ${this.#excess} of which arrived after push() had returned a promise. This call added nothing. Await the promise that push() returns, choose another onFull, or raise receiverBufferBytes (${this.#maxBytes}) or memoryLimit.`,
      { bytes: this.bytes, excess: this.#excess, receiverBufferBytes: this.#maxBytes },
    )
  }
}
