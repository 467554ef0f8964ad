import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { FrameReader, frameOf } from './frames.js'
import { AvroReader, MalformedError } from './reader.js'
import { AvroWriter } from './writer.js'

const HASH_BYTES = 16
const MATCH_NONE = 2

export interface AvroClientOptions {
  readonly host: string
  readonly port: number
  readonly protocol: string
  /** Checks a server's protocol that differs from the client's. @throws MalformedError if it is incompatible. */
  readonly check: (protocol: string) => void
  readonly maxFrameBytes: number
  /** How long a connection may take to open, in ms. */
  readonly timeoutMs: number
}

interface Call {
  readonly resolve: (answer: AvroReader) => void
  readonly reject: (error: unknown) => void
  readonly timer: NodeJS.Timeout | undefined
}

/** The client side of Avro RPC over TCP. The first call of a connection includes the handshake. */
export class AvroClient {
  readonly #options: AvroClientOptions
  readonly #socket: Socket
  readonly #frames: FrameReader
  readonly #calls = new Map<number, Call>()
  #serial = 0
  #isGreeted = false
  #failure: unknown

  private constructor(socket: Socket, options: AvroClientOptions) {
    this.#socket = socket
    this.#options = options
    this.#frames = new FrameReader(options.maxFrameBytes)
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the connection was closed')))
  }

  static async open(options: AvroClientOptions, signal: AbortSignal): Promise<AvroClient> {
    const { host, port, timeoutMs } = options
    signal.throwIfAborted()
    const socket = connect({ host, port, noDelay: true, keepAlive: true })
    const late = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
    await new Promise<void>((resolve, reject) => {
      const abort = () => socket.destroy(new Error(`no connection within ${timeoutMs} ms`))
      late.addEventListener('abort', abort, { once: true })
      socket.once('error', reject)
      socket.once('connect', () => {
        late.removeEventListener('abort', abort)
        socket.removeListener('error', reject)
        resolve()
      })
    })
    return new AvroClient(socket, options)
  }

  /**
   * Calls a message of the protocol. Rejects if the server answers with an error or not within `timeoutMs`, or if the
   * connection breaks. A server handles the calls of one connection in order.
   */
  call(message: string, write: (request: AvroWriter) => void, timeoutMs?: number): Promise<AvroReader> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    const request = new AvroWriter()
    if (this.#serial === 0) this.#greet(request)
    const serial = ++this.#serial
    // An empty map: no metadata.
    request.empty().string(message)
    write(request)
    return new Promise((resolve, reject) => {
      const late = () => this.#fail(new Error(`no answer within ${timeoutMs} ms`))
      const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs)
      this.#calls.set(serial, { resolve, reject, timer })
      this.#socket.write(frameOf({ serial, payload: request.done() }))
    })
  }

  close(): void {
    this.#fail(new Error('the connection was closed'))
  }

  /** Sends the text of the protocol with its hash, so the server need not request it. */
  #greet(request: AvroWriter): void {
    const { protocol } = this.#options
    const hash = createHash('md5').update(protocol).digest()
    request.fixed(hash).long(1).string(protocol).fixed(hash).long(0)
  }

  #receive(chunk: Buffer): void {
    try {
      for (const { serial, payload } of this.#frames.push(chunk)) this.#answer(serial, new AvroReader(payload))
    } catch (error) {
      this.#fail(error)
    }
  }

  #answer(serial: number, answer: AvroReader): void {
    if (!this.#isGreeted) this.#readGreeting(answer)
    const call = this.#calls.get(serial)
    if (!call) throw new MalformedError(`the server answered call ${serial}, which was not made`)
    answer.skipMap()
    const isError = answer.fixed(1)[0] === 1
    this.#calls.delete(serial)
    clearTimeout(call.timer)
    if (!isError) call.resolve(answer)
    // The error type of every protocol is a union, and its first branch is a text.
    else call.reject(new Error(answer.index(2) === 0 ? answer.string() : 'the server answered with an error'))
  }

  #readGreeting(answer: AvroReader): void {
    const match = answer.index(3)
    if (answer.index(2) === 1) this.#options.check(answer.string())
    if (answer.index(2) === 1) answer.fixed(HASH_BYTES)
    if (answer.index(2) === 1) answer.skipMap()
    if (match === MATCH_NONE) throw new MalformedError('the server does not accept the protocol')
    this.#isGreeted = true
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    this.#socket.destroy()
    for (const { reject, timer } of this.#calls.values()) {
      clearTimeout(timer)
      reject(this.#failure)
    }
    this.#calls.clear()
  }
}
