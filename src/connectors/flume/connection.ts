import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { constants, createDeflate, createInflate } from 'node:zlib'
import type { ReceiverSink } from '../../ops/source.js'
import { until } from '../../ops/wait.js'
import { type Frame, FrameReader, frameOf } from './avro/frames.js'
import type { Handshake } from './avro/handshake.js'
import { AvroReader } from './avro/reader.js'
import { AvroWriter } from './avro/writer.js'
import type { CheckedFlumeOptions } from './options.js'
import { readEvents, STATUS } from './protocol.js'

/** The number of waiting calls at which the connection stops reading. */
const MOST_WAITING = 16
/** The first byte of a compressed connection. An uncompressed one begins with a serial number, which is small. */
const ZLIB = 0x78

/** The parts that all connections of a server share. */
export interface FlumeContext {
  readonly options: CheckedFlumeOptions
  readonly sink: ReceiverSink
  readonly signal: AbortSignal
  readonly handshake: Handshake
  /** Reports a peer that was disconnected because it violated the protocol. */
  malformed(peer: string, error: unknown): void
}

/**
 * One client connection. It stores calls in order, one at a time when the buffer has room, and answers each call when
 * its events are stored, or processed. A client whose connection closes sends its unanswered calls again, so calls that
 * still wait for room are dropped then.
 */
export class FlumeConnection {
  readonly #context: FlumeContext
  readonly #socket: Socket
  readonly #peer: string
  readonly #frames: FrameReader
  readonly #waiting: Frame[] = []
  #input: Duplex
  #output: Duplex
  #isGreeted = false
  #isBusy = false
  /** Resolves when the connection is closed. */
  readonly closed: Promise<void>

  constructor(socket: Socket, context: FlumeContext) {
    this.#context = context
    this.#socket = socket
    this.#peer = `${socket.remoteAddress}:${socket.remotePort}`
    this.#frames = new FrameReader(context.options.maxFrameBytes)
    this.#input = this.#output = socket
    socket.setNoDelay(true)
    // Without keep-alive, a client that vanished would hold its connection forever.
    socket.setKeepAlive(true, 60_000)
    // A 'close' event follows, and the client sends unanswered calls again.
    socket.on('error', () => undefined)
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
    socket.once('data', (first: Buffer) => this.#begin(first))
  }

  /** Stops accepting calls. Calls that are stored may still be answered. */
  stop(): void {
    this.#waiting.length = 0
    this.#input.pause()
  }

  /** Closes the connection after the answers to all stored calls. */
  end(): void {
    this.#output.end(() => this.#socket.destroySoon())
  }

  destroy(): void {
    this.#waiting.length = 0
    this.#socket.destroy()
  }

  /** Detects compression: Flume compresses a connection as a whole, and flushes after each frame. */
  #begin(first: Buffer): void {
    const socket = this.#socket
    socket.pause()
    socket.unshift(first)
    if (first[0] === ZLIB) {
      const flush = constants.Z_SYNC_FLUSH
      this.#input = socket.pipe(createInflate({ flush }))
      this.#output = createDeflate({ flush })
      this.#output.pipe(socket)
      for (const stream of [this.#input, this.#output]) stream.on('error', (error) => this.#fail(error))
    }
    this.#input.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.resume()
  }

  #receive(chunk: Buffer): void {
    try {
      this.#waiting.push(...this.#frames.push(chunk))
    } catch (error) {
      this.#fail(error)
      return
    }
    if (this.#waiting.length > MOST_WAITING) this.#input.pause()
    this.#store().catch((error: unknown) => this.#fail(error))
  }

  async #store(): Promise<void> {
    if (this.#isBusy) return
    this.#isBusy = true
    try {
      for (;;) {
        const room = this.#context.sink.full()
        if (room) await until(room, this.#context.signal)
        if (this.#socket.destroyed || this.#context.signal.aborted) return
        const frame = this.#waiting.shift()
        if (!frame) break
        this.#call(frame)
      }
      if (this.#input.isPaused()) this.#input.resume()
    } finally {
      this.#isBusy = false
    }
  }

  /** Stores the events of a call, and answers it when they are stored, or processed. */
  #call({ serial, payload }: Frame): void {
    const request = new AvroReader(payload)
    const response = new AvroWriter()
    const message = this.#messageOf(request, response)
    if (!message) {
      this.#reply(serial, response)
      return
    }
    const { sink, options } = this.#context
    sink.records(readEvents(message, request, options.format), {
      ack: () => this.#reply(serial, response.long(STATUS.ok)),
      nack: () => this.#reply(serial, response.long(STATUS.failed)),
    })
  }

  /**
   * Reads the header of a request, and writes the header of the response. Returns the name of the called message;
   * undefined or '' for a request that is only a handshake.
   */
  #messageOf(request: AvroReader, response: AvroWriter): string | undefined {
    if (!this.#isGreeted) {
      this.#isGreeted = this.#context.handshake.answer(request, response)
      if (!this.#isGreeted) return undefined
    }
    request.skipMap()
    response.empty().boolean(false)
    return request.string()
  }

  #reply(serial: number, response: AvroWriter): void {
    if (!this.#output.writable) return
    this.#output.write(frameOf({ serial, payload: response.done() }))
  }

  #fail(error: unknown): void {
    if (this.#socket.destroyed) return
    this.destroy()
    this.#context.malformed(this.#peer, error)
  }
}
