const FIRST_BYTES = 64 * 1024
/** `reset` frees a larger buffer, so that one huge block does not stay in memory. */
const KEEP_BYTES = 8 * 1024 * 1024

/**
 * A growing buffer in private memory. Blocks are encoded here before they are copied into shared memory, so a thread
 * that dies while encoding leaves no partial block. Reuse it. Numbers are little-endian; arrays have the machine's byte
 * order, like the typed arrays that read them.
 */
export class ByteWriter {
  #buffer: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)
  #length = 0

  /** Bytes written since the last reset. */
  get length(): number {
    return this.#length
  }

  /** Starts again at 0. */
  reset(): void {
    this.#length = 0
    if (this.#buffer.length > KEEP_BYTES) this.#buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)
  }

  /** Drops the bytes after the first `length`. */
  truncate(length: number): void {
    this.#length = length
  }

  /** Returns the written bytes as a view that is valid until the next write or reset. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  /** Reserves `bytes` more and returns their offset. Their content is arbitrary until it is written. */
  reserve(bytes: number): number {
    const start = this.#length
    const end = start + bytes
    if (end > this.#buffer.length) this.#grow(end)
    this.#length = end
    return start
  }

  /** Writes zeros up to the next multiple of `to` bytes (from the writer's start). Returns the new length. */
  align(to = 8): number {
    const padding = (to - (this.#length % to)) % to
    const start = this.reserve(padding)
    this.#buffer.fill(0, start, start + padding)
    return this.#length
  }

  u8(value: number): void {
    // Before the buffer is named: reserving may replace it.
    const at = this.reserve(1)
    this.#buffer[at] = value
  }

  u32(value: number): void {
    const at = this.reserve(4)
    this.#buffer.writeUInt32LE(value, at)
  }

  f64(value: number): void {
    const at = this.reserve(8)
    this.#buffer.writeDoubleLE(value, at)
  }

  /** Overwrites four bytes that were written or reserved earlier. */
  setU32(at: number, value: number): void {
    this.#buffer.writeUInt32LE(value, at)
  }

  write(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length)
    this.#buffer.set(bytes, at)
  }

  /** Writes one byte per UTF-16 unit. Loses the upper half of units above 0xFF. */
  writeLatin1(text: string): void {
    const at = this.reserve(text.length)
    this.#buffer.write(text, at, 'latin1')
  }

  /** Writes two bytes per UTF-16 unit. Preserves every string. */
  writeUcs2(text: string): void {
    const at = this.reserve(text.length * 2)
    this.#buffer.write(text, at, 'utf16le')
  }

  /** Writes UTF-8. A lone surrogate becomes U+FFFD. */
  writeUtf8(text: string): void {
    const at = this.reserve(Buffer.byteLength(text))
    this.#buffer.write(text, at)
  }

  /** Reserves aligned space for `count` numbers, and returns a view that is valid until the next write. */
  view<T>(type: ViewType<T>, count: number): T {
    this.align(type.BYTES_PER_ELEMENT)
    const at = this.reserve(count * type.BYTES_PER_ELEMENT)
    return new type(this.#buffer.buffer, this.#buffer.byteOffset + at, count)
  }

  #grow(needed: number): void {
    const bigger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(bigger, 0, 0, this.#length)
    this.#buffer = bigger
  }
}

/** A typed array's constructor, over private or shared memory. */
export interface ViewType<T> {
  readonly BYTES_PER_ELEMENT: number
  new (memory: ArrayBufferLike, offset: number, count: number): T
}
