import type { StatePartition } from './store.js'
import type { StateTable } from './table.js'

const ABSENT = Symbol('absent')

/**
 * Changes to a partition that are made at once but can all be taken back: a user's function may throw midway, and the
 * version before must then be there for the next attempt.
 */
export class Changes {
  readonly #table: StateTable
  readonly #slots: number[] = []
  /** What each change replaced. */
  readonly #values: unknown[] = []
  readonly #times: number[] = []

  constructor({ entries }: StatePartition) {
    this.#table = entries
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
    this.#note(slot, before)
    table.set(slot, value, time)
  }

  /** A key that is not there. */
  add(key: unknown, value: unknown, time = 0): number {
    const slot = this.#table.add(key, value, time)
    this.#note(slot, ABSENT)
    return slot
  }

  remove(slot: number): void {
    this.#note(slot, this.#table.values[slot])
    this.#table.remove(slot)
  }

  /** Slots of changed keys, in order; one that was changed twice is there twice. */
  get slots(): readonly number[] {
    return this.#slots
  }

  takeBack(): void {
    const table = this.#table
    for (let i = this.#slots.length - 1; i >= 0; i--) {
      const slot = this.#slots[i]!
      const before = this.#values[i]
      if (before === ABSENT) table.remove(slot)
      else {
        if (!table.isAlive(slot)) table.putBack(slot)
        table.set(slot, before, this.#times[i]!)
      }
    }
  }

  /** The changes stand: the next increment must hold them. */
  keep({ changed, increment }: StatePartition): void {
    if (!changed) return
    for (const slot of this.#slots) if (this.#table.changesIn(slot, increment)) changed.push(slot)
  }

  #note(slot: number, before: unknown): void {
    this.#slots.push(slot)
    this.#values.push(before)
    this.#times.push(this.#table.time(slot))
  }
}
