import { isObject } from '../../../values/copy.js'
import { canonical } from '../../../values/keys.js'
import type { ByteWriter } from '../../blocks/byte-writer.js'
import type { KeyColumn, ShortTexts } from '../../blocks/key-column.js'
import { decodeRecords, encodeRecords } from '../../blocks/records-codec.js'
import { hashOf, isWhole, OBJECT, packKey, packTexts } from '../tables/key-words.js'
import { bytesOf, intsOf } from './column-bytes.js'
import { KeyStore, WORDS } from './key-store.js'

/** The index is at most two thirds full. An entry is near its position then, in the same line of the cache. */
const FULL = 2 / 3
const LEAST_PLACES = 16
const EMPTY = 0
const NOTHING = new Int32Array(0)
/** Keys per group of look-ups: their words stay in the processor's nearest cache. */
const TOGETHER = 512

/**
 * The keys of a partition of state, and an index of them. Open addressing with linear probing, four bytes an entry: the
 * slot plus one, below bits of the key's hash, so that nearly all entries of other keys are recognised without reading
 * the key. 0 is an empty position. An index with whole keys in its entries takes four times the memory, and a look-up as
 * long: it misses the cache once instead of twice, but in four times as many lines.
 */
export class KeyTable {
  readonly #store = new KeyStore()
  /** Keys that are objects, by their canonical text. */
  readonly #composite = new Map<string, number>()
  #index = new Int32Array(0)
  /** The shift that turns a hash into a position. */
  #shift = 0
  /** The lower bits of an entry, which are the slot plus one. */
  #slotBits = 0
  #mask = 0
  #entries = 0
  #changes = 0

  constructor() {
    this.#allot(LEAST_PLACES)
  }

  /** Slots in use, including those of keys that are not in the index. */
  get slots(): number {
    return this.#store.count
  }

  /** About the bytes in use. */
  get bytes(): number {
    return this.#store.bytes + this.#index.byteLength
  }

  /** The number of changes so far: files of the same number have the same keys. */
  get changes(): number {
    return this.#changes
  }

  /** Bytes to write to a file, from which `restore` makes the keys again, in this thread only. */
  parts(w: ByteWriter): readonly Uint8Array[] {
    const { words, others } = this.#store.columns
    w.reset()
    encodeRecords(w, others)
    return [bytesOf(words), bytesOf(this.#index), bytesOf(Int32Array.from(this.#composite.values())), w.bytes()]
  }

  /** Drops the memory. `restore` must come next. */
  drop(): void {
    this.#store.columns = { words: NOTHING, others: [] }
    this.#index = NOTHING
    this.#composite.clear()
  }

  restore([words, index, composite, others]: readonly Buffer[]): void {
    this.#store.columns = { words: intsOf(words!), others: decodeRecords(others!) }
    this.#index = intsOf(index!)
    for (const slot of intsOf(composite!)) this.#composite.set(canonical(this.#store.key(slot)), slot)
  }

  get store(): KeyStore {
    return this.#store
  }

  /** Returns the slot of a key, or -1. */
  find(key: unknown): number {
    if (isObject(key)) return this.#composite.get(canonical(key)) ?? -1
    packKey(key, group, 0)
    return this.#locate(hashes(0), 0, key)
  }

  /** Like `find` of each key. The next call overwrites the result. */
  findAll(given: readonly unknown[]): Int32Array {
    const found = room(given.length)
    for (let start = 0; start < given.length; start += TOGETHER) {
      const count = Math.min(TOGETHER, given.length - start)
      for (let i = 0; i < count; i++) packKey(given[start + i], group, i * WORDS)
      this.#probe(count, found, start, given)
    }
    if (this.#composite.size > 0)
      for (let i = 0; i < given.length; i++) if (isObject(given[i])) found[i] = this.find(given[i])
    return found
  }

  /** Like `findAll` of the keys of a column. Decodes none of them if they are short texts. */
  findColumn(column: KeyColumn): Int32Array {
    return column.texts ? this.#findTexts(column.texts) : this.findAll(column.all())
  }

  /** Adds a key with the next slot, which it returns. Call `enter` to put it into the index. */
  push(key: unknown): number {
    this.#changes++
    return this.#store.push(key)
  }

  /** Puts the key of a slot into the index, where it must be absent. */
  enter(slot: number): void {
    this.#changes++
    if (this.#store.kind(slot) === OBJECT) {
      this.#composite.set(canonical(this.#store.key(slot)), slot)
      return
    }
    if (this.#entries + 1 > this.#index.length * FULL) this.#allot(this.#index.length * 2)
    if (slot + 1 > this.#mask) this.#allot(this.#index.length)
    this.#entries++
    this.#insert(slot)
  }

  /** Removes the key of a slot from the index. The slot keeps the key. */
  remove(slot: number): void {
    this.#changes++
    if (this.#store.kind(slot) === OBJECT) {
      this.#composite.delete(canonical(this.#store.key(slot)))
      return
    }
    const index = this.#index
    const last = index.length - 1
    const mask = this.#mask
    let hole = this.#store.hash(slot) >>> this.#shift
    while ((index[hole]! & mask) !== slot + 1) hole = (hole + 1) & last
    // Later entries of the run move up if a look-up of them would otherwise stop at the hole.
    for (let at = (hole + 1) & last; index[at] !== EMPTY; at = (at + 1) & last) {
      const wanted = this.#store.hash((index[at]! & mask) - 1) >>> this.#shift
      if (((at - wanted) & last) < ((at - hole) & last)) continue
      index[hole] = index[at]!
      hole = at
    }
    index[hole] = EMPTY
    this.#entries--
  }

  /** Keeps the keys of these slots only, in new slots in this order. */
  compact(slots: Iterable<number>): void {
    this.#store.compact(slots)
    this.begin(this.slots)
    for (let slot = 0; slot < this.slots; slot++) this.enter(slot)
  }

  /** Empties the index, with space for so many keys. */
  begin(expected: number): void {
    this.#changes++
    this.#composite.clear()
    this.#entries = 0
    this.#index = new Int32Array(0)
    this.#allot(2 ** Math.ceil(Math.log2(Math.max(LEAST_PLACES, (expected + 1) / FULL))))
  }

  #findTexts(texts: ShortTexts): Int32Array {
    const { lengths } = texts
    const found = room(lengths.length)
    let at = texts.at
    for (let start = 0; start < lengths.length; start += TOGETHER) {
      const count = Math.min(TOGETHER, lengths.length - start)
      at = packTexts(texts, start, count, at, group, WORDS)
      this.#probe(count, found, start, undefined)
    }
    return found
  }

  /** Returns the slot of the packed key, or -1. */
  #locate(hash: number, from: number, key: unknown): number {
    const index = this.#index
    const last = index.length - 1
    const mask = this.#mask
    const marked = hash << this.#slotBits
    for (let at = hash >>> this.#shift; index[at] !== EMPTY; at = (at + 1) & last) {
      const entry = index[at]!
      if (((entry ^ marked) & ~mask) === 0 && this.#store.is((entry & mask) - 1, group, from, key))
        return (entry & mask) - 1
    }
    return -1
  }

  /**
   * Finds the packed keys. A look-up in a large table is a cache miss, and the processor overlaps many misses if no
   * branch depends on them. So a first pass reads the index, a second one the keys found there, and a third one compares.
   */
  #probe(count: number, found: Int32Array, start: number, given: readonly unknown[] | undefined): void {
    const index = this.#index
    const last = index.length - 1
    const shift = this.#shift
    const bits = this.#slotBits
    const mask = this.#mask
    const { words } = this.#store
    let seen = 0
    for (let i = 0; i < count; i++) hashed[i] = hashes(i * WORDS)
    for (let i = 0; i < count; i++) seen ^= index[hashed[i]! >>> shift]!
    for (let i = 0; i < count; i++) {
      const marked = hashed[i]! << bits
      let at = hashed[i]! >>> shift
      while (index[at] !== EMPTY && ((index[at]! ^ marked) & ~mask) !== 0) at = (at + 1) & last
      found[start + i] = (index[at]! & mask) - 1
    }
    for (let i = 0; i < count; i++) {
      const at = Math.max(0, found[start + i]!) * WORDS
      // Three words may be in two lines of the cache.
      seen ^= words[at]! ^ words[at + 2]!
    }
    // Uses the result; otherwise the compiler drops the reads.
    hashed[TOGETHER] = seen
    for (let i = 0; i < count; i++) {
      const slot = found[start + i]!
      const from = i * WORDS
      if (slot < 0) continue
      const at = slot * WORDS
      const third = group[from + 2]!
      if (words[at] === group[from] && words[at + 1] === group[from + 1] && words[at + 2] === third && isWhole(third))
        continue
      found[start + i] = this.#locate(hashed[i]!, from, given?.[start + i])
    }
  }

  #insert(slot: number): void {
    const index = this.#index
    const last = index.length - 1
    const hash = this.#store.hash(slot)
    let at = hash >>> this.#shift
    while (index[at] !== EMPTY) at = (at + 1) & last
    index[at] = (hash << this.#slotBits) | (slot + 1)
  }

  #allot(places: number): void {
    const old = this.#index
    const mask = this.#mask
    this.#index = new Int32Array(places)
    this.#shift = Math.clz32(places) + 1
    // One more bit than needed now, as slots of removed keys are not used again.
    this.#slotBits = 33 - Math.clz32(Math.max(places, this.slots + 1) - 1)
    this.#mask = -1 >>> (32 - this.#slotBits)
    for (let at = 0; at < old.length; at++) if (old[at] !== EMPTY) this.#insert((old[at]! & mask) - 1)
  }
}

/** The words of the keys of a group, or of one key. */
const group = new Int32Array(TOGETHER * WORDS)
const hashed = new Int32Array(TOGETHER + 1)
/** The results of look-ups of many keys. */
let slots = new Int32Array(0)

function room(count: number): Int32Array {
  if (slots.length < count) slots = new Int32Array(count * 2)
  return slots
}

function hashes(from: number): number {
  return hashOf(group[from]!, group[from + 1]!, group[from + 2]!)
}
