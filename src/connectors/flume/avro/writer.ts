/** Writes values in Avro's binary encoding. */
export class AvroWriter {
  readonly #pieces: Buffer[] = []

  long(value: number): this {
    const bytes: number[] = []
    let rest = value < 0 ? -2 * value - 1 : 2 * value
    for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
    bytes.push(rest)
    return this.fixed(Buffer.from(bytes))
  }

  fixed(bytes: Buffer): this {
    this.#pieces.push(bytes)
    return this
  }

  string(text: string): this {
    const bytes = Buffer.from(text)
    return this.long(bytes.length).fixed(bytes)
  }

  /** Writes an empty array or map, which is a zero byte, as is `false`. */
  empty(): this {
    return this.long(0)
  }

  boolean(value: boolean): this {
    return this.fixed(Buffer.of(value ? 1 : 0))
  }

  done(): Buffer {
    return Buffer.concat(this.#pieces)
  }
}
