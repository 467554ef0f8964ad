import { isData } from '../../../values/data.js'
import { mustBeData } from '../../../values/fault.js'
import { isObject } from '../../../values/own-copy.js'
import type { StatePartition } from './store.js'
import type { StateTable } from './table.js'

/** State that is not data would be kept until the first snapshot, and then be lost or fail. */
function checkState(value: unknown): void {
  if (!isData(value)) mustBeData(value, 'State cannot be kept', 'state')
}

const ABSENT = Symbol('absent')

/** Where the last changes were listed: the next batch has about as many. */
let spare: Int32Array | undefined
const LEAST_CHANGES = 64

/**
 * Changes to a partition, made at once and listed. If a user's function throws midway, numbers and texts are put back; a
 * partition that holds objects is discarded instead, and the next attempt rebuilds it from snapshots and later batches.
 */
export class Changes {
  readonly #table: StateTable
  #slots = spare ?? new Int32Array(LEAST_CHANGES)
  #count = 0
  /** What each change replaced. */
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
    // Most of a million counters stay as they are. An object may have been changed in place.
    if (typeof value !== 'object' && Object.is(value, before) && table.time(slot) === time) return
    checkState(value)
    this.#note(slot, before)
    table.set(slot, value, time)
  }

  /** A key that is not there. */
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

  /** Slots of changed keys, in order; one that was changed twice is there twice. */
  get slots(): Int32Array {
    return this.#slots.subarray(0, this.#count)
  }

  /**
   * Undoes all changes. Returns false, and undoes none, where an object is among the values: a function may have changed it
   * in place, also that of a key which is not in this list.
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

  /** The changes stand: the next increment must hold them. */
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
