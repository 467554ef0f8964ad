import { type OutputBatch, type OutputHost, OutputQueue, unknownOutput } from './output-queue.js'

/** The queues of a context's named outputs. Each is created when its first batch or its reader arrives. */
export class NamedOutputs {
  readonly #names: ReadonlySet<string>
  readonly #host: OutputHost
  readonly #queues = new Map<string, OutputQueue>()
  #ended: { readonly error: unknown } | undefined

  /** `names`: the outputs of the graph, which may still grow. */
  constructor(names: ReadonlySet<string>, host: OutputHost) {
    this.#names = names
    this.#host = host
  }

  /** Resolves when there is room for the next batch. */
  put(name: string, time: number, records: unknown[]): Promise<void> {
    return this.#queue(name).put(time, records)
  }

  /** Returns the batches of an output. @throws ArgumentError if no output has this name. */
  read<T>(name: string): AsyncIterable<OutputBatch<T>> {
    return this.#queue(name) as AsyncIterable<OutputBatch<T>>
  }

  /** The number of batches that wait for a reader, by the name of the output. */
  get unread(): Readonly<Record<string, number>> {
    const waiting = [...this.#queues].map(([name, queue]) => [name, queue.waiting] as const)
    return Object.fromEntries(waiting.filter(([, batches]) => batches > 0))
  }

  /** Lets all batches pass without waiting for room. */
  release(): void {
    for (const queue of this.#queues.values()) queue.release()
  }

  /** Ends every iteration after the waiting batches, with the error if there is one. Only the first call counts. */
  end(error: unknown): void {
    this.#ended ??= { error }
    for (const queue of this.#queues.values()) queue.end(this.#ended.error)
  }

  #queue(name: string): OutputQueue {
    const known = this.#queues.get(name)
    if (known) return known
    if (!this.#names.has(name)) throw unknownOutput(name, this.#names)
    const queue = new OutputQueue(name, this.#host)
    if (this.#ended) queue.end(this.#ended.error)
    this.#queues.set(name, queue)
    return queue
  }
}
