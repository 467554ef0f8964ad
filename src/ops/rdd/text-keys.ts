/** Texts to sort, by index. Units are UTF-16 units. */
export interface TextKeys {
  readonly length: number
  /** Returns the first unit from `agreed` to `end` in which text i differs from text j; `end` if none does. */
  agreement(i: number, j: number, agreed: number, end: number): number
  lengthOf(i: number): number
  /** Marks the units of text i in a window. */
  mark(i: number, at: number, units: number, seen: Alphabet): void
  /** Packs the ranks of some units of text i, from the highest bits down. */
  pack(i: number, at: number, units: number, bits: number, ranks: Uint32Array): number
  /** Compares two texts whose first `agreed` units are equal. */
  compare(i: number, j: number, agreed: number): number
}

/** The units that occur in a window of texts, and their ranks, from 1 on. Rank 0 is the end of a text. */
export class Alphabet {
  readonly ranks = new Uint32Array(0x10000)
  #units: number[] = []

  get size(): number {
    return this.#units.length
  }

  add(unit: number): void {
    if (this.ranks[unit] !== 0) return
    this.ranks[unit] = 1
    this.#units.push(unit)
  }

  /** Ranks the units in their order. */
  rank(): void {
    Uint16Array.from(this.#units)
      .sort()
      .forEach((unit, i) => {
        this.ranks[unit] = i + 1
      })
  }

  clear(): void {
    for (const unit of this.#units) this.ranks[unit] = 0
    this.#units = []
  }
}

/** Texts in strings. */
export class StringKeys implements TextKeys {
  readonly #texts: readonly string[]

  constructor(texts: readonly string[]) {
    this.#texts = texts
  }

  get length(): number {
    return this.#texts.length
  }

  lengthOf(i: number): number {
    return this.#texts[i]!.length
  }

  agreement(i: number, j: number, agreed: number, end: number): number {
    const a = this.#texts[i]!
    const b = this.#texts[j]!
    const most = Math.min(end, a.length, b.length)
    let at = Math.min(agreed, most)
    while (at < most && a.charCodeAt(at) === b.charCodeAt(at)) at++
    return at
  }

  mark(i: number, at: number, units: number, seen: Alphabet): void {
    const text = this.#texts[i]!
    const end = Math.min(text.length, at + units)
    for (let unit = at; unit < end; unit++) seen.add(text.charCodeAt(unit))
  }

  pack(i: number, at: number, units: number, bits: number, ranks: Uint32Array): number {
    const text = this.#texts[i]!
    let word = 0
    for (let unit = at; unit < at + units; unit++)
      word = (word << bits) | (unit < text.length ? ranks[text.charCodeAt(unit)]! : 0)
    return word
  }

  compare(i: number, j: number): number {
    const a = this.#texts[i]!
    const b = this.#texts[j]!
    return a < b ? -1 : a > b ? 1 : 0
  }
}

/** Texts of one byte per unit, one after the other; text i begins at `starts[i]` and ends at `starts[i + 1]`. */
export class ByteKeys implements TextKeys {
  readonly #bytes: Uint8Array
  readonly #starts: Uint32Array

  constructor(bytes: Uint8Array, starts: Uint32Array) {
    this.#bytes = bytes
    this.#starts = starts
  }

  get length(): number {
    return this.#starts.length - 1
  }

  lengthOf(i: number): number {
    return this.#starts[i + 1]! - this.#starts[i]!
  }

  agreement(i: number, j: number, agreed: number, end: number): number {
    const a = this.#starts[i]!
    const b = this.#starts[j]!
    const most = Math.min(end, this.lengthOf(i), this.lengthOf(j))
    let at = Math.min(agreed, most)
    while (at < most && this.#bytes[a + at] === this.#bytes[b + at]) at++
    return at
  }

  mark(i: number, at: number, units: number, seen: Alphabet): void {
    const start = this.#starts[i]! + at
    const end = Math.min(this.#starts[i + 1]!, start + units)
    for (let unit = start; unit < end; unit++) seen.add(this.#bytes[unit]!)
  }

  pack(i: number, at: number, units: number, bits: number, ranks: Uint32Array): number {
    const start = this.#starts[i]! + at
    const end = this.#starts[i + 1]!
    let word = 0
    for (let unit = start; unit < start + units; unit++)
      word = (word << bits) | (unit < end ? ranks[this.#bytes[unit]!]! : 0)
    return word
  }

  compare(i: number, j: number, agreed: number): number {
    const shorter = Math.min(this.lengthOf(i), this.lengthOf(j))
    const at = this.agreement(i, j, agreed, shorter)
    if (at === shorter) return this.lengthOf(i) - this.lengthOf(j)
    return this.#bytes[this.#starts[i]! + at]! - this.#bytes[this.#starts[j]! + at]!
  }
}
