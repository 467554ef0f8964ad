import { ArgumentError, StateError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { recordSize } from '../../values/record-size.js'

/** One batch of a named output. */
export interface OutputBatch<T = unknown> {
  /** The batch time in ms. */
  readonly time: number
  readonly records: T[]
}

export function unknownOutput(name: string, known: ReadonlySet<string>): ArgumentError {
  return new ArgumentError(
    `There is no output named ${describe(name)}. Outputs: ${[...known].join(', ') || 'none'}; name one with stream.output(${describe(name)}).`,
    { output: name },
  )
}

/** The most batches, and about the most bytes, that wait for the host before the output operation itself waits. */
export const OUTPUT_BOUND = 256
export const OUTPUT_BYTES = 64 * 1024 * 1024

/** Returns whether the next batch must wait for the host. */
export function isOutputFull(batches: number, bytes: number): boolean {
  return batches >= OUTPUT_BOUND || bytes >= OUTPUT_BYTES
}

/** Returns the approximate bytes of an output batch. */
export function outputSize(records: readonly unknown[]): number {
  let bytes = 0
  for (const record of records) bytes += recordSize(record)
  return bytes
}

/** The context that owns an output. */
export interface OutputHost {
  /** Logs that batches wait for a reader. */
  warn(message: string): void
  /** Called when the reader has taken a batch. */
  taken(output: string): void
  /** Waits for the next batch. Rejects if none can come. */
  untilNext(batch: Promise<void>, output: string): Promise<void>
}

/** Delivers the batches of a named output to the host, in order. If the host falls far behind, batches wait for it. */
export class OutputQueue implements AsyncIterable<OutputBatch> {
  readonly #name: string
  readonly #host: OutputHost
  readonly #batches: OutputBatch[] = []
  /** The approximate bytes of each waiting batch. */
  readonly #sizes: number[] = []
  #bytes = 0
  #taken = false
  /** Whether the context stops, so that no batch waits for room. */
  #released = false
  #ended: { readonly error?: unknown } | undefined
  #wake: (() => void) | undefined
  #room: (() => void) | undefined

  constructor(name: string, host: OutputHost) {
    this.#name = name
    this.#host = host
  }

  /** The number of batches that wait for a reader. */
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
      this.#host.warn(
        `output('${this.#name}') has ${this.#batches.length} batches without a reader, some ${this.#bytes} bytes: batches wait. Read it with 'for await (const batch of ssc.output('${this.#name}'))'.`,
      )
    await new Promise<void>((resolve) => {
      this.#room = resolve
    })
  }

  /** Ends the iteration after the waiting batches, with the error if there is one. */
  end(error?: unknown): void {
    this.#ended ??= { error }
    this.#wake?.()
    this.#room?.()
  }

  /** Lets all batches pass without waiting for room. */
  release(): void {
    this.#released = true
    this.#room?.()
    this.#room = undefined
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<OutputBatch> {
    if (this.#taken)
      throw new StateError(
        `output('${this.#name}') has a reader already, and takes one reader only. Read each output in one place.`,
        {
          output: this.#name,
        },
      )
    this.#taken = true
    try {
      for (;;) {
        if (this.#batches.length > 0) {
          // Without a variable, which would keep the batch alive until the next one is read.
          yield this.#take()
          continue
        }
        if (this.#ended) {
          if (this.#ended.error !== undefined) throw this.#ended.error
          return
        }
        const woken = new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        await this.#host.untilNext(woken, this.#name)
        this.#wake = undefined
      }
    } finally {
      this.#taken = false
    }
  }

  #take(): OutputBatch {
    const batch = this.#batches.shift()!
    this.#bytes -= this.#sizes.shift()!
    if (!isOutputFull(this.#batches.length, this.#bytes)) {
      this.#room?.()
      this.#room = undefined
    }
    this.#host.taken(this.#name)
    return batch
  }
}
