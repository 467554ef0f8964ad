import { connect, type NetConnectOpts, type Socket } from 'node:net'

/** Bytes that a connection of `openSocket` reads at most at once. */
const READ_BYTES = 256 * 1024
const NOTHING = Buffer.alloc(0)

/** A read that waits for the rest of its bytes. */
interface Waiting {
  readonly target: Uint8Array
  filled: number
  resolve(): void
}

/** Reads numbers and byte arrays from a socket, in order. One read at a time. It copies each byte once, to where the caller wants it. */
export class SocketReader {
  readonly #socket: Socket
  /** Bytes that have arrived before a read wants them. The socket is paused while there are any. */
  #early: Buffer = NOTHING
  #waiting: Waiting | undefined
  #ended = false

  constructor(socket: Socket) {
    this.#socket = socket
    const ended = () => {
      this.#ended = true
      this.#waiting?.resolve()
    }
    for (const event of ['end', 'error', 'close'] as const) socket.on(event, ended)
    socket.on('data', (bytes: Buffer) => {
      if (!this.arrived(bytes)) socket.pause()
    })
  }

  /** Takes bytes of the socket. Returns whether it has copied all of them; the socket must pause otherwise. */
  arrived(bytes: Buffer): boolean {
    this.#early = bytes
    this.#fill()
    return this.#early.length === 0
  }

  /** Resolves with so many bytes; undefined if the connection ended before the first of them. Rejects if it ended within them. */
  async read(bytes: number): Promise<Buffer | undefined> {
    const target = Buffer.allocUnsafe(bytes)
    return (await this.#into(target)) ? target : undefined
  }

  /** Like `read`, where a message must go on. */
  async rest(bytes: number): Promise<Buffer> {
    const target = Buffer.allocUnsafe(bytes)
    await this.fill(target)
    return target
  }

  /** Fills memory with the next bytes, where a message must go on. */
  async fill(target: Uint8Array): Promise<void> {
    if (!(await this.#into(target))) throw cut()
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

  async #into(target: Uint8Array): Promise<boolean> {
    if (target.length === 0) return true
    const filled = await new Promise<number>((resolve) => {
      const waiting: Waiting = { target, filled: 0, resolve: () => resolve(waiting.filled) }
      this.#waiting = waiting
      this.#fill()
      if (this.#ended) waiting.resolve()
      // Also where nothing more is wanted yet: a paused socket does not keep its process alive.
      else if (this.#early.length === 0) this.#socket.resume()
    })
    this.#waiting = undefined
    if (filled > 0 && filled < target.length) throw cut()
    return filled > 0
  }

  #fill(): void {
    const waiting = this.#waiting
    if (!waiting || this.#early.length === 0) return
    const { target, filled } = waiting
    const bytes = this.#early.copy(target, filled)
    this.#early = this.#early.subarray(bytes)
    waiting.filled += bytes
    if (waiting.filled < target.length) return
    this.#waiting = undefined
    waiting.resolve()
  }
}

/** Connects. All that arrives passes through one piece of memory, where an ordinary socket allocates some for each part. */
export function openSocket(to: NetConnectOpts): { readonly socket: Socket; readonly reader: SocketReader } {
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  const callback = (bytes: number) => reader.arrived(buffer.subarray(0, bytes))
  const socket = connect({ ...to, onread: { buffer, callback } })
  const reader = new SocketReader(socket)
  return { socket, reader }
}

function cut(): Error {
  return new Error('the connection ended in the middle of a message')
}

/** A number as it is sent. */
export function intBytes(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeInt32BE(value, 0)
  return bytes
}
