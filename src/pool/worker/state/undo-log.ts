const LEAST = 64
/** A log stays for the next batch, which has about as many changes, unless it is longer by more than this factor. */
const LONGEST = 4

/**
 * The slots of changes, in order, and the values and times that they replaced. As long as the values are numbers they are in
 * columns, which the garbage collector neither scans nor moves.
 */
export class UndoLog {
  #slots = new Int32Array(LEAST)
  #numbers = new Float64Array(LEAST)
  /** All values, from the first one that is no number. */
  #values: unknown[] | undefined
  /** Empty until the first time that is not 0. */
  #times = new Float64Array(0)
  #count = 0

  /** Returns an empty log. */
  static open(): UndoLog {
    const log = spare ?? new UndoLog()
    spare = undefined
    log.#count = 0
    return log
  }

  /** Ends the use of the log, which the next batch may overwrite. */
  close(): void {
    this.#values = undefined
    if (this.#slots.length <= Math.max(LEAST, LONGEST * this.#count)) spare = this
  }

  get count(): number {
    return this.#count
  }

  get slots(): Int32Array {
    return this.#slots.subarray(0, this.#count)
  }

  /** Whether a value satisfies a test that numbers do not. */
  some(test: (value: unknown) => boolean): boolean {
    return this.#values?.some(test) ?? false
  }

  push(slot: number, value: unknown, time: number): void {
    const at = this.#count
    if (at === this.#slots.length) this.#grow()
    this.#slots[at] = slot
    if (this.#values) this.#values.push(value)
    else if (typeof value === 'number') this.#numbers[at] = value
    else (this.#values = Array.from<unknown>(this.#numbers.subarray(0, at))).push(value)
    if (time !== 0 || this.#times.length > 0) {
      if (this.#times.length === 0) this.#times = new Float64Array(this.#slots.length)
      this.#times[at] = time
    }
    this.#count++
  }

  value(at: number): unknown {
    return this.#values ? this.#values[at] : this.#numbers[at]
  }

  time(at: number): number {
    return this.#times.length === 0 ? 0 : this.#times[at]!
  }

  #grow(): void {
    const length = this.#slots.length * 2
    this.#slots = longer(this.#slots, new Int32Array(length))
    this.#numbers = longer(this.#numbers, new Float64Array(length))
    if (this.#times.length > 0) this.#times = longer(this.#times, new Float64Array(length))
  }
}

let spare: UndoLog | undefined

function longer<T extends Int32Array | Float64Array>(short: T, long: T): T {
  long.set(short)
  return long
}
