import { canonical } from '../../../values/keys.js'
import { copyOf, isObject } from '../../../values/own-copy.js'
import type { KeyColumn } from '../../blocks/key-column.js'
import { Bits } from './bits.js'
import { KeyIndex } from './key-index.js'

const LEAST_SLOTS = 64
/** Entries that are handed over at a time. */
const PIECE = 4096

/** Pieces of decoded text from this length on point into the text that they were cut from. */
const CUT_FROM = 13

function textOf(text: string): string {
  const narrow = Buffer.from(text, 'latin1').toString('latin1')
  return narrow === text ? narrow : Buffer.from(text, 'utf16le').toString('utf16le')
}

/**
 * Keys and values of a partition of kept state, in columns. A key has a **slot**, its place in each column, which stands for
 * it in snapshots: none is given out twice, until `renumber`. Operators look a key up once and then work on its slot.
 *
 * An object for each key would take 80 bytes and a cache miss; here a pass over all values is one over an array.
 */
export class StateTable {
  /** By slot. Those of deleted keys stay, as their places in snapshots do. */
  readonly keys: unknown[] = []
  /** By slot. */
  readonly values: unknown[] = []
  /** By slot: the batch that last touched the key. Only operators that let idle keys go give times; without any this is empty. */
  #times = new Float64Array(0)
  readonly #alive = new Bits()
  readonly #plain = new KeyIndex(this.keys)
  readonly #composite = new Map<string, number>()

  /** Keys that are there. */
  get size(): number {
    return this.#alive.size
  }

  /** Slots that were given out, those of deleted keys included. */
  get slots(): number {
    return this.keys.length
  }

  isAlive(slot: number): boolean {
    return this.#alive.has(slot)
  }

  time(slot: number): number {
    return this.#times.length === 0 ? 0 : this.#times[slot]!
  }

  /** The slot of a key, or -1. */
  find(key: unknown): number {
    return isObject(key) ? (this.#composite.get(canonical(key)) ?? -1) : this.#plain.find(key)
  }

  /** The slots of all these keys, or -1; overwritten by the next call. A third of the time of as many calls of `find`. */
  findAll(keys: readonly unknown[]): Int32Array {
    const slots = this.#plain.findAll(keys)
    if (this.#composite.size > 0)
      for (let i = 0; i < keys.length; i++) if (isObject(keys[i])) slots[i] = this.find(keys[i])
    return slots
  }

  /** As `findAll` of the keys of a column, none of which is made where they are short texts. */
  findColumn(column: KeyColumn): Int32Array {
    return column.texts ? this.#plain.findTexts(column.texts) : this.findAll(column.all())
  }

  get(key: unknown): unknown {
    const slot = this.find(key)
    return slot < 0 ? undefined : this.values[slot]
  }

  /** A slot for a key that has none. */
  add(key: unknown, value: unknown, time = 0): number {
    const slot = this.slots
    // A key lives long, and would keep 64 KiB of text in memory with it.
    this.keys.push(typeof key === 'string' && key.length >= CUT_FROM ? textOf(key) : copyOf(key))
    this.values.push(value)
    this.#touch(slot, time)
    this.#enter(slot)
    return slot
  }

  set(slot: number, value: unknown, time: number): void {
    this.values[slot] = value
    this.#touch(slot, time)
  }

  remove(slot: number): void {
    const key = this.keys[slot]
    if (isObject(key)) this.#composite.delete(canonical(key))
    else this.#plain.remove(slot)
    this.#alive.delete(slot)
    // A column of numbers stays one.
    if (typeof this.values[slot] !== 'number') this.values[slot] = undefined
  }

  /** Takes a removal back; the value is to be set again. */
  putBack(slot: number): void {
    this.#enter(slot)
  }

  /** The slots of all keys. Those that are added on the way are not among them. */
  *alive(): Iterable<number> {
    for (let slot = 0, end = this.slots; slot < end; slot++) if (this.#alive.has(slot)) yield slot
  }

  /** The keys with their values. Not to be changed on the way. */
  *entries(): Iterable<[unknown, unknown]> {
    for (const slot of this.alive()) yield [this.keys[slot], this.values[slot]]
  }

  /**
   * As `entries`, in arrays: loops go through them several times as fast as through a generator. `give` turns columns of
   * keys and values into those that are handed out.
   */
  eachEntries(
    each: (pairs: readonly (readonly [unknown, unknown])[]) => void,
    give: (column: readonly unknown[]) => readonly unknown[],
  ): void {
    for (let from = 0; from < this.slots; from += PIECE) {
      const keys = give(this.keys.slice(from, from + PIECE))
      const values = give(this.values.slice(from, from + PIECE))
      const piece: [unknown, unknown][] = []
      for (let i = 0; i < keys.length; i++) if (this.#alive.has(from + i)) piece.push([keys[i], values[i]])
      if (piece.length > 0) each(piece)
    }
  }

  /** Gives all keys new slots, without gaps. */
  renumber(): void {
    if (this.size === this.slots) return
    const { keys, values } = this
    let next = 0
    for (const slot of this.alive()) {
      keys[next] = keys[slot]
      values[next] = values[slot]
      this.#touch(next, this.time(slot))
      next++
    }
    keys.length = next
    values.length = next
    this.#alive.clear()
    this.#enterAll((slot) => slot < next)
  }

  /** Fills an empty table: `put` sets values by slots, in any order, and takes them away; keys without a value are deleted ones. */
  restore(keys: readonly unknown[], fill: (put: StateTable['set'], drop: (slot: number) => void) => void): void {
    for (const key of keys) {
      this.keys.push(key)
      this.values.push(undefined)
    }
    const there = new Uint8Array(keys.length)
    fill(
      (slot, value, time) => {
        there[slot] = 1
        this.set(slot, value, time)
      },
      (slot) => {
        there[slot] = 0
        this.values[slot] = undefined
      },
    )
    this.#enterAll((slot) => there[slot] === 1)
  }

  #enterAll(isThere: (slot: number) => boolean): void {
    this.#composite.clear()
    this.#plain.begin(this.slots)
    for (let slot = 0; slot < this.slots; slot++) if (isThere(slot)) this.#enter(slot)
  }

  #enter(slot: number): void {
    const key = this.keys[slot]
    if (isObject(key)) this.#composite.set(canonical(key), slot)
    else this.#plain.add(slot)
    this.#alive.add(slot)
  }

  #touch(slot: number, time: number): void {
    if (this.#times.length === 0 && time === 0) return
    if (slot >= this.#times.length) {
      const larger = new Float64Array(Math.max(LEAST_SLOTS, this.slots, slot * 2))
      larger.set(this.#times)
      this.#times = larger
    }
    this.#times[slot] = time
  }
}
