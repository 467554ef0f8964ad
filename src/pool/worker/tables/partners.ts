import { append } from '../../../ops/append.js'
import { isObject } from '../../../values/copy.js'
import { canonical } from '../../../values/keys.js'
import type { KeyColumn } from '../../blocks/key-column.js'
import type { PairColumns } from '../../blocks/records-codec.js'
import { KeyIndex } from './key-index.js'

/** In place of a row: there is none. */
export const NONE = -1

/**
 * The right side of a join, by key. A **row** is the index of a value; the rows of a key form a list in the order of the
 * records. The list begins in an array by slot, the position of the key among the distinct keys.
 */
export class Partners {
  /** By row. */
  readonly values: readonly unknown[]
  /** By slot: the key as it was first written. */
  readonly #keys: unknown[] = []
  readonly #plain = new KeyIndex(this.#keys)
  readonly #composite = new Map<string, number>()
  readonly #first: Int32Array
  readonly #next: Int32Array
  readonly #met: Uint8Array

  /** Decodes the keys. `step` is called for each part. */
  constructor(parts: readonly PairColumns[], step: () => void) {
    this.values = parts.length === 1 ? parts[0]!.values : together(parts)
    const rows = this.values.length
    this.#first = new Int32Array(rows)
    this.#next = new Int32Array(rows).fill(NONE)
    this.#met = new Uint8Array(rows)
    this.#plain.begin(rows)
    const last = new Int32Array(rows)
    let row = 0
    for (const { keys } of parts) {
      step()
      for (const key of keys.all()) this.#add(key, row++, last)
    }
  }

  /** Returns the first row of each key's partners, or NONE. The keys count as met. */
  meet(column: KeyColumn): Int32Array {
    // A copy: another join overwrites the result of the look-up.
    const rows = (column.texts ? this.#plain.findTexts(column.texts) : this.#plain.findAll(column.all())).slice(
      0,
      column.count,
    )
    if (this.#composite.size > 0) {
      const keys = column.all()
      for (let i = 0; i < rows.length; i++)
        if (isObject(keys[i])) rows[i] = this.#composite.get(canonical(keys[i])) ?? NONE
    }
    for (let i = 0; i < rows.length; i++) {
      const slot = rows[i]!
      if (slot < 0) continue
      this.#met[slot] = 1
      rows[i] = this.#first[slot]!
    }
    return rows
  }

  /** Returns the key's row after this one, or NONE. */
  after(row: number): number {
    return this.#next[row]!
  }

  /** Passes the values whose keys no record met: those of objects as keys last, like the entries of a KeyedMap. */
  eachUnmet(each: (key: unknown, value: unknown) => void): void {
    for (const objects of this.#composite.size > 0 ? [false, true] : [false]) {
      for (let slot = 0; slot < this.#keys.length; slot++) {
        const key = this.#keys[slot]
        if (this.#met[slot] === 1 || isObject(key) !== objects) continue
        for (let row = this.#first[slot]!; row !== NONE; row = this.#next[row]!) each(key, this.values[row])
      }
    }
  }

  #add(key: unknown, row: number, last: Int32Array): void {
    const next = this.#keys.length
    const slot = isObject(key) ? this.#placeOf(key, next) : this.#plain.place(key)
    if (slot === next) {
      this.#keys.push(key)
      this.#first[slot] = row
    } else this.#next[last[slot]!] = row
    last[slot] = row
  }

  #placeOf(key: object, next: number): number {
    const text = canonical(key)
    const place = this.#composite.get(text) ?? next
    if (place === next) this.#composite.set(text, next)
    return place
  }
}

function together(parts: readonly PairColumns[]): unknown[] {
  const all: unknown[] = []
  for (const { values } of parts) append(all, values)
  return all
}
