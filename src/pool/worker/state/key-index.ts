import { SHORT_UNITS, type ShortTexts } from '../../blocks/key-column.js'
import { hashText, SEED } from '../seeded-hash.js'
import { packLatin1, packText } from './key-words.js'

/** Half full at most: an entry is then found at the first or second place. */
const PLACES_A_KEY = 2
const LEAST_PLACES = 16
/** An entry is this many i32. */
const ENTRY = 4
const SLOT = 3
const EMPTY = 0

/** Keys that are looked up together: what they need stays in the processor's nearest cache. */
const TOGETHER = 512

/** What the third word has in its highest byte where the key is no short text. A short text has its length plus one. */
const LONG_TEXT = 0x20 << 24
const WHOLE = 0x30 << 24
const FRACTION = 0x31 << 24
const NOT_A_NUMBER = 0x32 << 24
const OTHER = 0x40 << 24
const OBJECT = 0x50 << 24

/**
 * Finds the slots of keys that are no objects, a million of them in a third of the time of a Map. Open addressing with
 * linear probing. Short texts and numbers are in the entry itself: one cache miss tells whether the key is there, nothing
 * else is touched, and of a text that lies in a block no string is made.
 *
 * Layout: entries of four i32: three words that are the key or stand for it (key-words.ts), and the slot plus one; 0 is an
 * empty place.
 *
 * | key | words |
 * | --- | --- |
 * | a text of up to 11 units, each one byte | the bytes, zeros; length plus one in the highest byte |
 * | other texts, booleans, bigint, null, undefined | a hash, zero; the kind. `keys` decides |
 * | a number | its 32 or 64 bits; the kind |
 */
export class KeyIndex {
  /** By slot; the owner's. */
  readonly #keys: readonly unknown[]
  #entries = new Int32Array(LEAST_PLACES * ENTRY)
  /** How far a hash is shifted to be a place. */
  #shift = 32 - Math.log2(LEAST_PLACES)
  #size = 0

  constructor(keys: readonly unknown[]) {
    this.#keys = keys
  }

  /** Forgets all, and makes room for so many keys. */
  begin(expected: number): void {
    this.#size = 0
    this.#allot(2 ** Math.ceil(Math.log2(Math.max(LEAST_PLACES, expected * PLACES_A_KEY))))
  }

  /** The slot of a key, or -1. */
  find(key: unknown): number {
    pack(key, 0)
    return this.#findAt(0, key)
  }

  /** As `find` of each key; an object has none. The answer is overwritten by the next call. */
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

  /** As `find` of each of these texts. The answer is overwritten by the next call. */
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

  /** Adds the key of a slot, which must not be there. */
  add(slot: number): void {
    if ((this.#size + 1) * PLACES_A_KEY * ENTRY > this.#entries.length) this.#grow()
    this.#size++
    pack(this.#keys[slot], 0)
    insert(this.#entries, this.#shift, words, 0, slot)
  }

  /** Takes the key of a slot out, which must be there. */
  remove(slot: number): void {
    const entries = this.#entries
    const last = entries.length - 1
    pack(this.#keys[slot], 0)
    let hole = placeOf(words[0]!, words[1]!, words[2]!, this.#shift)
    while (entries[hole + SLOT] !== slot + 1) hole = (hole + ENTRY) & last
    // What follows without a gap moves up where a look-up would otherwise stop at the hole before it.
    for (let at = (hole + ENTRY) & last; entries[at + SLOT] !== EMPTY; at = (at + ENTRY) & last) {
      const wanted = placeOf(entries[at]!, entries[at + 1]!, entries[at + 2]!, this.#shift)
      if (((at - wanted) & last) < ((at - hole) & last)) continue
      entries.copyWithin(hole, at, at + ENTRY)
      hole = at
    }
    entries.fill(0, hole, hole + ENTRY)
    this.#size--
  }

  #findAt(from: number, key: unknown): number {
    return this.#entries[this.#locate(from, key) + SLOT]! - 1
  }

  /** The entry of the key that was packed, or the empty place where it would be. */
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
   * The slots of the first entries that have the words asked for. A look-up in a large table is a cache miss, and the
   * processor waits for many at once where it need not guess what comes next and has little else to do: so entries are
   * read in a pass of their own before they are compared.
   */
  #probe(count: number, found: Int32Array, start: number): void {
    const entries = this.#entries
    const shift = this.#shift
    const last = entries.length - 1
    let seen = 0
    for (let at = 0; at < count * ENTRY; at += ENTRY)
      words[at + SLOT] = placeOf(words[at]!, words[at + 1]!, words[at + 2]!, shift)
    for (let at = SLOT; at < count * ENTRY; at += ENTRY) seen ^= entries[words[at]!]!
    // Without a use of it nothing would be read.
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

/** Puts the words at `from` into an empty place. */
function insert(entries: Int32Array, shift: number, words: Int32Array, from: number, slot: number): void {
  const last = entries.length - 1
  let at = placeOf(words[from]!, words[from + 1]!, words[from + 2]!, shift)
  while (entries[at + SLOT] !== EMPTY) at = (at + ENTRY) & last
  entries[at] = words[from]!
  entries[at + 1] = words[from + 1]!
  entries[at + 2] = words[from + 2]!
  entries[at + SLOT] = slot + 1
}

/** Whether words are the key, and do not only stand for it. */
function isWhole(third: number): boolean {
  const kind = third & 0xff000000
  return kind !== LONG_TEXT && kind !== OTHER
}

/** The upper bits of products: the lower ones of all keys of a partition may be the same. */
function placeOf(a: number, b: number, c: number, shift: number): number {
  let hash = Math.imul(a ^ SEED, 0x9e3779b1)
  hash = Math.imul((hash ^ (hash >>> 15)) + b, 0x85ebca6b)
  hash = Math.imul((hash ^ (hash >>> 13)) + c, 0xc2b2ae35)
  return (hash >>> shift) * ENTRY
}

const PAST = TOGETHER * ENTRY
/** The words of keys that are looked up together, or of one; after each its place. */
const words = new Int32Array(PAST + 1)
/** What look-ups of many keys answer with. */
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
  // Nothing has these words: objects are not turned into text to be told that they are not here.
  else if (typeof key === 'object' && key !== null) write(to, 0, 0, OBJECT)
  else write(to, hashText(String(key)), 0, OTHER)
}

function write(to: number, a: number, b: number, c: number): void {
  words[to] = a
  words[to + 1] = b
  words[to + 2] = c
}
