import { SHORT_UNITS, type ShortTexts } from '../../blocks/key-column.js'
import { packLatin1, packText } from './key-words.js'
import { hashText, SEED } from './seeded-hash.js'

/** The table is at most half full: an entry is then at its first or second position. */
const PLACES_A_KEY = 2
const LEAST_PLACES = 16
/** An entry is this many i32. */
const ENTRY = 4
const SLOT = 3
const EMPTY = 0

/** Keys per group of look-ups: their words stay in the processor's nearest cache. */
const TOGETHER = 512

/** The highest byte of the third word of a key that is no short text. A short text has its length plus one there. */
const LONG_TEXT = 0x20 << 24
const WHOLE = 0x30 << 24
const FRACTION = 0x31 << 24
const NOT_A_NUMBER = 0x32 << 24
const OTHER = 0x40 << 24
const OBJECT = 0x50 << 24

/**
 * Finds the slots of keys that are not objects; for a million keys it takes a third of the time of a Map. Open
 * addressing with linear probing. Short texts and numbers are stored in the entry itself: one cache miss decides a
 * look-up, and texts in a block need no string. For tables of a task that look up one key at a time, SlotIndex
 * (slot-index.ts) is faster, because its entries are half as large.
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
    pack(key, 0)
    return this.#findAt(0, key)
  }

  /** Like `find` of each key; objects have none. The next call overwrites the result. */
  findAll(given: readonly unknown[]): Int32Array {
    const found = room(given.length)
    for (let start = 0; start < given.length; start += TOGETHER) {
      const count = Math.min(TOGETHER, given.length - start)
      for (let i = 0; i < count; i++) pack(given[start + i], i * ENTRY)
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
      for (let i = 0; i < count; i++) {
        const length = lengths[start + i]!
        packLatin1(texts, at, length, words, i * ENTRY)
        at += length
      }
      this.#probe(count, found, start)
    }
    return found
  }

  /** Returns the slot of a key. A new key gets the slot after the last key; the owner then adds it to its keys. */
  place(key: unknown): number {
    pack(key, 0)
    const found = this.#findAt(0, key)
    if (found >= 0) return found
    this.#insert(this.#keys.length)
    return this.#keys.length
  }

  /** Adds the key of a slot, which must be absent. */
  add(slot: number): void {
    pack(this.#keys[slot], 0)
    this.#insert(slot)
  }

  /** Removes the key of a slot, which must be present. */
  remove(slot: number): void {
    const entries = this.#entries
    const last = entries.length - 1
    pack(this.#keys[slot], 0)
    let hole = placeOf(words[0]!, words[1]!, words[2]!, this.#shift)
    while (entries[hole + SLOT] !== slot + 1) hole = (hole + ENTRY) & last
    // Later entries of the run move up if a look-up of them would otherwise stop at the hole.
    for (let at = (hole + ENTRY) & last; entries[at + SLOT] !== EMPTY; at = (at + ENTRY) & last) {
      const wanted = placeOf(entries[at]!, entries[at + 1]!, entries[at + 2]!, this.#shift)
      if (((at - wanted) & last) < ((at - hole) & last)) continue
      entries.copyWithin(hole, at, at + ENTRY)
      hole = at
    }
    entries.fill(0, hole, hole + ENTRY)
    this.#size--
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
    let at = placeOf(a, b, c, this.#shift)
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
      words[at + SLOT] = placeOf(words[at]!, words[at + 1]!, words[at + 2]!, shift)
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
  let at = placeOf(words[from]!, words[from + 1]!, words[from + 2]!, shift)
  while (entries[at + SLOT] !== EMPTY) at = (at + ENTRY) & last
  entries[at] = words[from]!
  entries[at + 1] = words[from + 1]!
  entries[at + 2] = words[from + 2]!
  entries[at + SLOT] = slot + 1
}

/** Returns whether the words are the whole key, and not only a hash of it. */
function isWhole(third: number): boolean {
  const kind = third & 0xff000000
  return kind !== LONG_TEXT && kind !== OTHER
}

/** Uses the upper bits of products: all keys of a partition may have the same lower bits. */
function placeOf(a: number, b: number, c: number, shift: number): number {
  let hash = Math.imul(a ^ SEED, 0x9e3779b1)
  hash = Math.imul((hash ^ (hash >>> 15)) + b, 0x85ebca6b)
  hash = Math.imul((hash ^ (hash >>> 13)) + c, 0xc2b2ae35)
  return (hash >>> shift) * ENTRY
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

const float = new Float64Array(1)
const halves = new Int32Array(float.buffer)

function pack(key: unknown, to: number): void {
  if (typeof key === 'string') {
    if (key.length <= SHORT_UNITS && packText(key, words, to)) return
    write(to, hashText(key), key.length, LONG_TEXT)
  } else if (typeof key === 'number') {
    // -0 is 0, and all NaN are one key, whatever their bits.
    if ((key | 0) === key) write(to, key | 0, 0, WHOLE)
    else if (Number.isNaN(key)) write(to, 0, 0, NOT_A_NUMBER)
    else {
      float[0] = key
      write(to, halves[0]!, halves[1]!, FRACTION)
    }
  }
  // No key has these words: an object is absent, and is not turned into text.
  else if (typeof key === 'object' && key !== null) write(to, 0, 0, OBJECT)
  else write(to, hashText(String(key)), 0, OTHER)
}

function write(to: number, a: number, b: number, c: number): void {
  words[to] = a
  words[to + 1] = b
  words[to + 2] = c
}
