import type { DeadLetter, DeadLetterBatch } from './dead-letters.js'

/**
 * What a context has given up so far: records whose function threw, of operations with `onRecordError`. The newest
 * `deadLetterLimit` letters are kept; all records are counted.
 */
export class DeadLetterBook {
  readonly #limit: number
  readonly #counts = new Map<string, number>()
  #latest: DeadLetter[] = []
  #count = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Records given up so far. */
  get count(): number {
    return this.#count
  }

  /** The same by operation. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts
  }

  /** The newest letters, the newest batch last. */
  get latest(): readonly DeadLetter[] {
    return this.#latest
  }

  add({ count, counts, letters }: DeadLetterBatch): void {
    this.#count += count
    for (const [operation, n] of Object.entries(counts))
      this.#counts.set(operation, (this.#counts.get(operation) ?? 0) + n)
    // A new list: who holds the old one may be in the middle of it.
    if (letters.length > 0) this.#latest = [...this.#latest, ...letters].slice(-this.#limit)
  }
}
