/** The bytes violate the protocol. The connection that sent them is closed. */
export class MalformedError extends Error {}

/** Reads values in Avro's binary encoding. Checks every length against the remaining bytes. */
export class AvroReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get remaining(): number {
    return this.#bytes.length - this.#at
  }

  /** Reads an int or long: a zigzag varint. */
  long(): number {
    let value = 0
    let factor = 1
    for (let i = 0; i < 10; i++) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw new MalformedError('a number ends behind the message')
      value += (byte & 0x7f) * factor
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break
        return value % 2 === 0 ? value / 2 : -(value + 1) / 2
      }
      factor *= 128
    }
    throw new MalformedError('a number is too large')
  }

  /** Reads the index of an enum symbol or of a union's branch. */
  index(count: number): number {
    const index = this.long()
    if (index >= 0 && index < count) return index
    throw new MalformedError(`an index is ${index}, of ${count}`)
  }

  /** Returns a view of the next bytes. */
  fixed(length: number): Buffer {
    if (length < 0 || length > this.remaining)
      throw new MalformedError(`a value of ${length} bytes has ${this.remaining}`)
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  bytes(): Buffer {
    return this.fixed(this.long())
  }

  string(): string {
    return this.bytes().toString('utf8')
  }

  /**
   * Calls `item` for each element of an array or map. `least`: the bytes of the smallest element, so that the count can
   * be checked.
   */
  items(least: number, item: () => void): void {
    for (;;) {
      let count = this.long()
      if (count === 0) return
      if (count < 0) {
        count = -count
        // The block's size in bytes, which only helps readers that skip the block.
        this.long()
      }
      if (count > this.remaining / least) throw new MalformedError(`${count} elements have ${this.remaining} bytes`)
      for (let i = 0; i < count; i++) item()
    }
  }

  /** Skips a map whose values are bytes. */
  skipMap(): void {
    this.items(2, () => {
      this.bytes()
      this.bytes()
    })
  }
}
