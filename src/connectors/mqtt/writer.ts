import type { MqttClient } from 'mqtt'
import { DataError } from '../../errors.js'
import type { WriteContext, WriterFactory } from '../../ops/sink.js'
import { describe } from '../../values/describe.js'
import { asMessage, MessageWriter, type WithId } from '../message-writer.js'
import { resourceKey } from '../resource-key.js'
import { RetryingClient } from '../retrying-client.js'
import { connected, explain, openClient } from './client.js'
import { type CheckedSinkOptions, isTopic } from './options.js'

/** A record with more than a value. */
export interface MqttMessage {
  /** Default: the topic of the sink. */
  readonly topic?: string
  readonly value: string | Uint8Array
  /** Whether the broker stores the message for new subscribers (false). */
  readonly retain?: boolean
}

interface Addressed extends MqttMessage {
  readonly topic: string
}

/** The user property that contains the id of a message. */
const ID = 'millrace-id'

export const mqttWriter: WriterFactory = {
  async open(context: WriteContext) {
    const options = context.options as CheckedSinkOptions
    const client = await context.resource(
      resourceKey('mqtt', options.settings),
      () => retryingClient(options),
      (open) => open.close(),
    )
    const { application, topic } = options
    return new MessageWriter<MqttClient, Addressed>(
      { client, application, toMessage: (record) => toMessage(record, topic), publish },
      context,
    )
  },
}

function retryingClient({ settings, retryMs }: CheckedSinkOptions): RetryingClient<MqttClient> {
  return new RetryingClient<MqttClient>({
    connect: async () => {
      const client = await openClient(settings, { reconnectPeriod: 0 })
      await connected(client, settings)
      return client
    },
    disconnect: (client) => void client.end(true),
    explain: (error) => explain(settings, error as Error),
    retryMs,
  })
}

function toMessage(record: unknown, ofSink: string | undefined): Addressed {
  const message = asMessage<MqttMessage>(record)
  if (!message) {
    throw new DataError(
      `A record for MQTT is ${describe(record)}; map records to texts, bytes or objects { topic, value, retain }.`,
    )
  }
  const topic = message.topic ?? ofSink
  if (!isTopic(topic)) {
    throw new DataError(
      `A record for MQTT has topic ${describe(topic)}; set the sink's topic, or one in each record, without wildcards.`,
    )
  }
  return { ...(message as MqttMessage), topic }
}

/**
 * Publishes messages, and resolves when the broker has acknowledged them. Rejects when the connection closes: the
 * client would otherwise store unsent messages for the next connection, and never settle.
 */
function publish(client: MqttClient, messages: readonly (Addressed & WithId)[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const onClose = () => reject(new Error('the connection was closed'))
    if (!client.connected) return onClose()
    client.once('close', onClose)
    const published = messages.map(({ topic, value, retain = false, id }) => {
      const payload = typeof value === 'string' ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength)
      return client.publishAsync(topic, payload, { qos: 1, retain, properties: { userProperties: { [ID]: id } } })
    })
    Promise.all(published)
      .then(() => resolve(), reject)
      .finally(() => client.off('close', onClose))
    for (const each of published) each.catch(() => undefined)
  })
}
