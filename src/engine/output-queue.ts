import { ArgumentError, StateError } from '../errors.js'
import { recordSize } from '../values/record-size.js'

/** One batch of a named output. */
export interface OutputBatch<T = unknown> {
  /** The batch time in ms. */
  readonly time: number
  readonly records: T[]
}

export function unknownOutput(name: string, known: ReadonlySet<string>): ArgumentError {
  return new ArgumentError(
    `There is no output named ${JSON.stringify(name)}. Outputs: ${[...known].join(', ') || 'none'}; name one with stream.output('${name}').`,
    { output: name },
  )
}

/** Batches, and about their bytes, that may wait for the host before the output operation itself waits. */
export const OUTPUT_BOUND = 256
export const OUTPUT_BYTES = 64 * 1024 * 1024

/** Whether so much waits for the host that the next batch must wait. */
export function isOutputFull(batches: number, bytes: number): boolean {
  return batches >= OUTPUT_BOUND || bytes >= OUTPUT_BYTES
}

/** About the bytes of an output batch. */
export function outputSize(records: readonly unknown[]): number {
  let bytes = 0
  for (const record of records) bytes += recordSize(record)
  return bytes
}

/** Carries the batches of a named output to the host, in order; when the host is far behind, batches wait for it. */
export class OutputQueue implements AsyncIterable<OutputBatch> {
  readonly #name: string
  readonly #warn: (message: string) => void
  readonly #onTaken: () => void
  readonly #batches: OutputBatch[] = []
  /** About the bytes of each batch that waits, and of all. */
  readonly #sizes: number[] = []
  #bytes = 0
  #taken = false
  /** No batch waits for room any more: few can come. */
  #released = false
  #ended: { readonly error?: unknown } | undefined
  #wake: (() => void) | undefined
  #room: (() => void) | undefined

  /** Waits for the next batch, or rejects if none can come. */
  readonly #next: (batch: Promise<void>) => Promise<void>

  /** `onTaken` is called for each batch that the reader takes. */
  constructor(
    name: string,
    warn: (message: string) => void,
    onTaken: () => void = () => {},
    next: (batch: Promise<void>) => Promise<void> = (batch) => batch,
  ) {
    this.#next = next
    this.#name = name
    this.#warn = warn
    this.#onTaken = onTaken
  }

  /** Batches that wait for a reader. */
  get waiting(): number {
    return this.#batches.length
  }

  /** Resolves when there is room for the next batch. */
  async put(time: number, records: unknown[]): Promise<void> {
    const size = outputSize(records)
    this.#batches.push({ time, records })
    this.#sizes.push(size)
    this.#bytes += size
    this.#wake?.()
    if (!isOutputFull(this.#batches.length, this.#bytes) || this.#ended || this.#released) return
    if (!this.#taken)
      this.#warn(
        `output('${this.#name}') has ${this.#batches.length} batches that nobody reads, some ${this.#bytes} bytes: batches wait. Read it with 'for await (const batch of ssc.output('${this.#name}'))'.`,
      )
    await new Promise<void>((resolve) => {
      this.#room = resolve
    })
  }

  /** No more batches: the iteration ends after those that wait, with the error if there is one. */
  end(error?: unknown): void {
    this.#ended ??= { error }
    this.#wake?.()
    this.#room?.()
  }

  /** The context stops: no batch waits for room any more. */
  release(): void {
    this.#released = true
    this.#room?.()
    this.#room = undefined
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<OutputBatch> {
    if (this.#taken)
      throw new StateError(`output('${this.#name}') is being read already; it has one reader.`, { output: this.#name })
    this.#taken = true
    try {
      for (;;) {
        const batch = this.#batches.shift()
        if (batch) {
          this.#bytes -= this.#sizes.shift()!
          if (!isOutputFull(this.#batches.length, this.#bytes)) {
            this.#room?.()
            this.#room = undefined
          }
          this.#onTaken()
          yield batch
          continue
        }
        if (this.#ended) {
          if (this.#ended.error !== undefined) throw this.#ended.error
          return
        }
        const woken = new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        await this.#next(woken)
        this.#wake = undefined
      }
    } finally {
      this.#taken = false
    }
  }
}
