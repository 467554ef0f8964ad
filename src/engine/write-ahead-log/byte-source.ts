import { crc32 } from 'node:zlib'

/** Reads a stream of pieces by lengths. Holds no more than what was asked for and one piece. */
export class ByteSource {
  readonly #pieces: AsyncIterator<Uint8Array>
  #piece: Uint8Array = new Uint8Array()
  /** Bytes that were read. */
  position = 0

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]()
  }

  /** Returns the next `length` bytes, or fewer at the end. */
  async take(length: number): Promise<Buffer> {
    const taken: Uint8Array[] = []
    await this.#each(length, (bytes) => taken.push(bytes))
    return taken.length === 1 ? Buffer.from(taken[0]!) : Buffer.concat(taken)
  }

  /** Reads over the next `length` bytes. Returns their number, which is smaller at the end, and their CRC-32. */
  async pass(length: number): Promise<{ readonly length: number; readonly crc: number }> {
    let passed = 0
    let crc = 0
    await this.#each(length, (bytes) => {
      passed += bytes.length
      crc = crc32(bytes, crc)
    })
    return { length: passed, crc }
  }

  async close(): Promise<void> {
    await this.#pieces.return?.()
  }

  async #each(length: number, use: (bytes: Uint8Array) => void): Promise<void> {
    for (let missing = length; missing > 0; ) {
      if (this.#piece.length === 0) {
        const { done, value } = await this.#pieces.next()
        if (done) return
        this.#piece = value
        continue
      }
      const bytes = this.#piece.subarray(0, missing)
      this.#piece = this.#piece.subarray(bytes.length)
      this.position += bytes.length
      missing -= bytes.length
      use(bytes)
    }
  }
}
