import { hashKey, hashLatin1, hashNumber } from '../../../values/keys.js'
import { GrowingColumn } from '../../blocks/growing-column.js'
import type { KeyColumn } from '../../blocks/key-column.js'
import type { PairColumns } from '../../blocks/pair-columns.js'
import type { ShuffleBlockWriter } from '../../blocks/shuffle-block.js'
import { TextColumn } from '../../blocks/text-column.js'
import type { PlacedPairs } from '../../kernels/placed-pairs.js'
import { ValueColumn } from './value-column.js'

/** Larger buffers are freed, so that one huge task does not stay in memory. */
const KEEP_ROWS = 128 * 1024

/**
 * Pairs by part of a shuffle, in columns. Keys that are short texts of one byte per unit are written at once; at the
 * first other key, the keys of all parts go into other columns. The next tasks of the program start with what the last
 * one came to.
 */
export class PairParts {
  readonly #texts: TextColumn[]
  readonly #keys: GrowingColumn[]
  readonly #values: ValueColumn[]
  #areTexts = true
  #symbols = true

  constructor(parts: number) {
    this.#texts = Array.from({ length: parts }, () => new TextColumn())
    this.#keys = Array.from({ length: parts }, () => new GrowingColumn())
    this.#values = Array.from({ length: parts }, () => new ValueColumn())
  }

  /** Drops all pairs, such as those of a failed task. `symbols`: whether objects may have symbols as names. */
  begin(symbols = true): void {
    this.#symbols = symbols
    for (let part = 0; part < this.#values.length; part++) {
      this.#texts[part]!.clear(KEEP_ROWS)
      this.#keys[part]!.clear(KEEP_ROWS)
      this.#values[part]!.clear(symbols, KEEP_ROWS)
    }
  }

  /** Adds a pair whose key is this text of one byte per unit. */
  addText(part: number, bytes: Uint8Array, at: number, length: number, value: number | null): void {
    this.#addText(part, bytes, at, length)
    this.#values[part]!.add(value)
  }

  /** The same, to the part that the hash of the text selects. */
  addHashedText(bytes: Uint8Array, at: number, length: number, value: number | null): void {
    const parts = this.#keys.length
    this.addText(parts === 1 ? 0 : hashLatin1(bytes, at, length) % parts, bytes, at, length, value)
  }

  /** Adds pairs whose keys are texts of one byte per unit. */
  addTexts(part: number, { texts, lengths, values }: PlacedPairs): void {
    if (this.#areTexts) {
      this.#texts[part]!.addAll(texts, lengths)
      this.#values[part]!.addNumbers(values)
      return
    }
    let at = 0
    for (let i = 0; i < lengths.length; i++) {
      this.addText(part, texts, at, lengths[i]!, values[i]!)
      at += lengths[i]!
    }
  }

  add(part: number, key: unknown, value: unknown): void {
    this.#addKey(part, key)
    this.#values[part]!.add(value)
  }

  /** Adds pairs to the parts that the hashes of their keys select. */
  addHashed(columns: PairColumns): void {
    const parts = this.#addKeys(columns.keys)
    const { numbers } = columns
    if (numbers) {
      for (let i = 0; i < numbers.length; i++) this.#values[parts[i]!]!.addNumber(numbers[i]!)
      return
    }
    const { values } = columns
    for (let i = 0; i < values.length; i++) this.#values[parts[i]!]!.add(values[i])
  }

  /** Writes all parts. */
  write(block: ShuffleBlockWriter): void {
    const keys = this.#areTexts ? this.#texts : this.#keys
    for (let part = 0; part < keys.length; part++) block.pairs(part, keys[part]!, this.#values[part]!)
    this.begin(this.#symbols)
  }

  #addKey(part: number, key: unknown): void {
    if (this.#areTexts) {
      if (this.#texts[part]!.add(key)) return
      this.#leaveTexts()
    }
    this.#keys[part]!.add(key)
  }

  #addText(part: number, bytes: Uint8Array, at: number, length: number): void {
    if (this.#areTexts && this.#texts[part]!.addBytes(bytes, at, length)) return
    this.#addKey(part, Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString('latin1'))
  }

  /** Returns the part of each key. */
  #addKeys(keys: KeyColumn): Uint32Array {
    const { latin1, numbers, count } = keys
    const parts = new Uint32Array(count)
    const n = this.#keys.length
    if (latin1) {
      const { texts, lengths } = latin1
      let at = 0
      for (let i = 0; i < count; i++) {
        const length = lengths[i]!
        parts[i] = hashLatin1(texts, at, length) % n
        this.#addText(parts[i]!, texts, at, length)
        at += length
      }
    } else if (numbers) {
      this.#leaveTexts()
      for (let i = 0; i < count; i++) {
        parts[i] = hashNumber(numbers[i]!) % n
        this.#keys[parts[i]!]!.addNumber(numbers[i]!)
      }
    } else {
      const all = keys.all()
      for (let i = 0; i < count; i++) {
        parts[i] = hashKey(all[i]) % n
        this.#addKey(parts[i]!, all[i])
      }
    }
    return parts
  }

  #leaveTexts(): void {
    if (!this.#areTexts) return
    this.#areTexts = false
    this.#texts.forEach((texts, part) => {
      for (const key of texts.toArray()) this.#keys[part]!.add(key)
      texts.clear(0)
    })
  }
}
