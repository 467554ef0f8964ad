import type { IncomingMessage } from 'node:http'
import type { RawData, WebSocket } from 'ws'
import { SourceError } from '../../errors.js'
import type { ReceiverSink } from '../../ops/source.js'
import { messageOf } from '../../values/message-of.js'
import type { WebSocketSettings } from './options.js'

/** Status codes of a handshake that a retry would get as well. */
const FINAL = new Set([400, 401, 403, 404])

/**
 * The bytes at which collected messages are stored at once, since back-pressure is checked only when messages are
 * stored.
 */
const FLUSH_BYTES = 64 * 1024

/** How a connection ended. */
export interface Ended {
  readonly reason: string
  readonly messages: number
  readonly cause?: unknown
}

/**
 * One connection, from its handshake to its close. Messages that arrive in one turn of the event loop are stored
 * together.
 */
export class Connection {
  readonly #settings: WebSocketSettings
  readonly #sink: ReceiverSink
  readonly #socket: WebSocket
  #records: unknown[] = []
  #bytes = 0
  #messages = 0
  #failure: { readonly error: unknown } | undefined
  #timer: NodeJS.Timeout | undefined
  #isPaused = false
  #isPinged = false

  constructor(socket: WebSocket, settings: WebSocketSettings, sink: ReceiverSink) {
    this.#socket = socket
    this.#settings = settings
    this.#sink = sink
  }

  /** Resolves when the connection has ended. Rejects for a final error. */
  run(signal: AbortSignal, connected: () => void): Promise<Ended> {
    const socket = this.#socket
    const stop = () => socket.terminate()
    return new Promise<Ended>((resolve, reject) => {
      socket.on('open', () => {
        for (const text of this.#settings.send) socket.send(text)
        this.#watch()
        connected()
      })
      socket.on('message', (data) => this.#message(data))
      socket.on('pong', () => this.#heard())
      socket.on('unexpected-response', (request, response) => {
        request.destroy()
        const error = refused(this.#settings.name, response)
        if (error.details.final) reject(error)
        this.#fail(error)
      })
      socket.on('error', (error) => this.#fail(error))
      socket.once('close', (code, reason) => {
        clearInterval(this.#timer)
        signal.removeEventListener('abort', stop)
        this.#flush()
        resolve(this.#end(code, reason))
      })
      if (signal.aborted) stop()
      else signal.addEventListener('abort', stop, { once: true })
    })
  }

  #message(data: RawData): void {
    this.#messages++
    this.#heard()
    const record = this.#decode(data as Buffer)
    if (record === undefined) return
    this.#bytes += (data as Buffer).length
    // Node emits many messages per turn.
    if (this.#records.push(record) === 1) setImmediate(() => this.#flush())
    if (this.#bytes >= FLUSH_BYTES) this.#flush()
  }

  #decode(data: Buffer): unknown {
    const { value, name } = this.#settings
    if (value === 'bytes') return new Uint8Array(data)
    if (value === 'text') return data.toString()
    try {
      return JSON.parse(data.toString())
    } catch (error) {
      this.#sink.report(`${name}: a message is not JSON and was skipped: ${messageOf(error)}`, error)
      return undefined
    }
  }

  #flush(): void {
    if (this.#records.length === 0) return
    const records = this.#records
    this.#records = []
    this.#bytes = 0
    try {
      this.#sink.records(records)
      const room = this.#sink.full()
      if (room && !this.#isPaused) this.#pause(room)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Stops reading until there is room. The service notices that its connection is full. */
  #pause(room: Promise<void>): void {
    this.#isPaused = true
    this.#socket.pause()
    clearInterval(this.#timer)
    this.#timer = undefined
    void room.then(() => {
      this.#isPaused = false
      this.#socket.resume()
      this.#watch()
    })
  }

  /** Sends pings, and ends a connection that does not answer. */
  #watch(): void {
    const { idleTimeout } = this.#settings
    const socket = this.#socket
    if (idleTimeout === 0 || this.#timer || socket.readyState !== socket.OPEN) return
    this.#isPinged = false
    const timer = setInterval(() => {
      // After a blocked event loop, timers run before the socket is read: what waits there counts as heard.
      if (this.#isPinged) setImmediate(() => this.#timer === timer && this.#isPinged && this.#silent())
      else socket.ping()
      this.#isPinged = true
    }, idleTimeout / 2)
    this.#timer = timer
  }

  #heard(): void {
    this.#isPinged = false
    this.#timer?.refresh()
  }

  #silent(): void {
    this.#fail(new Error(`nothing heard for ${this.#settings.idleTimeout} ms`))
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#socket.terminate()
  }

  #end(code: number, reason: Buffer): Ended {
    const messages = this.#messages
    if (this.#failure) return { reason: messageOf(this.#failure.error), messages, cause: this.#failure.error }
    const text = reason.toString().slice(0, 123)
    return { reason: `closed by the server with code ${code}${text && ` (${text})`}`, messages }
  }
}

function refused(name: string, { statusCode = 0, statusMessage = '' }: IncomingMessage): SourceError {
  const final = FINAL.has(statusCode)
  const advice = final ? ' This is final; check the URL, the headers and the credentials.' : ''
  return new SourceError(`${name}: the handshake was answered ${statusCode} ${statusMessage}.${advice}`, {
    details: { final, status: statusCode },
  })
}
