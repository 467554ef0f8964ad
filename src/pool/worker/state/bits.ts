/** A set of slots, one bit each: a million take 125 KB, which stay in the processor's cache. */
export class Bits implements Iterable<number> {
  #words = new Int32Array(2)
  #size = 0

  get words(): Int32Array {
    return this.#words
  }

  /** Sets the bits. The size stays: these are the bits of before, or none for the time being. */
  set words(words: Int32Array<ArrayBuffer>) {
    this.#words = words
  }

  get size(): number {
    return this.#size
  }

  has(slot: number): boolean {
    return slot >> 5 < this.#words.length && (this.#words[slot >> 5]! & (1 << (slot & 31))) !== 0
  }

  add(slot: number): void {
    const word = slot >> 5
    if (word >= this.#words.length) this.#grow(word)
    const bit = 1 << (slot & 31)
    const before = this.#words[word]!
    this.#words[word] = before | bit
    // A branch would be mispredicted: of the slots of a batch, some half are present.
    this.#size += ((before >>> slot) & 1) ^ 1
  }

  delete(slot: number): void {
    if (!this.has(slot)) return
    this.#words[slot >> 5]! &= ~(1 << (slot & 31))
    this.#size--
  }

  clear(): void {
    this.#words.fill(0)
    this.#size = 0
  }

  /** Returns the slots from `from` on, before `to`. */
  within(from: number, to: number): Int32Array {
    const slots = new Int32Array(to - from)
    let count = 0
    for (let slot = from; slot < to; slot++) if (this.has(slot)) slots[count++] = slot
    return slots.subarray(0, count)
  }

  /** Yields the slots in order. */
  *[Symbol.iterator](): Iterator<number> {
    for (let word = 0; word < this.#words.length; word++) {
      if (this.#words[word] === 0) continue
      for (let slot = word << 5; slot < (word + 1) << 5; slot++) if (this.has(slot)) yield slot
    }
  }

  #grow(word: number): void {
    const larger = new Int32Array(Math.max(word + 1, this.#words.length * 2))
    larger.set(this.#words)
    this.#words = larger
  }
}
