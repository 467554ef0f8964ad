import type { TopicPartition } from './topic-partition.js'

/** Writes the fields of a Kafka request: big-endian numbers, and texts and arrays after their lengths. */
export class RequestWriter {
  #bytes = Buffer.allocUnsafe(256)
  #length = 0

  int8(value: number): this {
    this.#reserve(1)
    this.#length = this.#bytes.writeInt8(value, this.#length)
    return this
  }

  int16(value: number): this {
    this.#reserve(2)
    this.#length = this.#bytes.writeInt16BE(value, this.#length)
    return this
  }

  int32(value: number): this {
    this.#reserve(4)
    this.#length = this.#bytes.writeInt32BE(value, this.#length)
    return this
  }

  int64(value: number): this {
    this.#reserve(8)
    this.#length = this.#bytes.writeBigInt64BE(BigInt(value), this.#length)
    return this
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0)
  }

  text(value: string | null): this {
    if (value === null) return this.int16(-1)
    const length = Buffer.byteLength(value)
    this.int16(length)
    this.#reserve(length)
    this.#length += this.#bytes.write(value, this.#length)
    return this
  }

  bytes(value: Uint8Array): this {
    this.int32(value.length)
    this.#reserve(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
    return this
  }

  array<T>(items: readonly T[], write: (item: T) => void): this {
    this.int32(items.length)
    for (const item of items) write(item)
    return this
  }

  /** Writes an unsigned varint, 7 bits per byte. */
  varint(value: number): this {
    let rest = value
    while (rest > 127) {
      this.#byte((rest & 127) | 128)
      rest >>>= 7
    }
    return this.#byte(rest)
  }

  compactText(value: string): this {
    const length = Buffer.byteLength(value)
    this.varint(length + 1)
    this.#reserve(length)
    this.#length += this.#bytes.write(value, this.#length)
    return this
  }

  compactArray<T>(items: readonly T[], write: (item: T) => void): this {
    this.varint(items.length + 1)
    for (const item of items) write(item)
    return this
  }

  /** Writes the empty list of tagged fields that ends each structure of the compact encoding. */
  tags(): this {
    return this.varint(0)
  }

  /** Writes a list of one topic with one partition. `rest` writes the fields behind the partition's number. */
  partition({ topic, partition }: TopicPartition, rest: () => void = () => {}): this {
    return this.text(topic).array([partition], (number) => {
      this.int32(number)
      rest()
    })
  }

  done(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  #byte(value: number): this {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
    return this
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}
