import type { ShortTexts } from '../../blocks/key-column.js'
import { hashOf, isWhole, packKey, packTexts } from './key-words.js'

/** The table is at most half full: an entry is then at its first or second position. */
const PLACES_A_KEY = 2
const LEAST_PLACES = 16
/** An entry is this many i32. */
const ENTRY = 4
const SLOT = 3
const EMPTY = 0

/** Keys per group of look-ups: their words stay in the processor's nearest cache. */
const TOGETHER = 512

/**
 * Finds the slots of keys that are not objects, for tables that live as long as a task and look up many keys together;
 * for a million keys it takes a third of the time of a Map. Open addressing with linear probing. Short texts and numbers
 * are stored in the entry itself: one cache miss decides a look-up, and texts in a block need no string. If keys are
 * looked up one at a time, SlotIndex (slot-index.ts) is faster, because its entries are half as large. State lives long,
 * so its KeyTable (state/key-table.ts) takes a third of the memory, and twice the time for a look-up.
 *
 * Layout: entries of four i32: three words that are the key or represent it (key-words.ts), and the slot plus one; 0 is
 * an empty position.
 *
 * | key | words |
 * | --- | --- |
 * | a text of up to 11 units, each one byte | the bytes, zeros; length plus one in the highest byte |
 * | a number | its 32 or 64 bits; the kind |
 * | another text or value | its hash; the kind. Look-ups compare the key too |
 */
export class KeyIndex {
  /** By slot. The owner's array. */
  readonly #keys: readonly unknown[]
  #entries = new Int32Array(LEAST_PLACES * ENTRY)
  /** The shift that turns a hash into a position. */
  #shift = 32 - Math.log2(LEAST_PLACES)
  #size = 0

  constructor(keys: readonly unknown[]) {
    this.#keys = keys
  }

  /** Empties the index, with space for so many keys. */
  begin(expected: number): void {
    this.#size = 0
    this.#allot(2 ** Math.ceil(Math.log2(Math.max(LEAST_PLACES, expected * PLACES_A_KEY))))
  }

  /** Returns the slot of a key, or -1. */
  find(key: unknown): number {
    packKey(key, words, 0)
    return this.#findAt(0, key)
  }

  /** Like `find` of each key; objects have none. The next call overwrites the result. */
  findAll(given: readonly unknown[]): Int32Array {
    const found = room(given.length)
    for (let start = 0; start < given.length; start += TOGETHER) {
      const count = Math.min(TOGETHER, given.length - start)
      for (let i = 0; i < count; i++) packKey(given[start + i], words, i * ENTRY)
      this.#probe(count, found, start)
      for (let i = 0; i < count; i++) {
        const slot = found[start + i]!
        if (slot < 0 || isWhole(words[i * ENTRY + 2]!)) continue
        if (this.#keys[slot] !== given[start + i]) found[start + i] = this.#findAt(i * ENTRY, given[start + i])
      }
    }
    return found
  }

  /** Like `find` of each of these texts. The next call overwrites the result. */
  findTexts(texts: ShortTexts): Int32Array {
    const { lengths } = texts
    const found = room(lengths.length)
    let at = texts.at
    for (let start = 0; start < lengths.length; start += TOGETHER) {
      const count = Math.min(TOGETHER, lengths.length - start)
      at = packTexts(texts, start, count, at, words, ENTRY)
      this.#probe(count, found, start)
    }
    return found
  }

  /** Returns the slot of a key. A new key gets the slot after the last key; the owner then adds it to its keys. */
  place(key: unknown): number {
    packKey(key, words, 0)
    const found = this.#findAt(0, key)
    if (found >= 0) return found
    this.#insert(this.#keys.length)
    return this.#keys.length
  }

  /** Adds the key of a slot, which must be absent. */
  add(slot: number): void {
    packKey(this.#keys[slot], words, 0)
    this.#insert(slot)
  }

  /** Inserts the packed key. */
  #insert(slot: number): void {
    if ((this.#size + 1) * PLACES_A_KEY * ENTRY > this.#entries.length) this.#grow()
    this.#size++
    insert(this.#entries, this.#shift, words, 0, slot)
  }

  #findAt(from: number, key: unknown): number {
    return this.#entries[this.#locate(from, key) + SLOT]! - 1
  }

  /** Returns the entry of the packed key, or the empty position where it would be. */
  #locate(from: number, key: unknown): number {
    const entries = this.#entries
    const last = entries.length - 1
    const a = words[from]!
    const b = words[from + 1]!
    const c = words[from + 2]!
    let at = (hashOf(a, b, c) >>> this.#shift) * ENTRY
    for (; entries[at + SLOT] !== EMPTY; at = (at + ENTRY) & last) {
      if (entries[at] !== a || entries[at + 1] !== b || entries[at + 2] !== c) continue
      if (isWhole(c) || this.#keys[entries[at + SLOT]! - 1] === key) break
    }
    return at
  }

  /**
   * Finds the first entries with the packed words. A look-up in a large table is a cache miss, and the processor
   * overlaps many misses if no branch depends on them. So a first pass reads all entries, and a second one compares
   * them.
   */
  #probe(count: number, found: Int32Array, start: number): void {
    const entries = this.#entries
    const shift = this.#shift
    const last = entries.length - 1
    let seen = 0
    for (let at = 0; at < count * ENTRY; at += ENTRY)
      words[at + SLOT] = (hashOf(words[at]!, words[at + 1]!, words[at + 2]!) >>> shift) * ENTRY
    for (let at = SLOT; at < count * ENTRY; at += ENTRY) seen ^= entries[words[at]!]!
    // Uses the result; otherwise the compiler drops the reads.
    words[PAST] = seen
    for (let i = 0; i < count; i++) {
      const from = i * ENTRY
      const a = words[from]!
      const b = words[from + 1]!
      const c = words[from + 2]!
      let at = words[from + SLOT]!
      while ((entries[at] !== a || entries[at + 1] !== b || entries[at + 2] !== c) && entries[at + SLOT] !== EMPTY)
        at = (at + ENTRY) & last
      found[start + i] = entries[at + SLOT]! - 1
    }
  }

  #allot(places: number): void {
    this.#entries = new Int32Array(places * ENTRY)
    this.#shift = 32 - Math.log2(places)
  }

  #grow(): void {
    const old = this.#entries
    this.#allot((old.length / ENTRY) * 2)
    for (let at = 0; at < old.length; at += ENTRY) {
      const slot = old[at + SLOT]! - 1
      if (slot < 0) continue
      insert(this.#entries, this.#shift, old, at, slot)
    }
  }
}

/** Writes the words at `from` to an empty position. */
function insert(entries: Int32Array, shift: number, words: Int32Array, from: number, slot: number): void {
  const last = entries.length - 1
  let at = (hashOf(words[from]!, words[from + 1]!, words[from + 2]!) >>> shift) * ENTRY
  while (entries[at + SLOT] !== EMPTY) at = (at + ENTRY) & last
  entries[at] = words[from]!
  entries[at + 1] = words[from + 1]!
  entries[at + 2] = words[from + 2]!
  entries[at + SLOT] = slot + 1
}

const PAST = TOGETHER * ENTRY
/** The words of the keys of a group, or of one key; after each its position. */
const words = new Int32Array(PAST + 1)
/** The results of look-ups of many keys. */
let slots = new Int32Array(0)

function room(count: number): Int32Array {
  if (slots.length < count) slots = new Int32Array(count * 2)
  return slots
}
