import { isObject } from '../../../values/copy.js'
import { isData } from '../../../values/data.js'
import { mustBeData } from '../../../values/fault.js'
import type { StatePartition } from './store.js'
import type { StateTable } from './table.js'
import { UndoLog } from './undo-log.js'

/** Refuses state that is not data, because it would fail at the first snapshot. */
function checkState(value: unknown): void {
  if (!isData(value)) mustBeData(value, 'State cannot be kept', 'state')
}

/**
 * Changes to a partition, applied at once and listed. If a user's function throws midway, numbers and texts are
 * restored. A partition that contains objects is discarded instead, and the next attempt rebuilds it from snapshots and
 * later batches.
 */
export class Changes {
  readonly #table: StateTable
  readonly #log = UndoLog.open()
  /** Slots from this one on belong to keys that were added. */
  readonly #fresh: number

  constructor({ entries }: StatePartition) {
    this.#table = entries
    this.#fresh = entries.slots
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
    // No value: undoing an addition removes the key.
    this.#note(slot, 0)
    return slot
  }

  remove(slot: number): void {
    this.#note(slot, this.#table.values[slot])
    this.#table.remove(slot)
  }

  /** The number of changes so far. */
  get count(): number {
    return this.#log.count
  }

  /** Slots of changed keys, in order. A slot that changed twice occurs twice. */
  get slots(): Int32Array {
    return this.#log.slots
  }

  /**
   * Undoes all changes. Returns false, and undoes none, if an object is among the values: a function may have changed
   * it in place, and also the objects of keys that are not in this list.
   */
  takeBack(): boolean {
    const table = this.#table
    const log = this.#log
    if (table.values.some(isObject) || log.some(isObject)) return false
    const { slots } = log
    for (let i = log.count - 1; i >= 0; i--) {
      const slot = slots[i]!
      if (slot >= this.#fresh) continue
      if (!table.isAlive(slot)) table.putBack(slot)
      table.set(slot, log.value(i), log.time(i))
    }
    for (let slot = this.#fresh; slot < table.slots; slot++) if (table.isAlive(slot)) table.remove(slot)
    log.close()
    return true
  }

  /** Commits the changes, so that the next increment contains them. */
  keep({ changed }: StatePartition): void {
    const { slots } = this.#log
    if (changed) for (let i = 0; i < slots.length; i++) changed.add(slots[i]!)
    this.#log.close()
  }

  #note(slot: number, before: unknown): void {
    this.#log.push(slot, before, this.#table.time(slot))
  }
}
