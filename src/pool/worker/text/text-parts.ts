import { copyText } from '../../blocks/copy-text.js'
import type { ShuffleBlockWriter } from '../../blocks/shuffle-block.js'
import type { Latin1Texts } from '../../blocks/string-column.js'
import { lengthsType } from '../../kernels/text-lengths.js'

const FIRST_BYTES = 1024
const FIRST_TEXTS = 64
/** Larger buffers are freed, so that one huge task does not stay in memory. */
const KEEP_BYTES = 4 * 1024 * 1024

/** Records by part of a shuffle: texts of one byte per unit as bytes, others as they are. */
export class TextParts {
  readonly #bytes: Bytes[]
  #others: unknown[][] = []

  constructor(parts: number) {
    this.#bytes = Array.from({ length: parts }, () => new Bytes())
  }

  /** Drops all texts, such as those of a failed task. */
  begin(): void {
    for (const part of this.#bytes) part.begin()
    this.#others = this.#bytes.map(() => [])
  }

  add(part: number, from: Buffer, start: number, end: number): void {
    this.#bytes[part]!.add(from, start, end)
  }

  addAll(part: number, texts: Latin1Texts): void {
    this.#bytes[part]!.addAll(texts)
  }

  addOther(part: number, record: unknown): void {
    this.#others[part]!.push(record)
  }

  /** Writes all parts. A part that has other records has no bytes: its texts become strings. */
  write(block: ShuffleBlockWriter): void {
    this.#bytes.forEach((bytes, part) => {
      const others = this.#others[part]!
      if (others.length === 0) block.texts(part, bytes.view())
      else block.records(part, [...bytes.strings(), ...others])
    })
    this.begin()
  }
}

/** Texts of one byte per unit in one buffer. */
class Bytes {
  #texts = Buffer.allocUnsafeSlow(FIRST_BYTES)
  #length = 0
  #ends = new Uint32Array(FIRST_TEXTS)
  #count = 0
  #longest = 0

  begin(): void {
    if (this.#texts.length > KEEP_BYTES) this.#texts = Buffer.allocUnsafeSlow(FIRST_BYTES)
    if (this.#ends.byteLength > KEEP_BYTES) this.#ends = new Uint32Array(FIRST_TEXTS)
    this.#length = this.#count = this.#longest = 0
  }

  add(from: Buffer, start: number, end: number): void {
    const length = end - start
    const at = this.#length
    if (at + length > this.#texts.length) this.#grow(at + length)
    if (this.#count === this.#ends.length) this.#growEnds()
    this.#length = copyText(from, start, end, this.#texts, at)
    this.#ends[this.#count++] = this.#length
    if (length > this.#longest) this.#longest = length
  }

  addAll({ texts, lengths }: Latin1Texts): void {
    const at = this.#length
    if (at + texts.length > this.#texts.length) this.#grow(at + texts.length)
    while (this.#count + lengths.length > this.#ends.length) this.#growEnds()
    this.#texts.set(texts, at)
    for (let i = 0; i < lengths.length; i++) {
      const length = lengths[i]!
      this.#length += length
      this.#ends[this.#count++] = this.#length
      if (length > this.#longest) this.#longest = length
    }
  }

  view(): Latin1Texts {
    const lengths = new (lengthsType(this.#longest))(this.#count)
    for (let i = 0, start = 0; i < lengths.length; i++) {
      lengths[i] = this.#ends[i]! - start
      start = this.#ends[i]!
    }
    return { texts: this.#texts.subarray(0, this.#length), lengths }
  }

  strings(): string[] {
    return Array.from(this.#ends.subarray(0, this.#count), (end, i) =>
      this.#texts.toString('latin1', i === 0 ? 0 : this.#ends[i - 1]!, end),
    )
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#texts.length * 2))
    this.#texts.copy(larger, 0, 0, this.#length)
    this.#texts = larger
  }

  #growEnds(): void {
    const larger = new Uint32Array(this.#ends.length * 2)
    larger.set(this.#ends)
    this.#ends = larger
  }
}
