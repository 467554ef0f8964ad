import { hashText, SEED } from './seeded-hash.js'

/** The table is at most half full: an entry is then at its first or second position. */
const PLACES_A_KEY = 2
const LEAST_PLACES = 16
const EMPTY = 0

/** A table that is this many times larger than its last contents needed is replaced. */
const TOO_LARGE = 8

/**
 * Finds the slots of keys that are not objects, for tables that live as long as a task: small entries, and no removal.
 * Open addressing with linear probing. An entry is a hash and a slot side by side, so a look-up reads this table once
 * and the key once. Takes two thirds of the time of a Map for a million texts, whose hash V8 must compute when they are
 * read from a block.
 *
 * KeyIndex (key-index.ts) is for tables that look up many keys together. `npm run bench -- micro` compares the two.
 *
 * Layout: entries of two i32: the hash, and the slot plus one; 0 is an empty place.
 */
export class SlotIndex {
  /** By slot. The owner's array. */
  #keys: readonly unknown[]
  #entries = new Int32Array(LEAST_PLACES * 2)
  /** The shift that turns a hash into a position. */
  #shift = 32 - Math.log2(LEAST_PLACES)
  #size = 0

  constructor(keys: readonly unknown[]) {
    this.#keys = keys
  }

  /** Empties the index, with space for about so many keys of another array. */
  begin(keys: readonly unknown[], expected: number): void {
    this.#keys = keys
    this.#size = 0
    const wanted = 2 ** Math.ceil(Math.log2(Math.max(LEAST_PLACES, expected * PLACES_A_KEY))) * 2
    const { length } = this.#entries
    if (length < wanted || length > wanted * TOO_LARGE) this.#allot(wanted)
    else this.#entries.fill(0)
  }

  /** Returns the slot of a key. A new key gets `next`. */
  place(key: unknown, next: number): number {
    const hash = hashOf(key)
    const entries = this.#entries
    const last = entries.length - 1
    let at = placeOf(hash, this.#shift)
    for (; entries[at + 1] !== EMPTY; at = (at + 2) & last) {
      if (entries[at] !== hash) continue
      const slot = entries[at + 1]! - 1
      const found = this.#keys[slot]
      // NaN is a key like any other.
      if (found === key || (Number.isNaN(found) && Number.isNaN(key))) return slot
    }
    entries[at] = hash
    entries[at + 1] = next + 1
    if (++this.#size * PLACES_A_KEY * 2 > entries.length) this.#resize(entries.length * 2)
    return next
  }

  #allot(length: number): void {
    this.#entries = new Int32Array(length)
    this.#shift = 32 - Math.log2(length / 2)
  }

  #resize(length: number): void {
    const old = this.#entries
    this.#allot(length)
    for (let at = 0; at < old.length; at += 2) {
      if (old[at + 1] !== EMPTY) insert(this.#entries, this.#shift, old[at]!, old[at + 1]! - 1)
    }
  }
}

function insert(entries: Int32Array, shift: number, hash: number, slot: number): void {
  const last = entries.length - 1
  let at = placeOf(hash, shift)
  while (entries[at + 1] !== EMPTY) at = (at + 2) & last
  entries[at] = hash
  entries[at + 1] = slot + 1
}

/** Uses the upper bits of a product: all keys of a partition may have the same lower bits. */
function placeOf(hash: number, shift: number): number {
  return (Math.imul(hash, 0x9e3779b1) >>> shift) << 1
}

const float = new Float64Array(1)
const halves = new Int32Array(float.buffer)

function hashOf(key: unknown): number {
  if (typeof key === 'string') return hashText(key)
  if (typeof key === 'number') {
    if ((key | 0) === key) return spread(key ^ SEED)
    // All NaN are one key, whatever their bits.
    float[0] = Number.isNaN(key) ? 0.5 : key
    return spread(halves[0]! ^ SEED ^ Math.imul(halves[1]!, 0x85ebca6b))
  }
  return hashText(String(key))
}

function spread(bits: number): number {
  return Math.imul(bits ^ (bits >>> 16), 0xc2b2ae35)
}
