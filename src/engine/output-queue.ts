import { ArgumentError, StateError } from '../errors.js'

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

/** Batches that may wait for the host before the output operation itself waits. */
export const OUTPUT_BOUND = 256

/** Carries the batches of a named output to the host, in order; when the host is far behind, batches wait for it. */
export class OutputQueue implements AsyncIterable<OutputBatch> {
  readonly #name: string
  readonly #warn: (message: string) => void
  readonly #onTaken: () => void
  readonly #batches: OutputBatch[] = []
  #taken = false
  #ended: { readonly error?: unknown } | undefined
  #wake: (() => void) | undefined
  #room: (() => void) | undefined

  /** `onTaken` is called for each batch that the reader takes. */
  constructor(name: string, warn: (message: string) => void, onTaken: () => void = () => {}) {
    this.#name = name
    this.#warn = warn
    this.#onTaken = onTaken
  }

  /** Resolves when there is room for the next batch. */
  async put(time: number, records: unknown[]): Promise<void> {
    this.#batches.push({ time, records })
    this.#wake?.()
    if (this.#batches.length < OUTPUT_BOUND || this.#ended) return
    if (!this.#taken)
      this.#warn(
        `output('${this.#name}') has ${OUTPUT_BOUND} batches that nobody reads: batches wait. Read it with 'for await (const batch of ssc.output('${this.#name}'))'.`,
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

  async *[Symbol.asyncIterator](): AsyncGenerator<OutputBatch> {
    if (this.#taken)
      throw new StateError(`output('${this.#name}') is being read already; it has one reader.`, { output: this.#name })
    this.#taken = true
    try {
      for (;;) {
        const batch = this.#batches.shift()
        if (batch) {
          this.#room?.()
          this.#room = undefined
          this.#onTaken()
          yield batch
          continue
        }
        if (this.#ended) {
          if (this.#ended.error !== undefined) throw this.#ended.error
          return
        }
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        this.#wake = undefined
      }
    } finally {
      this.#taken = false
    }
  }
}
