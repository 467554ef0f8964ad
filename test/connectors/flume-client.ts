import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { FrameReader, frameOf } from '#build/connectors/flume/avro/frames.js'
import { AvroWriter } from '#build/connectors/flume/avro/writer.js'
import { PROTOCOL } from '#build/connectors/flume/protocol.js'

const md5 = (text: string) => createHash('md5').update(text).digest()
export const greeting = (protocol = PROTOCOL, hash = md5(protocol)) =>
  new AvroWriter().fixed(hash).long(1).string(protocol).fixed(hash).long(0)
export const event = (call: AvroWriter, body: string) => call.empty().string(body)
export const batch = (call: AvroWriter, bodies: readonly string[]) => {
  call.empty().string('appendBatch').long(bodies.length)
  for (const body of bodies) event(call, body)
  return call.empty()
}
export const framed = (call: AvroWriter, serial = 1) => frameOf({ serial, payload: call.done() })

/** A connection of a client that a test writes itself. */
export class RawClient {
  readonly socket: Socket
  readonly ended: Promise<unknown>
  readonly #frames = new FrameReader(1e6)
  /** Serial numbers of calls, in the order of their answers. */
  readonly answers: number[] = []
  readonly statuses = new Map<number, 'ok' | 'failed'>()
  #wake = () => {}

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.on('error', () => undefined)
    this.ended = new Promise((resolve) => this.socket.once('close', resolve))
    this.socket.on('data', (chunk: Buffer) => {
      for (const { serial, payload } of this.#frames.push(chunk)) {
        this.answers.push(serial)
        // The status is the last byte: an index in zigzag encoding.
        this.statuses.set(serial, payload.at(-1) === 2 ? 'failed' : 'ok')
      }
      this.#wake()
    })
  }

  async answered(count: number): Promise<void> {
    while (this.answers.length < count)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
  }
}
