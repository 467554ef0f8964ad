import type { BatchEntry } from './batch-entry.js'
import type { Checkpoint } from './checkpoint.js'

/**
 * The batches after the checkpoint whose additions to accumulators with a name are in the values that a restart restores: all
 * before the last of which an output completed, and of that one the additions of its completed outputs. When they run again, they
 * must not add again.
 */
export class CountedBatches {
  /** The last batch of which an output completed; -Infinity without one. */
  readonly last: number
  /** The ids of the completed outputs of that batch. */
  readonly #done: readonly string[]
  readonly #values: ReadonlyMap<string, string>

  constructor(entries: ReadonlyMap<number, BatchEntry>) {
    const completed = [...entries].filter(([, { done }]) => done.length > 0).sort(([a], [b]) => a - b)
    const [last, entry] = completed.at(-1) ?? [Number.NEGATIVE_INFINITY, undefined]
    this.last = last
    this.#done = entry?.done ?? []
    this.#values = new Map(completed.flatMap(([, each]) => each.accumulators.map(({ name, value }) => [name, value])))
  }

  /** The newest recorded values, of accumulators that had changed since the checkpoint. */
  get values(): Checkpoint['accumulators'] {
    return [...this.#values].map(([name, value]) => ({ name, value }))
  }

  /** Whether the additions of an output operation in a batch count already. */
  hasOutput(outputId: string, time: number): boolean {
    return time < this.last || (time === this.last && this.#done.includes(outputId))
  }
}

export const NO_COUNTED_BATCHES = new CountedBatches(new Map())
