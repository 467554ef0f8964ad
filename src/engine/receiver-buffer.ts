import type { Clock } from '../ops/clock.js'
import type { ReceiverSink } from '../ops/source.js'
import type { BlockHandle } from '../pool/blocks/handle.js'
import type { Engine } from './engine.js'
import { RateLimiter } from './rate-limiter.js'
import { RecordBuffer } from './record-buffer.js'
import { TextBuffer } from './text-buffer.js'

const NEWLINE = 10
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
  readonly #records: RecordBuffer
  #ready: BlockHandle[] = []
  /** Bytes handed to batches that are not complete. */
  #pending = 0
  #arrived = 0
  /** Present if the receiver is slowed. */
  #limiter: RateLimiter | undefined
  /** Where the source writes its next bytes, whose lines are counted if it is slowed. */
  #view: Buffer | undefined
  #waiting: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined

  constructor(
    engine: Engine,
    signal: AbortSignal,
    maxBytes: number,
    report: (message: string, cause?: unknown) => void,
  ) {
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
    this.#arrived += bytes.length
    this.#limiter?.took(linesIn(bytes))
    this.#text.text(bytes)
  }

  endOfText(): void {
    this.#text.endOfText()
  }

  records(values: readonly unknown[]): void {
    this.#limiter?.took(values.length)
    const { refused, first } = this.#records.add(values)
    if (first)
      this.#report(
        `${refused} of ${values.length} records ${refused === 1 ? 'was' : 'were'} skipped: ${first.message}`,
        first,
      )
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
      this.#waiting = { promise, resolve }
    }
    return this.#waiting.promise
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
    return this.bytes < this.#maxBytes && !this.#engine.crowded && (this.#limiter?.isFree() ?? true)
  }

  #letGo(): void {
    if (!this.#waiting || !this.#hasRoom()) return
    this.#waiting.resolve()
    this.#waiting = undefined
  }
}

function linesIn(bytes: Uint8Array): number {
  let lines = 0
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) lines++
  return lines
}
