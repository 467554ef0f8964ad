import type { Latin1Texts } from '../../blocks/string-column.js'
import { FRACTION, hashOf, isWhole, NOT_A_NUMBER, OBJECT, packKey, WHOLE } from '../tables/key-words.js'
import { meanSize } from './size-of.js'

/** A key is this many i32. */
export const WORDS = 3
const LEAST = 64
/** The columns of a store. */
export interface KeyColumns {
  readonly words: Int32Array<ArrayBuffer>
  readonly others: unknown[]
}

/** Space beyond the keys, so that few copies are made while they grow. */
const GROWTH = 1.4
const MOST_BYTES = 11

/**
 * Keys by slot: three words each (key-words.ts), which are the key if it is a short text or a number. The second word of
 * another key is its position among the others.
 */
export class KeyStore {
  words = new Int32Array(LEAST * WORDS)
  #others: unknown[] = []
  #count = 0

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.words.byteLength + meanSize(this.#others) * this.#others.length
  }

  /** The columns: the words, and the keys that they do not contain. */
  get columns(): KeyColumns {
    return { words: this.words.subarray(0, this.#count * WORDS), others: this.#others }
  }

  /** Sets the columns. The count of keys stays: these are the columns of before, or none for the time being. */
  set columns({ words, others }: KeyColumns) {
    this.words = words
    this.#others = others
  }

  push(key: unknown): number {
    const slot = this.#count++
    const at = slot * WORDS
    if (at + WORDS > this.words.length) this.#resize(Math.ceil(this.#count * GROWTH))
    packKey(key, this.words, at)
    if (this.#isOther(at)) this.words[at + 1] = this.#others.push(key) - 1
    return slot
  }

  /** The kind of the key: the highest byte of its third word. */
  kind(slot: number): number {
    return this.words[slot * WORDS + 2]! & 0xff000000
  }

  hash(slot: number): number {
    const at = slot * WORDS
    const third = this.words[at + 2]!
    return hashOf(this.words[at]!, isWhole(third) ? this.words[at + 1]! : 0, third)
  }

  /** Whether a slot has this key, packed into `packed` at `from`. */
  is(slot: number, packed: Int32Array, from: number, key: unknown): boolean {
    const at = slot * WORDS
    const { words } = this
    if (words[at] !== packed[from] || words[at + 2] !== packed[from + 2]) return false
    return this.#isOther(at) ? this.#others[words[at + 1]!] === key : words[at + 1] === packed[from + 1]
  }

  key(slot: number): unknown {
    const at = slot * WORDS
    return this.isText(slot)
      ? bytes.toString('latin1', 0, this.#copyText(at, view, 0))
      : this.#noText(at, this.kind(slot))
  }

  /** Returns the keys of these slots: faster than `key` of each. */
  keys(slots: ArrayLike<number>): unknown[] {
    const { length } = slots
    const keys = new Array<unknown>(length)
    const texts = bufferOf(length)
    const to = viewOf(texts)
    let end = 0
    for (let i = 0; i < length; i++) if (this.isText(slots[i]!)) end = this.#copyText(slots[i]! * WORDS, to, end)
    const text = texts.toString('latin1', 0, end)
    let from = 0
    for (let i = 0; i < length; i++) {
      const kind = this.kind(slots[i]!)
      if (this.isText(slots[i]!)) {
        const until = from + (kind >> 24) - 1
        keys[i] = text.substring(from, until)
        from = until
      } else keys[i] = this.#noText(slots[i]! * WORDS, kind)
    }
    return keys
  }

  /** Whether the key is a short text. */
  isText(slot: number): boolean {
    const kind = this.kind(slot)
    return kind > 0 && kind <= (MOST_BYTES + 1) << 24
  }

  /** Returns the keys from a slot on, if all are short texts. */
  textsFrom(slot: number): Latin1Texts | undefined {
    const count = this.#count - slot
    const lengths = new Uint8Array(count)
    const texts = bufferOf(count)
    const to = viewOf(texts)
    let end = 0
    for (let i = 0; i < count; i++) {
      if (!this.isText(slot + i)) return undefined
      const from = end
      end = this.#copyText((slot + i) * WORDS, to, end)
      lengths[i] = end - from
    }
    return { texts: texts.subarray(0, end), lengths }
  }

  /** Keeps the keys of these slots only, in new slots in this order, which must ascend. */
  compact(slots: Iterable<number>): void {
    const { words } = this
    const others: unknown[] = []
    let next = 0
    for (const slot of slots) {
      words.copyWithin(next * WORDS, slot * WORDS, slot * WORDS + WORDS)
      if (this.#isOther(next * WORDS)) words[next * WORDS + 1] = others.push(this.#others[words[next * WORDS + 1]!]) - 1
      next++
    }
    this.#others = others
    this.#count = next
    this.#resize(Math.max(LEAST, next))
  }

  #isOther(at: number): boolean {
    const third = this.words[at + 2]!
    return !isWhole(third) || (third & 0xff000000) === OBJECT
  }

  #noText(at: number, kind: number): unknown {
    switch (kind) {
      case WHOLE:
        return this.words[at]
      case NOT_A_NUMBER:
        return Number.NaN
      case FRACTION:
        halves[0] = this.words[at]!
        halves[1] = this.words[at + 1]!
        return float[0]
      default:
        return this.#others[this.words[at + 1]!]
    }
  }

  /** Copies a short text. Returns its end. */
  #copyText(at: number, to: DataView, start: number): number {
    const { words } = this
    const third = words[at + 2]!
    // Bytes after the text are those of the next text, or beyond the end.
    to.setInt32(start, words[at]!, true)
    to.setInt32(start + 4, words[at + 1]!, true)
    to.setInt32(start + 8, third, true)
    return start + (third >>> 24) - 1
  }

  #resize(slots: number): void {
    const words = new Int32Array(slots * WORDS)
    words.set(this.words.length <= words.length ? this.words : this.words.subarray(0, words.length))
    this.words = words
  }
}

const bytes = Buffer.alloc(WORDS * 4)
const view = viewOf(bytes)

function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length)
}

/** Memory for so many short texts, of which each is written as whole words. */
function bufferOf(texts: number): Buffer {
  return Buffer.allocUnsafeSlow(texts * MOST_BYTES + WORDS * 4)
}

const float = new Float64Array(1)
const halves = new Int32Array(float.buffer)
