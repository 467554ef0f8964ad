import type { TopicPartition } from './topic-partition.js'

/** Reads the fields of a Kafka response. @throws RangeError if a field lies beyond the end of the response. */
export class ResponseReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  int8(): number {
    return this.#bytes.readInt8(this.#advance(1))
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#advance(2))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#advance(4))
  }

  /** Offsets and times are far below 2^53, so a number is exact. */
  int64(): number {
    return Number(this.#bytes.readBigInt64BE(this.#advance(8)))
  }

  boolean(): boolean {
    return this.int8() !== 0
  }

  text(): string {
    return this.nullableText() ?? ''
  }

  nullableText(): string | null {
    const length = this.int16()
    if (length < 0) return null
    const start = this.#advance(length)
    return this.#bytes.toString('utf8', start, start + length)
  }

  /** Returns a view of the response's bytes. */
  bytes(): Buffer {
    const length = Math.max(0, this.int32())
    const start = this.#advance(length)
    return this.#bytes.subarray(start, start + length)
  }

  array<T>(read: () => T): T[] {
    const count = this.int32()
    const items: T[] = []
    for (let i = 0; i < count; i++) items.push(read())
    return items
  }

  /** Reads the partitions of all topics. `read` reads the fields behind a partition's number. */
  partitions<T>(read: (of: TopicPartition) => T): T[] {
    return this.array(() => {
      const topic = this.text()
      return this.array(() => read({ topic, partition: this.int32() }))
    }).flat()
  }

  varint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes[this.#advance(1)]!
      value |= (byte & 127) << shift
      if (byte < 128) break
    }
    return value >>> 0
  }

  compactText(): string {
    const length = Math.max(0, this.varint() - 1)
    const start = this.#advance(length)
    return this.#bytes.toString('utf8', start, start + length)
  }

  compactArray<T>(read: () => T): T[] {
    const items: T[] = []
    for (let count = this.varint() - 1; count > 0; count--) items.push(read())
    return items
  }

  /** Skips the tagged fields at the end of a structure in the compact encoding. */
  tags(): void {
    for (let count = this.varint(); count > 0; count--) {
      this.varint()
      this.#advance(this.varint())
    }
  }

  /** Skips a field, and returns its start. */
  #advance(bytes: number): number {
    const start = this.#at
    if (start + bytes > this.#bytes.length) {
      throw new RangeError(`a response of ${this.#bytes.length} bytes ends within a field at byte ${start}`)
    }
    this.#at += bytes
    return start
  }
}
