import { BufferFullError } from '../errors.js'
import type { Clock } from '../ops/clock.js'
import type { ReceiverSink } from '../ops/source.js'
import type { BlockHandle } from '../pool/blocks/handle.js'
import type { Engine } from './engine.js'
import { linesIn } from './lines-in.js'
import { RateLimiter } from './rate-limiter.js'
import { RecordBuffer, skipped } from './record-buffer.js'
import { TextBuffer } from './text-buffer.js'

/** Receivers write under numbers of their own, far above those of threads. */
let lastOwner = 2 ** 20

/**
 * Where a receiver puts what arrives. Everything that arrived before a batch time belongs to that batch: `cut` seals it.
 * The driver keeps the blocks until no batch needs them, so the death of all threads loses nothing.
 */
export class ReceiverBuffer implements ReceiverSink {
  readonly signal: AbortSignal
  readonly #engine: Engine
  readonly #text: TextBuffer
  readonly #maxBytes: number
  readonly #report: (message: string, cause?: unknown) => void
  readonly #onPaused: (isPaused: boolean) => void
  readonly #records: RecordBuffer
  #ready: BlockHandle[] = []
  /** Bytes handed to batches that are not complete. */
  #pending = 0
  #arrived = 0
  #dropped = 0
  /** Bytes taken while there was no room, since there was some. */
  #excess = 0
  /** Present if the receiver is slowed. */
  #limiter: RateLimiter | undefined
  /** Where the source writes its next bytes, whose lines are counted if it is slowed. */
  #view: Buffer | undefined
  #waiting: { readonly promise: Promise<void>; readonly resolve: () => void; readonly forget: () => void } | undefined
  /** The source waits for memory, not only for its rate. */
  #isPaused = false

  constructor(
    engine: Engine,
    signal: AbortSignal,
    maxBytes: number,
    report: (message: string, cause?: unknown) => void,
    onPaused: (isPaused: boolean) => void = () => {},
  ) {
    this.#onPaused = onPaused
    this.#engine = engine
    this.signal = signal
    this.#maxBytes = maxBytes
    this.#report = report
    this.#text = new TextBuffer(engine, engine.newWriter(lastOwner++), report)
    this.#records = new RecordBuffer((records) => engine.write('records', records))
  }

  /** From now on only so many records (of text: lines) a second may come; Infinity: as many as like. */
  limit(rate: number, clock: Clock): void {
    if (this.#limiter) {
      this.#limiter.rate = rate
      return
    }
    this.#limiter = new RateLimiter(clock, rate, () => this.#letGo())
    this.signal.addEventListener('abort', () => this.#limiter!.stop(), { once: true })
  }

  space(): Buffer {
    this.#view = this.#text.space()
    return this.#view
  }

  advance(bytes: number): void {
    this.#arrived += bytes
    this.#limiter?.took(linesIn(this.#view!.subarray(0, bytes)))
    this.#text.advance(bytes)
  }

  text(bytes: Uint8Array): void {
    if (!this.#admit()) this.#excess += bytes.length
    this.#arrived += bytes.length
    this.#limiter?.took(linesIn(bytes))
    this.#text.text(bytes)
  }

  endOfText(): void {
    this.#text.endOfText()
  }

  records(values: readonly unknown[]): void {
    const room = this.#admit()
    const before = this.#records.bytes
    this.#limiter?.took(values.length)
    const { refused, first } = this.#records.add(values)
    if (first) this.#report(skipped(refused, values.length, first), first)
    if (!room) this.#excess += Math.max(0, this.#records.bytes - before)
  }

  /** Bytes received for batches that are not complete. */
  get bytes(): number {
    return this.#pending + this.#arrived + this.#records.bytes
  }

  full(): Promise<void> | undefined {
    if (this.#hasRoom()) return undefined
    if (!this.#waiting) {
      let resolve!: () => void
      const promise = new Promise<void>((done) => {
        resolve = done
      })
      this.#waiting = { promise, resolve, forget: this.#engine.memory.onRoom(() => this.#letGo()) }
      // What is kept and can be computed again gives way: no task may be about to start that would see to it.
      this.#engine.memory.makeRoom()
      this.#notePause()
    }
    return this.#waiting?.promise
  }

  dropped(records: number): void {
    this.#dropped += records
  }

  /** Records that the source dropped since the last call. */
  takeDropped(): number {
    const dropped = this.#dropped
    this.#dropped = 0
    return dropped
  }

  report(message: string, cause?: unknown): void {
    this.#report(message, cause)
  }

  /** Seals what is complete and enters it in the driver's books, with two owners each. */
  cut(): BlockHandle[] {
    // One after the other: what was sealed stays for the next cut if the other cannot be.
    this.#ready.push(...this.#text.cut())
    this.#ready.push(...this.#records.cut())
    const blocks = this.#ready
    this.#ready = []
    for (const block of blocks) {
      this.#engine.blocks.register(block, 0, { rooted: true })
      this.#pending += block.length
    }
    this.#arrived = 0
    return blocks
  }

  /**
   * A batch that used these blocks is complete. What arrived since the last cut counts too: several batches may complete
   * before the next cut, and a source that read once after each would fill that one without bound.
   */
  consumed(blocks: readonly BlockHandle[]): void {
    for (const block of blocks) this.#pending -= block.length
    this.#letGo()
  }

  #hasRoom(): boolean {
    return this.bytes < this.#maxBytes && !this.#engine.memory.crowded && (this.#limiter?.isFree() ?? true)
  }

  #letGo(): void {
    if (!this.#waiting || !this.#hasRoom()) return
    const { resolve, forget } = this.#waiting
    this.#waiting = undefined
    forget()
    resolve()
    this.#notePause()
  }

  /** Pauses by rate come many times a second, and are not reported. */
  #notePause(): void {
    const isPaused = this.#waiting !== undefined && (this.bytes >= this.#maxBytes || this.#engine.memory.crowded)
    if (isPaused === this.#isPaused) return
    this.#isPaused = isPaused
    this.#onPaused(isPaused)
  }

  /**
   * Whether there is room. Throws BufferFullError once a source has brought `maxBytes` after it was asked to wait: one that
   * waits brings a chunk at most, so only callers that ignore the promise come here.
   */
  #admit(): boolean {
    if (this.#hasRoom()) {
      this.#excess = 0
      return true
    }
    // What a source still holds when it is stopped belongs to the last batch: the source has bounded it.
    if (this.#excess < this.#maxBytes || this.signal.aborted) return false
    throw new BufferFullError(
      `The stream holds ${this.bytes} bytes for batches that are not complete, ${this.#excess} of which came after it asked to wait. Nothing of this call was taken. Wait for the promise that push() returns, choose another onFull, or raise receiverBufferBytes (${this.#maxBytes}) or memoryLimit.`,
      { bytes: this.bytes, excess: this.#excess, receiverBufferBytes: this.#maxBytes },
    )
  }
}
