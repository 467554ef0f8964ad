import { ByteWriter } from '../../blocks/byte-writer.js'
import { decodePairs, encodeShortPairs } from '../../blocks/records-codec.js'
import { ShapedRows } from '../../blocks/shaped-rows.js'
import type { ShuffleBlockWriter } from '../../blocks/shuffle-block.js'
import { copyText } from '../text/copy-text.js'

/** Longer texts are written faster many at a time. */
const LONGEST = 24
/** The most bytes of a text whose length is one byte. */
const LONGEST_BYTES = 255
const FIRST_PAIRS = 64
/** Larger buffers are freed, so that one huge task does not stay in memory. */
const KEEP_PAIRS = 128 * 1024

/**
 * Pairs by part of a shuffle. Keys that are short texts with one byte per unit, and numbers as values, are written at
 * once, without arrays and without a second pass. At the first other pair, all keys become arrays, and values that are
 * objects go into columns of their fields. At the first other value, the values of its part become an array. The next
 * tasks of the program start with what the last one came to.
 */
export class PairParts {
  readonly #short: ShortPairs[]
  #keys: unknown[][] = []
  #values: (unknown[] | ShapedRows)[] = []
  #isShort = true
  #areRows = true
  #symbols = true

  constructor(parts: number) {
    this.#short = Array.from({ length: parts }, () => new ShortPairs())
  }

  /** Drops all pairs, such as those of a failed task. `symbols`: whether objects may have symbols as names. */
  begin(symbols = true): void {
    this.#symbols = symbols
    for (const part of this.#short) part.begin()
    if (!this.#isShort) this.#makeArrays()
  }

  /** Adds a pair whose key is this text in ASCII. */
  addText(part: number, bytes: Buffer, at: number, length: number, value: number): void {
    if (!this.#isShort || !this.#short[part]!.addText(bytes, at, length, value))
      this.add(part, bytes.toString('latin1', at, at + length), value)
  }

  add(part: number, key: unknown, value: unknown): void {
    if (this.#isShort) {
      if (this.#short[part]!.add(key, value)) return
      this.#toArrays()
    }
    this.#keys[part]!.push(key)
    const values = this.#values[part]!
    if (!(values instanceof ShapedRows)) values.push(value)
    else if (!values.add(value)) {
      this.#areRows = false
      const plain = values.toArray()
      plain.push(value)
      this.#values[part] = plain
    }
  }

  /** Writes all parts. */
  write(block: ShuffleBlockWriter): void {
    if (this.#isShort) this.#short.forEach((pairs, part) => block.shortPairs(part, pairs))
    else this.#keys.forEach((keys, part) => block.pairs(part, keys, this.#values[part]!))
    this.begin(this.#symbols)
  }

  #makeArrays(): void {
    this.#keys = this.#short.map(() => [])
    this.#values = this.#short.map((_, part) => (this.#areRows ? this.#rows(part) : []))
  }

  #toArrays(): void {
    this.#isShort = false
    const pairs = this.#short.map((part) => part.take())
    this.#keys = pairs.map(({ keys }) => keys)
    // Values of numbers, or of nothing yet.
    this.#values = pairs.map(({ values }) => (values.length === 0 && this.#areRows ? this.#rows() : values))
  }

  /** Returns columns without rows, if possible those of the part. */
  #rows(part?: number): ShapedRows {
    const values = part === undefined ? undefined : this.#values[part]
    const rows = values instanceof ShapedRows ? values : new ShapedRows()
    rows.clear(this.#symbols)
    return rows
  }
}

/** Pairs of short texts and numbers, in columns. */
export class ShortPairs {
  #texts = new Uint8Array(FIRST_PAIRS * LONGEST)
  #lengths = new Uint8Array(FIRST_PAIRS)
  #numbers = new Float64Array(FIRST_PAIRS)
  #areWhole = true
  #count = 0
  #units = 0

  /** All texts, one after the other. */
  get texts(): Uint8Array {
    return this.#texts.subarray(0, this.#units)
  }

  get lengths(): Uint8Array {
    return this.#lengths.subarray(0, this.#count)
  }

  get numbers(): Float64Array {
    return this.#numbers.subarray(0, this.#count)
  }

  /** Whether an i32 can hold each number. */
  get areWhole(): boolean {
    return this.#areWhole
  }

  begin(): void {
    this.#count = 0
    this.#units = 0
    this.#areWhole = true
    if (this.#lengths.length <= KEEP_PAIRS) return
    this.#texts = new Uint8Array(FIRST_PAIRS * LONGEST)
    this.#lengths = new Uint8Array(FIRST_PAIRS)
    this.#numbers = new Float64Array(FIRST_PAIRS)
  }

  /** Returns false, and adds nothing, if the pair is not of this kind. */
  add(key: unknown, value: unknown): boolean {
    if (typeof key !== 'string' || typeof value !== 'number') return false
    const { length } = key
    if (length > LONGEST) return false
    this.#reserve(length)
    const texts = this.#texts
    const at = this.#units
    let all = 0
    for (let i = 0; i < length; i++) {
      const unit = key.charCodeAt(i)
      all |= unit
      texts[at + i] = unit
    }
    if (all > 0xff) return false
    this.#end(length, value)
    return true
  }

  /** Adds a text in ASCII. Returns false, and adds nothing, if it is too long. */
  addText(bytes: Buffer, at: number, length: number, value: number): boolean {
    if (length > LONGEST_BYTES) return false
    this.#reserve(length)
    copyText(bytes, at, at + length, this.#texts, this.#units)
    this.#end(length, value)
    return true
  }

  #reserve(length: number): void {
    if (this.#count === this.#lengths.length) this.#grow()
    if (this.#units + length > this.#texts.length)
      this.#texts = longer(this.#texts, new Uint8Array((this.#units + length) * 2))
  }

  #end(length: number, value: number): void {
    this.#units += length
    this.#lengths[this.#count] = length
    this.#numbers[this.#count++] = value
    if ((value | 0) !== value || Object.is(value, -0)) this.#areWhole = false
  }

  /** Removes and returns all pairs, in the order of their addition. */
  take(): { keys: unknown[]; values: unknown[] } {
    const w = new ByteWriter()
    if (this.#count > 0) encodeShortPairs(w, this)
    const pairs = decodePairs(w.bytes())
    this.begin()
    return pairs
  }

  #grow(): void {
    const pairs = this.#count * 2
    this.#lengths = longer(this.#lengths, new Uint8Array(pairs))
    this.#numbers = longer(this.#numbers, new Float64Array(pairs))
  }
}

function longer<T extends Uint8Array | Float64Array>(short: T, long: T): T {
  long.set(short)
  return long
}
