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

/** Calls that wait for room before the connection is no longer read. */
const MOST_WAITING = 16
/** The first byte of a deflated connection. A plain one begins with a serial number, which is small. */
const ZLIB = 0x78

/** The parts that all connections of a server share. */
export interface FlumeContext {
  readonly options: CheckedFlumeOptions
  readonly sink: ReceiverSink
  readonly signal: AbortSignal
  readonly handshake: Handshake
  /** The peer sent what is not the protocol, and was disconnected. */
  malformed(peer: string, error: unknown): void
}

/**
 * One client. Its calls are stored in order, each after there is room for it, and answered once they are safe. A client
 * that closes its connection before a call is stored sends the call again, so what waits for room is then dropped.
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
  /** Settles when the connection is closed. */
  readonly closed: Promise<void>

  constructor(socket: Socket, context: FlumeContext) {
    this.#context = context
    this.#socket = socket
    this.#peer = `${socket.remoteAddress}:${socket.remotePort}`
    this.#frames = new FrameReader(context.options.maxFrameBytes)
    this.#input = this.#output = socket
    socket.setNoDelay(true)
    // A vanished client would otherwise hold a connection forever.
    socket.setKeepAlive(true, 60_000)
    // The close that follows says all that matters: the client sends again what was not answered.
    socket.on('error', () => undefined)
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
    socket.once('data', (first: Buffer) => this.#begin(first))
  }

  /** Accepts no more calls. Stored calls may still be answered. */
  stop(): void {
    this.#waiting.length = 0
    this.#input.pause()
  }

  /** Closes the connection once all answers are sent. */
  end(): void {
    this.#output.end(() => this.#socket.destroySoon())
  }

  destroy(): void {
    this.#waiting.length = 0
    this.#socket.destroy()
  }

  /** Flume deflates a connection as a whole, with a flush behind each frame. */
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

  /** Stores the events of a call; the answer follows once they are safe. */
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
   * Reads the head of a request and writes the head of the answer. Returns the name of the message; undefined or an
   * empty text if there is only a handshake.
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
