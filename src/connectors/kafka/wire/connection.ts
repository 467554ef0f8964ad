import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { SourceError } from '../../../errors.js'
import { RequestWriter } from './request.js'
import { ResponseReader } from './response.js'

export interface BrokerAddress {
  readonly host: string
  readonly port: number
}

export interface ConnectionSettings {
  readonly clientId: string
  /** Encrypts the connection. Plain data, because the driver sends it to worker threads. */
  readonly tls?: ConnectionOptions | undefined
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
}

interface Waiting {
  readonly resolve: (response: ResponseReader) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

/** The largest possible response of a broker. If a longer one arrives, the port belongs to another service. */
const LONGEST_RESPONSE = 256 * 1024 * 1024

/**
 * A connection to one broker. It sends requests without waiting for earlier responses, which arrive in the same order.
 */
export class BrokerConnection {
  readonly address: BrokerAddress
  readonly #settings: ConnectionSettings
  readonly #socket: Socket
  readonly #waiting = new Map<number, Waiting>()
  #chunks: Buffer[] = []
  #received = 0
  #wanted = 0
  #correlation = 0
  #failure: Error | undefined

  private constructor(address: BrokerAddress, settings: ConnectionSettings, socket: Socket) {
    this.address = address
    this.#settings = settings
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('error', (error) => this.#fail(error.message, error))
    socket.on('close', () => this.#fail('it was closed'))
  }

  /** Connects to a broker. @throws SourceError (rejects) if it does not accept within `connectTimeoutMs`. */
  static open(address: BrokerAddress, settings: ConnectionSettings): Promise<BrokerConnection> {
    const { host, port } = address
    const { tls, connectTimeoutMs } = settings
    const socket = tls
      ? connectTls({ host, port, ...(isIP(host) ? {} : { servername: host }), ...tls })
      : connectTcp({ host, port })
    return new Promise((resolve, reject) => {
      const fail = (why: string, cause?: Error) => {
        clearTimeout(timer)
        socket.destroy()
        reject(unreachable(address, why, cause))
      }
      const timer = setTimeout(() => fail(`no connection within ${connectTimeoutMs} ms`), connectTimeoutMs)
      socket.once('error', (error) => fail(error.message, error))
      socket.once(tls ? 'secureConnect' : 'connect', () => {
        clearTimeout(timer)
        socket.removeAllListeners('error')
        resolve(new BrokerConnection(address, settings, socket))
      })
    })
  }

  get isClosed(): boolean {
    return this.#failure !== undefined
  }

  /**
   * Sends a request, and resolves with the response behind its header. Rejects if the connection breaks, or if the
   * broker does not answer in time.
   */
  send(api: number, version: number, write: (request: RequestWriter) => void): Promise<ResponseReader> {
    if (this.#failure) return Promise.reject(this.#failure)
    const correlation = ++this.#correlation
    const request = new RequestWriter().int32(0).int16(api).int16(version).int32(correlation)
    request.text(this.#settings.clientId)
    write(request)
    const bytes = request.done()
    bytes.writeInt32BE(bytes.length - 4, 0)
    return new Promise((resolve, reject) => {
      const { requestTimeoutMs } = this.#settings
      // Responses arrive in order: if one does not arrive, none after it will.
      const timer = setTimeout(() => this.#fail(`no answer within ${requestTimeoutMs} ms`), requestTimeoutMs)
      this.#waiting.set(correlation, { resolve, reject, timer })
      this.#socket.write(bytes)
    })
  }

  close(): void {
    this.#fail('it was closed')
  }

  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#received += chunk.length
    while (this.#received >= (this.#wanted || 4)) {
      if (this.#wanted === 0) {
        const head = this.#take(0)
        this.#wanted = head.readInt32BE(0) + 4
        if (this.#wanted >= 8 && this.#wanted <= LONGEST_RESPONSE) continue
        this.#fail('what answers is not Kafka')
        return
      }
      const bytes = this.#take(this.#wanted)
      this.#wanted = 0
      this.#answer(bytes)
    }
  }

  /** Removes and returns the first `length` received bytes. With 0, returns all of them without removing them. */
  #take(length: number): Buffer {
    const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#received)
    this.#chunks = length < all.length ? [length === 0 ? all : all.subarray(length)] : []
    this.#received -= length
    return length === 0 ? all : all.subarray(0, length)
  }

  #answer(bytes: Buffer): void {
    const correlation = bytes.readInt32BE(4)
    const waiting = this.#waiting.get(correlation)
    if (!waiting) {
      this.#fail(`it answered request ${correlation}, which was not sent`)
      return
    }
    this.#waiting.delete(correlation)
    clearTimeout(waiting.timer)
    waiting.resolve(new ResponseReader(bytes.subarray(8)))
  }

  #fail(why: string, cause?: Error): void {
    this.#failure ??= unreachable(this.address, why, cause)
    this.#socket.destroy()
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer)
      reject(this.#failure)
    }
    this.#waiting.clear()
  }
}

function unreachable({ host, port }: BrokerAddress, why: string, cause?: Error): SourceError {
  return new SourceError(
    `The Kafka broker ${host}:${port} cannot be reached: ${why}. Check brokers, tls, and that the broker's advertised listener can be reached from here.`,
    { cause, details: { host, port } },
  )
}
