import type { ReceiverSink } from '../ops/source.js'
import type { BlockHandle } from '../pool/blocks/handle.js'
import type { Engine } from './engine.js'
import { TextBuffer } from './text-buffer.js'

/** Records of a block while they are collected. */
const RECORDS_A_BLOCK = 8192
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
  #records: unknown[] = []
  #recordBlocks: BlockHandle[] = []
  /** Bytes handed to batches that are not complete. */
  #pending = 0
  #arrived = 0
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
  }

  space(): Buffer {
    return this.#text.space()
  }

  advance(bytes: number): void {
    this.#arrived += bytes
    this.#text.advance(bytes)
  }

  text(bytes: Uint8Array): void {
    this.#arrived += bytes.length
    this.#text.text(bytes)
  }

  endOfText(): void {
    this.#text.endOfText()
  }

  records(values: readonly unknown[]): void {
    for (const value of values) {
      this.#records.push(value)
      if (this.#records.length === RECORDS_A_BLOCK) this.#sealRecords()
    }
  }

  /** Bytes received for batches that are not complete. */
  get bytes(): number {
    return this.#pending + this.#arrived
  }

  full(): Promise<void> | undefined {
    if (this.bytes < this.#maxBytes && !this.#engine.crowded) return undefined
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
    if (this.#records.length > 0) this.#sealRecords()
    const blocks = [...this.#text.cut(), ...this.#recordBlocks]
    this.#recordBlocks = []
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
    if (this.#waiting && this.bytes < this.#maxBytes && !this.#engine.crowded) {
      this.#waiting.resolve()
      this.#waiting = undefined
    }
  }

  #sealRecords(): void {
    const block = this.#engine.write('records', this.#records)
    this.#recordBlocks.push(block)
    this.#arrived += block.length
    this.#records = []
  }
}
