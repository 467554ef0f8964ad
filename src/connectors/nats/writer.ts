import { DataError } from '../../errors.js'
import type { WriteContext, WriterFactory } from '../../ops/sink.js'
import { describe } from '../../values/describe.js'
import { asMessage, MessageWriter, type WithId } from '../message-writer.js'
import { resourceKey } from '../resource-key.js'
import { type Nats, natsClient } from './client.js'
import type { CheckedSinkOptions } from './options.js'

/** A record with more than a value. */
export interface NatsMessage {
  /** Default: the subject of the sink. */
  readonly subject?: string
  readonly value: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

interface Addressed extends NatsMessage {
  readonly subject: string
}

export const natsWriter: WriterFactory = {
  async open(context: WriteContext) {
    const { settings, application, subject } = context.options as CheckedSinkOptions
    const client = await context.resource(
      resourceKey('nats', settings),
      () => natsClient(settings),
      (open) => open.close(),
    )
    return new MessageWriter<Nats, Addressed>(
      { client, application, toMessage: (record) => toMessage(record, subject), publish },
      context,
    )
  },
}

function toMessage(record: unknown, ofSink: string | undefined): Addressed {
  const message = asMessage<NatsMessage>(record)
  if (!message) {
    throw new DataError(
      `A record for NATS is ${describe(record)}; map records to texts, bytes or objects { subject, value, headers }.`,
    )
  }
  const subject = message.subject ?? ofSink
  if (typeof subject !== 'string' || subject === '')
    throw new DataError('A record for NATS names no subject. Set the subject of the sink or of each record.')
  return { ...(message as NatsMessage), subject }
}

async function publish({ jetstream }: Nats, messages: readonly (Addressed & WithId)[]): Promise<void> {
  const { headers: newHeaders } = await import('@nats-io/transport-node')
  const published = messages.map(({ subject, value, headers, id: msgID }) => {
    const sent = newHeaders()
    for (const [name, text] of Object.entries(headers ?? {})) sent.append(name, text)
    return jetstream.publish(subject, value, { msgID, headers: sent })
  })
  // Awaits all promises, so that no second rejection is unhandled.
  for (const result of await Promise.allSettled(published)) if (result.status === 'rejected') throw result.reason
}
