import type { ByteWriter } from './byte-writer.js'
import { copyText } from './copy-text.js'
import type { WritableColumn } from './growing-column.js'
import { writeLatin1 } from './string-column.js'

/** Longer texts are written faster many at a time. */
const LONGEST = 24
/** The most bytes of a text whose length is one byte. */
const LONGEST_BYTES = 255
const FIRST_TEXTS = 64

/** Short texts with one byte per unit, added one by one and written at once, without a second pass. */
export class TextColumn implements WritableColumn {
  #texts = new Uint8Array(FIRST_TEXTS * LONGEST)
  #lengths = new Uint8Array(FIRST_TEXTS)
  #count = 0
  #units = 0

  readonly isPlain = true

  get count(): number {
    return this.#count
  }

  /** Starts again without texts. Frees memory of more than `most`. */
  clear(most: number): void {
    this.#count = 0
    this.#units = 0
    if (this.#lengths.length <= most) return
    this.#texts = new Uint8Array(FIRST_TEXTS * LONGEST)
    this.#lengths = new Uint8Array(FIRST_TEXTS)
  }

  /** Returns false, and adds nothing, if the value is no such text. */
  add(text: unknown): boolean {
    if (typeof text !== 'string') return false
    const { length } = text
    if (length > LONGEST) return false
    this.#reserve(length)
    const texts = this.#texts
    const at = this.#units
    let all = 0
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i)
      all |= unit
      texts[at + i] = unit
    }
    if (all > 0xff) return false
    this.#units += length
    this.#lengths[this.#count++] = length
    return true
  }

  /** Adds a text of one byte per unit. Returns false, and adds nothing, if it is too long. */
  addBytes(bytes: Uint8Array, at: number, length: number): boolean {
    if (length > LONGEST_BYTES) return false
    this.#reserve(length)
    copyText(bytes, at, at + length, this.#texts, this.#units)
    this.#units += length
    this.#lengths[this.#count++] = length
    return true
  }

  /** Adds texts of one byte per unit, one after the other. */
  addAll(texts: Uint8Array, lengths: Uint8Array): void {
    const count = this.#count + lengths.length
    if (count > this.#lengths.length) this.#lengths = longer(this.#lengths, count * 2)
    if (this.#units + texts.length > this.#texts.length)
      this.#texts = longer(this.#texts, (this.#units + texts.length) * 2)
    this.#texts.set(texts, this.#units)
    this.#lengths.set(lengths, this.#count)
    this.#units += texts.length
    this.#count = count
  }

  toArray(): string[] {
    const bytes = Buffer.from(this.#texts.buffer, 0, this.#units)
    let at = 0
    return Array.from(this.#lengths.subarray(0, this.#count), (length) => {
      at += length
      return bytes.toString('latin1', at - length, at)
    })
  }

  write(w: ByteWriter): void {
    writeLatin1(w, { texts: this.#texts.subarray(0, this.#units), lengths: this.#lengths.subarray(0, this.#count) })
  }

  #reserve(length: number): void {
    if (this.#count === this.#lengths.length) this.#lengths = longer(this.#lengths, this.#count * 2)
    if (this.#units + length > this.#texts.length) this.#texts = longer(this.#texts, (this.#units + length) * 2)
  }
}

function longer(short: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const long = new Uint8Array(length)
  long.set(short)
  return long
}
