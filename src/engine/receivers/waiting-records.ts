import type { Clock } from '../../ops/clock.js'

/** Records that have arrived, and when the first of them did, in ms of the context's clock. */
export interface Arrived {
  readonly records: number
  /** Undefined without records. */
  readonly since: number | undefined
}

/** Counts the records of a receiver that no batch has yet. */
export class WaitingRecords {
  readonly #clock: Clock
  #records = 0
  #since: number | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get now(): Arrived {
    return { records: this.#records, since: this.#since }
  }

  add(records: number): void {
    if (records <= 0) return
    this.#records += records
    this.#since ??= this.#clock.now()
  }

  /** Returns what has arrived since the last call: the records of a batch. */
  take(): Arrived {
    const taken = this.now
    this.#records = 0
    this.#since = undefined
    return taken
  }

  /** A batch could not be recorded: the next one has its records. */
  putBack({ records, since }: Arrived): void {
    this.#records += records
    if (since !== undefined) this.#since = Math.min(since, this.#since ?? since)
  }
}
