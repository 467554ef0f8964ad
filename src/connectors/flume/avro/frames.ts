import { MalformedError } from './reader.js'

/** A request or response. The client chooses the serial number, and the response repeats it. */
export interface Frame {
  readonly serial: number
  readonly payload: Buffer
}

/**
 * Splits a byte stream into frames. A frame is a serial number, a count, and as many buffers, each after its length.
 * All numbers have 4 bytes. The buffers of a frame, concatenated, are its payload.
 */
export class FrameReader {
  readonly #maxBytes: number
  #held: Buffer = Buffer.alloc(0)
  #serial = 0
  /** The number of buffers that the frame still lacks; undefined between frames. */
  #left: number | undefined
  /** The number of bytes that the buffer still lacks; undefined before its length. */
  #wanted: number | undefined
  #pieces: Buffer[] = []
  #size = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Adds a chunk, and returns the frames that it completes. @throws MalformedError for a frame above the limit. */
  push(chunk: Buffer): Frame[] {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    const frames: Frame[] = []
    while (this.#step()) {
      if (this.#left !== 0) continue
      frames.push({ serial: this.#serial, payload: Buffer.concat(this.#pieces, this.#size) })
      this.#left = this.#wanted = undefined
      this.#pieces = []
      this.#size = 0
    }
    return frames
  }

  /** Reads one header, one length, or a part of a buffer. Returns false if its bytes have not arrived yet. */
  #step(): boolean {
    if (this.#left === undefined) {
      if (this.#held.length < 8) return false
      this.#serial = this.#held.readInt32BE(0)
      this.#left = this.#held.readInt32BE(4)
      this.#held = this.#held.subarray(8)
      if (this.#left < 0) throw new MalformedError(`a frame has ${this.#left} buffers`)
      return true
    }
    if (this.#wanted === undefined) {
      if (this.#held.length < 4) return false
      this.#wanted = this.#held.readInt32BE(0)
      this.#held = this.#held.subarray(4)
      if (this.#wanted < 0) throw new MalformedError(`a buffer has ${this.#wanted} bytes`)
      if (this.#size + this.#wanted > this.#maxBytes)
        throw new MalformedError(`a frame has more than ${this.#maxBytes} bytes (maxFrameBytes)`)
    }
    return this.#take()
  }

  #take(): boolean {
    const piece = this.#held.subarray(0, this.#wanted)
    this.#held = this.#held.subarray(piece.length)
    if (piece.length > 0) this.#pieces.push(piece)
    this.#size += piece.length
    this.#wanted! -= piece.length
    if (this.#wanted! > 0) return false
    this.#wanted = undefined
    this.#left!--
    return true
  }
}

/** Encodes a frame with one buffer. */
export function frameOf({ serial, payload }: Frame): Buffer {
  const head = Buffer.alloc(12)
  head.writeInt32BE(serial, 0)
  head.writeInt32BE(1, 4)
  head.writeInt32BE(payload.length, 8)
  return Buffer.concat([head, payload])
}
