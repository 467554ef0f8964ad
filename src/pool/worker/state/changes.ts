import { isObject } from '../../../values/copy.js'
import { isData } from '../../../values/data.js'
import { mustBeData } from '../../../values/fault.js'
import type { StatePartition } from './store.js'
import type { StateTable } from './table.js'

/** Refuses state that is not data, because it would fail at the first snapshot. */
function checkState(value: unknown): void {
  if (!isData(value)) mustBeData(value, 'State cannot be kept', 'state')
}

const ABSENT = Symbol('absent')

/** The capacity of the last list of changes: the next batch has about as many. */
let spare: Int32Array | undefined
const LEAST_CHANGES = 64

/**
 * Changes to a partition, applied at once and listed. If a user's function throws midway, numbers and texts are
 * restored. A partition that contains objects is discarded instead, and the next attempt rebuilds it from snapshots and
 * later batches.
 */
export class Changes {
  readonly #table: StateTable
  #slots = spare ?? new Int32Array(LEAST_CHANGES)
  #count = 0
  /** The value that each change replaced. */
  readonly #values: unknown[] = []
  readonly #times: number[] = []

  constructor({ entries }: StatePartition) {
    this.#table = entries
    spare = undefined
  }

  set(key: unknown, value: unknown): void {
    const slot = this.#table.find(key)
    if (slot < 0) this.add(key, value)
    else this.change(slot, value)
  }

  delete(key: unknown): void {
    const slot = this.#table.find(key)
    if (slot >= 0) this.remove(slot)
  }

  change(slot: number, value: unknown, time = 0): void {
    const table = this.#table
    const before = table.values[slot]
    // Most of a million counters do not change. An object may have changed in place.
    if (typeof value !== 'object' && Object.is(value, before) && table.time(slot) === time) return
    checkState(value)
    this.#note(slot, before)
    table.set(slot, value, time)
  }

  /** An absent key. */
  add(key: unknown, value: unknown, time = 0): number {
    checkState(value)
    const slot = this.#table.add(key, value, time)
    this.#note(slot, ABSENT)
    return slot
  }

  remove(slot: number): void {
    this.#note(slot, this.#table.values[slot])
    this.#table.remove(slot)
  }

  /** The number of changes so far. */
  get count(): number {
    return this.#count
  }

  /** Slots of changed keys, in order. A slot that changed twice occurs twice. */
  get slots(): Int32Array {
    return this.#slots.subarray(0, this.#count)
  }

  /**
   * Undoes all changes. Returns false, and undoes none, if an object is among the values: a function may have changed
   * it in place, and also the objects of keys that are not in this list.
   */
  takeBack(): boolean {
    const table = this.#table
    spare = this.#slots
    if (table.values.some(isObject) || this.#values.some(isObject)) return false
    for (let i = this.#count - 1; i >= 0; i--) {
      const slot = this.#slots[i]!
      const before = this.#values[i]
      if (before === ABSENT) table.remove(slot)
      else {
        if (!table.isAlive(slot)) table.putBack(slot)
        table.set(slot, before, this.#times[i]!)
      }
    }
    return true
  }

  /** Commits the changes, so that the next increment contains them. */
  keep({ changed }: StatePartition): void {
    if (changed) for (let i = 0; i < this.#count; i++) changed.add(this.#slots[i]!)
    spare = this.#slots
  }

  #note(slot: number, before: unknown): void {
    if (this.#count === this.#slots.length) {
      const longer = new Int32Array(this.#count * 2)
      longer.set(this.#slots)
      this.#slots = longer
    }
    this.#slots[this.#count++] = slot
    this.#values.push(before)
    this.#times.push(this.#table.time(slot))
  }
}
