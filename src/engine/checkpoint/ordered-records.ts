/** Records that wait at most. A record is some hundred bytes. */
const MOST_WAITING = 1000

/**
 * Writes the records of batches so that no record is there without those before it. A record that cannot be written waits, and is
 * written before later ones: a restart that found only the later one would assign its input to the earlier batch as well.
 */
export class OrderedRecords<E> {
  readonly #write: (time: number, entry: E) => Promise<void>
  readonly #waiting = new Map<number, E>()
  /** The newest record that was dropped because too many waited: no later one is written before a checkpoint has its batch. */
  #dropped = Number.NEGATIVE_INFINITY
  #cause: unknown

  constructor(write: (time: number, entry: E) => Promise<void>) {
    this.#write = write
  }

  /** Writes the record of a batch, after those that wait. Rejects if one of them cannot be written: then it waits too. */
  async write(time: number, entry: E): Promise<void> {
    try {
      await this.#writeWaiting(time)
      await this.#write(time, entry)
      this.#waiting.delete(time)
    } catch (cause) {
      this.#wait(time, entry)
      this.#cause = cause
      throw cause
    }
  }

  /** Drops the records of batches that a checkpoint contains. */
  checkpointed(time: number): void {
    for (const at of this.#waiting.keys()) if (at <= time) this.#waiting.delete(at)
    if (this.#dropped <= time) this.#dropped = Number.NEGATIVE_INFINITY
  }

  async #writeWaiting(before: number): Promise<void> {
    if (this.#dropped > Number.NEGATIVE_INFINITY) throw this.#cause
    for (const [time, entry] of [...this.#waiting].sort(([a], [b]) => a - b)) {
      if (time >= before) return
      await this.#write(time, entry)
      this.#waiting.delete(time)
    }
  }

  #wait(time: number, entry: E): void {
    this.#waiting.set(time, entry)
    if (this.#waiting.size <= MOST_WAITING) return
    this.#dropped = Math.min(...this.#waiting.keys())
    this.#waiting.delete(this.#dropped)
  }
}
