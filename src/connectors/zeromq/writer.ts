import { DataError } from '../../errors.js'
import type { DataWriter, WriteContext, WriterFactory } from '../../ops/sink.js'
import { describe } from '../../values/describe.js'
import type { Piece } from './messages.js'

export interface ZeromqWriterOptions {
  readonly topic: string | undefined
  readonly ids: boolean
}

/** Collects the messages of a partition. The commit sends them to the driver, which publishes them. */
export const zeromqWriter: WriterFactory = {
  open: (context) => new MessageWriter(context),
}

class MessageWriter implements DataWriter {
  readonly #context: WriteContext
  readonly #options: ZeromqWriterOptions
  readonly #messages: (readonly Piece[])[] = []

  constructor(context: WriteContext) {
    this.#context = context
    this.#options = context.options as ZeromqWriterOptions
  }

  write(records: readonly unknown[]): void {
    const { topic, ids } = this.#options
    const { output = '', time = 0, partition } = this.#context
    for (const record of records) {
      const frames = framesOf(record)
      const id = ids ? [`${output}-${time}-${partition}-${this.#messages.length}`] : []
      this.#messages.push([...(topic === undefined ? [] : [topic]), ...frames, ...id])
    }
  }

  commit(): readonly (readonly Piece[])[] {
    return this.#messages
  }
}

function framesOf(record: unknown): readonly Piece[] {
  const frames = Array.isArray(record) ? record : [record]
  if (frames.length > 0 && frames.every((frame) => typeof frame === 'string' || frame instanceof Uint8Array))
    return frames as Piece[]
  throw new DataError(
    `A message for ZeroMQ is ${describe(record)}; map records to texts, bytes, or arrays of these, one for each frame.`,
  )
}
