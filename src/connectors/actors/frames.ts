/** Splits a byte stream into frames: a length of 4 bytes, big-endian, and as many bytes. */
export class LengthFrames {
  readonly #maxBytes: number
  #chunks: Buffer[] = []
  #held = 0
  #wanted: number | undefined

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Adds a chunk, and returns the frames that it completes. @throws RangeError for a frame above the limit. */
  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk)
    this.#held += chunk.length
    if (this.#held < (this.#wanted ?? 4)) return []
    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#held)
    const frames: Buffer[] = []
    let at = 0
    for (;;) {
      if (this.#wanted === undefined) {
        if (bytes.length - at < 4) break
        this.#wanted = bytes.readUInt32BE(at)
        at += 4
        if (this.#wanted > this.#maxBytes)
          throw new RangeError(`a frame has ${this.#wanted} bytes, of at most ${this.#maxBytes} (maxMessageBytes)`)
      }
      if (bytes.length - at < this.#wanted) break
      frames.push(bytes.subarray(at, at + this.#wanted))
      at += this.#wanted
      this.#wanted = undefined
    }
    this.#chunks = at < bytes.length ? [bytes.subarray(at)] : []
    this.#held = bytes.length - at
    return frames
  }
}

/** Encodes a message as a frame. */
export function lengthFrame(text: string): Buffer {
  const body = Buffer.from(text)
  const head = Buffer.alloc(4)
  head.writeUInt32BE(body.length)
  return Buffer.concat([head, body])
}
