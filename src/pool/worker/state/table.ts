import { copiesOf, copyOf } from '../../../values/copy.js'
import type { ByteWriter } from '../../blocks/byte-writer.js'
import { KeyColumn } from '../../blocks/key-column.js'
import { PairColumns } from '../../blocks/pair-columns.js'
import { decodeRecords, encodeRecords } from '../../blocks/records-codec.js'
import type { Latin1Texts } from '../../blocks/string-column.js'
import { Bits } from './bits.js'
import { bytesOf, intsOf } from './column-bytes.js'
import { KeyTable } from './key-table.js'
import { meanSize } from './size-of.js'

const LEAST_SLOTS = 64
/** Bytes of a number, or of the reference of another value. */
const NUMBER = 8
/** Entries per piece. */
const PIECE = 4096

/** Substrings from this length on refer to the text that they were cut from. */
const CUT_FROM = 13

function textOf(text: string): string {
  const narrow = Buffer.from(text, 'latin1').toString('latin1')
  return narrow === text ? narrow : Buffer.from(text, 'utf16le').toString('utf16le')
}

/**
 * Keys and values of a partition of state, in columns. A key has a **slot**, its index in each column, which represents
 * it in snapshots. No slot is reused until `renumber`. Operators look a key up once and then use its slot.
 *
 * An object per key would take 80 bytes and a cache miss; here, a pass over all values is a pass over an array.
 */
export class StateTable {
  /** By slot. */
  values: unknown[] = []
  /**
   * By slot: the batch that last touched the key, for operators with a timeout, or the batches of a window that have it (see
   * window-operator.ts). Empty for others.
   */
  #times = new Float64Array(0)
  readonly #alive = new Bits()
  /** Keys by slot. Deleted keys stay, because their positions in snapshots do. */
  readonly #keys = new KeyTable()

  /** Present keys. */
  get size(): number {
    return this.#alive.size
  }

  /** Slots in use, including those of deleted keys. */
  get slots(): number {
    return this.#keys.slots
  }

  /** About the bytes in use. */
  get bytes(): number {
    const { length } = this.values
    const each = typeof this.values[length - 1] === 'number' ? NUMBER : NUMBER + meanSize(this.values)
    return this.#keys.bytes + this.#times.byteLength + this.#alive.words.byteLength + each * length
  }

  /** The number of changes of keys so far: files of the same number have the same keys. */
  get keyChanges(): number {
    return this.#keys.changes
  }

  /** The keys to write to a file, until `w` is used again. */
  keyParts(w: ByteWriter): readonly Uint8Array[] {
    return this.#keys.parts(w)
  }

  /** Everything else, likewise. */
  valueParts(w: ByteWriter): readonly Uint8Array[] {
    w.reset()
    encodeRecords(w, this.values)
    return [w.bytes(), bytesOf(this.#times), bytesOf(this.#alive.words)]
  }

  /** Drops the memory. Only the counts remain, and `restoreParts` must come next. */
  drop(): void {
    this.#keys.drop()
    this.values = []
    this.#times = new Float64Array(0)
    this.#alive.words = new Int32Array(0)
  }

  /** Reads what the two kinds of parts contained. */
  restoreParts(keys: readonly Buffer[], [values, times, alive]: readonly Buffer[]): void {
    this.#keys.restore(keys)
    this.values = decodeRecords(values!)
    this.#times = new Float64Array(times!.buffer as ArrayBuffer, times!.byteOffset, times!.length / 8)
    this.#alive.words = intsOf(alive!)
  }

  isAlive(slot: number): boolean {
    return this.#alive.has(slot)
  }

  time(slot: number): number {
    return this.#times.length === 0 ? 0 : this.#times[slot]!
  }

  key(slot: number): unknown {
    return this.#keys.store.key(slot)
  }

  /** Returns all keys from a slot on, including deleted ones. */
  keysFrom(slot: number): unknown[] {
    return this.#keys.store.keys(range(slot, this.slots))
  }

  /** Like `keysFrom`, as bytes; undefined unless all of them are short texts. */
  textsFrom(slot: number): Latin1Texts | undefined {
    return this.#keys.store.textsFrom(slot)
  }

  /** Returns the slot of a key, or -1. */
  find(key: unknown): number {
    return this.#keys.find(key)
  }

  /**
   * Returns the slots of the keys of a column, or -1; the next call overwrites them. A third of the time of as many
   * calls of `find`, and decodes none of the keys if they are short texts.
   */
  findColumn(column: KeyColumn): Int32Array {
    return this.#keys.findColumn(column)
  }

  get(key: unknown): unknown {
    const slot = this.find(key)
    return slot < 0 ? undefined : this.values[slot]
  }

  /** Adds a key and returns its slot. */
  add(key: unknown, value: unknown, time = 0): number {
    // A key lives long, and a substring would keep 64 KiB of text in memory.
    const slot = this.#keys.push(typeof key === 'string' && key.length >= CUT_FROM ? textOf(key) : copyOf(key))
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
    this.#keys.remove(slot)
    this.#alive.delete(slot)
    // A column of numbers stays a column of numbers.
    if (typeof this.values[slot] !== 'number') this.values[slot] = undefined
  }

  /** Undoes a removal. The caller sets the value again. */
  putBack(slot: number): void {
    this.#enter(slot)
  }

  /** Yields the slots of all keys, without those added meanwhile. */
  *alive(): Iterable<number> {
    for (let slot = 0, end = this.slots; slot < end; slot++) if (this.#alive.has(slot)) yield slot
  }

  /** Yields the keys with their values. Do not change the table meanwhile. */
  *entries(): Iterable<[unknown, unknown]> {
    for (const slot of this.alive()) yield [this.key(slot), this.values[slot]]
  }

  /**
   * Like `entries`, in columns, until the table changes. Keys are decoded when they are read. `copied`: objects are copied,
   * because the reader may change them. `isShown`: which slots it sees; all by default.
   */
  eachColumns(each: (part: PairColumns) => void, copied: boolean, isShown?: (slot: number) => boolean): void {
    const { store } = this.#keys
    const passed = (column: readonly unknown[]) => (copied ? copiesOf(column) : column)
    for (let first = 0; first < this.slots; first += PIECE) {
      const end = Math.min(first + PIECE, this.slots)
      const all = isShown || this.size < this.slots ? this.#alive.within(first, end) : undefined
      const slots = isShown ? all?.filter(isShown) : all
      const values = slots ? at(this.values, slots) : this.values.slice(first, end)
      const keys = () => passed(store.keys(slots ?? range(first, end)))
      if (values.length > 0) each(PairColumns.ofColumn(KeyColumn.lazy(values.length, keys), passed(values)))
    }
  }

  /** Assigns new slots to all keys, without gaps. */
  renumber(): void {
    if (this.size === this.slots) return
    const { values } = this
    let next = 0
    for (const slot of this.alive()) {
      values[next] = values[slot]
      this.#touch(next, this.time(slot))
      next++
    }
    values.length = next
    this.#keys.compact(this.alive())
    this.#alive.clear()
    for (let slot = 0; slot < next; slot++) this.#alive.add(slot)
  }

  /**
   * Fills an empty table: `put` sets and removes values by slots, in any order. Keys without a value are deleted ones.
   */
  restore(keys: readonly unknown[], fill: (put: StateTable['set'], drop: (slot: number) => void) => void): void {
    for (const key of keys) {
      this.#keys.push(key)
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
    this.#keys.begin(keys.length)
    for (let slot = 0; slot < keys.length; slot++) if (there[slot] === 1) this.#enter(slot)
  }

  #enter(slot: number): void {
    this.#keys.enter(slot)
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

function range(from: number, to: number): Int32Array {
  const all = new Int32Array(to - from)
  for (let i = 0; i < all.length; i++) all[i] = from + i
  return all
}

function at(values: readonly unknown[], slots: Int32Array): unknown[] {
  const all = new Array<unknown>(slots.length)
  for (let i = 0; i < all.length; i++) all[i] = values[slots[i]!]
  return all
}
