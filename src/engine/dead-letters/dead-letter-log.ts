import { type DeadLetter, type DeadLetterBatch, withinBytes } from './dead-letter.js'

/**
 * Counts the records that a context has dropped because their function threw, in operations with `onRecordError`, and
 * stores the newest `deadLetterLimit` of them.
 */
export interface DeadLetterLog {
  /** The number of dropped records so far. */
  readonly count: number
  /** The number of dropped records by operation. */
  readonly counts: ReadonlyMap<string, number>
  /** The newest dead letters, the newest batch last. */
  readonly latest: readonly DeadLetter[]
}

/** The log of one context, to which the engine adds each batch's dead letters. Stores at most `LETTER_BYTES`. */
export class AddedDeadLetters implements DeadLetterLog {
  readonly #limit: number
  readonly #counts = new Map<string, number>()
  #latest: DeadLetter[] = []
  #count = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get count(): number {
    return this.#count
  }

  get counts(): ReadonlyMap<string, number> {
    return this.#counts
  }

  get latest(): readonly DeadLetter[] {
    return this.#latest
  }

  add({ count, counts, letters }: DeadLetterBatch): void {
    this.#count += count
    for (const [operation, n] of Object.entries(counts))
      this.#counts.set(operation, (this.#counts.get(operation) ?? 0) + n)
    // Creates a new list, because a caller may be iterating over the old one.
    if (letters.length > 0)
      this.#latest = withinBytes([...this.#latest, ...letters].slice(-this.#limit).reverse()).reverse()
  }
}
