import { isObject } from '../../../values/copy.js'
import { canonical } from '../../../values/keys.js'
import type { KeyColumn } from '../../blocks/key-column.js'
import { KeyIndex } from './key-index.js'

/** In place of a row: there is none. */
export const NONE = -1

/**
 * The keys of the right side of a join. A **row** is the index of a value; the rows of a key form a list in the order of the
 * records. The list begins in an array by slot, the position of the key among the distinct keys.
 */
export class PartnerIndex {
  /** By slot: the key as it was first written. */
  readonly keys: unknown[] = []
  readonly rows: number
  /** The first row, by slot. */
  readonly first: Int32Array
  /** The key's row after this one, by row, or NONE. */
  readonly next: Int32Array
  readonly #plain = new KeyIndex(this.keys)
  readonly #composite = new Map<string, number>()

  /** Decodes the keys. `step` is called for each column. */
  constructor(columns: readonly KeyColumn[], step: () => void) {
    const rows = columns.reduce((sum, { count }) => sum + count, 0)
    this.rows = rows
    this.first = new Int32Array(rows)
    this.next = new Int32Array(rows).fill(NONE)
    this.#plain.begin(rows)
    const last = new Int32Array(rows)
    let row = 0
    for (const column of columns) {
      step()
      for (const key of column.all()) this.#add(key, row++, last)
    }
  }

  get hasObjects(): boolean {
    return this.#composite.size > 0
  }

  /** Whether each key has one row. */
  get isUnique(): boolean {
    return this.keys.length === this.rows
  }

  /** Returns the slot of each key, or NONE. The next call, of any index, overwrites the result. */
  find(column: KeyColumn): Int32Array {
    const slots = column.texts ? this.#plain.findTexts(column.texts) : this.#plain.findAll(column.all())
    if (this.hasObjects) {
      const keys = column.all()
      for (let i = 0; i < keys.length; i++)
        if (isObject(keys[i])) slots[i] = this.#composite.get(canonical(keys[i])) ?? NONE
    }
    return slots
  }

  #add(key: unknown, row: number, last: Int32Array): void {
    const next = this.keys.length
    const slot = isObject(key) ? this.#placeOf(key, next) : this.#plain.place(key)
    if (slot === next) {
      this.keys.push(key)
      this.first[slot] = row
    } else this.next[last[slot]!] = row
    last[slot] = row
  }

  #placeOf(key: object, next: number): number {
    const text = canonical(key)
    const place = this.#composite.get(text) ?? next
    if (place === next) this.#composite.set(text, next)
    return place
  }
}
