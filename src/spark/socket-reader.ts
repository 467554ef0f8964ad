import type { Socket } from 'node:net'

/** Reads numbers and byte arrays from a socket, in order. One read at a time. */
export class SocketReader {
  readonly #socket: Socket
  #ended = false
  #wake: (() => void) | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    const ended = () => {
      this.#ended = true
      this.#wake?.()
    }
    for (const event of ['end', 'error', 'close'] as const) socket.on(event, ended)
    socket.on('readable', () => this.#wake?.())
  }

  /** Resolves with so many bytes; undefined if the connection ended before the first of them. Rejects if it ended within them. */
  async read(bytes: number): Promise<Buffer | undefined> {
    if (bytes === 0) return Buffer.alloc(0)
    for (;;) {
      const found = this.#socket.read(bytes) as Buffer | null
      if (found?.length === bytes) return found
      if (this.#ended && found === null && this.#socket.readableLength === 0) return undefined
      if (this.#ended) throw new Error('the connection ended in the middle of a message')
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Like `read`, where a message must go on. */
  async rest(bytes: number): Promise<Buffer> {
    const found = await this.read(bytes)
    if (!found) throw new Error('the connection ended in the middle of a message')
    return found
  }

  async int(): Promise<number> {
    return (await this.rest(4)).readInt32BE(0)
  }

  async flag(): Promise<boolean> {
    return (await this.rest(1))[0] === 1
  }

  /** A byte array with its length before it. */
  async bytes(): Promise<Buffer> {
    return await this.rest(await this.int())
  }
}

/** A number as it is sent. */
export function intBytes(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeInt32BE(value, 0)
  return bytes
}
