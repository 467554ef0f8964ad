import { KeyedMap } from '../../../values/keys.js'
import type { Pairs } from './pairs.js'
import type { StateTable } from './table.js'

const NONE = 0
/** The list heads of the last batch, all NONE again. */
let spare = new Int32Array(0)

/** The new values of a batch by key: for present keys by slot, in lists through a column. */
export class Arrivals {
  /** The values of absent keys, in the order of the keys' first pairs. */
  readonly fresh = new KeyedMap<unknown[]>()
  readonly #values: ArrayLike<unknown>
  /** By slot: the position of the first value plus one. */
  readonly #first: Int32Array<ArrayBuffer>
  /** By position: the position of the key's next value plus one. */
  readonly #next: Int32Array

  constructor(table: StateTable, pairs: Pairs) {
    const { values } = pairs
    const found = pairs.slotsIn(table)
    const first = spare.length >= table.slots ? spare : new Int32Array(table.slots)
    spare = new Int32Array(0)
    const next = new Int32Array(values.length)
    let absent = 0
    // Backwards, so that each list is in the order of the pairs.
    for (let i = values.length - 1; i >= 0; i--) {
      const slot = found[i]!
      if (slot < 0) absent++
      else {
        next[i] = first[slot]!
        first[slot] = i + 1
      }
    }
    this.#values = values
    this.#first = first
    this.#next = next
    if (absent > 0) this.#group(found, pairs)
  }

  /** Returns the values of a slot in a new array, and removes them. */
  take(slot: number): unknown[] {
    let at = this.#first[slot]!
    if (at === NONE) return []
    this.#first[slot] = NONE
    const came = [this.#values[at - 1]]
    while ((at = this.#next[at - 1]!) !== NONE) came.push(this.#values[at - 1])
    return came
  }

  /** Ends the use, after the values of all slots have been taken. */
  close(): void {
    spare = this.#first
  }

  #group(found: Int32Array, { keys, values }: Pairs): void {
    for (let i = 0; i < values.length; i++) {
      if (found[i]! >= 0) continue
      const came = this.fresh.get(keys[i])
      if (came) came.push(values[i])
      else this.fresh.set(keys[i], [values[i]])
    }
  }
}
