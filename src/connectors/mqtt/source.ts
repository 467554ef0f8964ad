import type { IPublishPacket, MqttClient } from 'mqtt'
import { SourceError } from '../../errors.js'
import type { Receipt, Receiver, ReceiverSink, ReceiverSource } from '../../ops/source.js'
import { messageOf } from '../../values/message-of.js'
import { brokerOf, connected, openClient } from './client.js'
import { type CheckedSourceOptions, checkSourceOptions, type MqttSourceOptions } from './options.js'

/** A record with `metadata: true`. */
export interface MqttRecord<V = unknown> {
  readonly topic: string
  readonly value: V
  /** Whether the broker had stored the message for new subscribers. */
  readonly retain: boolean
}

/**
 * Receives messages of an MQTT 5 broker with QoS 1. If the process dies, the broker sends unacknowledged messages
 * again.
 */
export function mqttSource(options: MqttSourceOptions): ReceiverSource {
  const checked = checkSourceOptions(options)
  return {
    kind: 'receiver',
    name: `mqtt ${checked.topics.join(', ')}@${brokerOf(checked.settings)}`,
    codec: 'records',
    ackAfter: checked.ackAfter,
    create: () => new MqttReceiver(checked),
  }
}

/** How long the last acknowledgements may take, in ms. */
const CLOSE_MS = 1000

class MqttReceiver implements Receiver {
  readonly #options: CheckedSourceOptions
  #client: MqttClient | undefined
  /** Counts connections. A message can be acknowledged only over the connection that delivered it. */
  #connection = 0
  #isStopped = false

  constructor(options: CheckedSourceOptions) {
    this.#options = options
  }

  async start(sink: ReceiverSink): Promise<void> {
    await this.close()
    this.#isStopped = false
    const { settings, clientId, sessionExpirySeconds: sessionExpiryInterval, receiveMaximum } = this.#options
    const client = await openClient(settings, {
      clientId,
      clean: false,
      resubscribe: false,
      properties: { sessionExpiryInterval, receiveMaximum },
    })
    this.#client = client
    this.#receive(client, sink)
    await connected(client, settings)
    await this.#subscribe(client)
    client.on('connect', () => this.#resubscribe(client, sink))
    client.on('close', () => {
      if (!this.#isStopped) sink.report(`lost the connection to ${brokerOf(settings)}; it connects again`)
    })
  }

  async stop(): Promise<void> {
    this.#isStopped = true
  }

  /** Ends the connection. Until here, batches can acknowledge their messages. */
  async close(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    if (!client) return
    await new Promise<void>((resolve) => {
      const late = setTimeout(() => client.end(true, () => resolve()), CLOSE_MS)
      client.end(false, () => {
        clearTimeout(late)
        resolve()
      })
    })
  }

  #receive(client: MqttClient, sink: ReceiverSink): void {
    client.on('connect', () => {
      this.#connection++
    })
    client.on('packetreceive', (packet) => {
      // With QoS 1 the client itself would acknowledge each message, and deliver the next one only after that.
      if (packet.cmd === 'publish' && packet.qos === 1) packet.qos = 0
    })
    client.handleMessage = (packet, done) => {
      // The message is not acknowledged, so the broker sends it to the next process.
      if (this.#isStopped || client !== this.#client) return
      this.#take(packet, client, sink)
      const full = sink.full()
      if (full) full.then(() => done(), done)
      else done()
    }
  }

  #take(packet: IPublishPacket, client: MqttClient, sink: ReceiverSink): void {
    const receipt = this.#receiptOf(packet.messageId, client)
    try {
      sink.records([this.#decode(packet)], receipt)
    } catch (error) {
      if (!(error instanceof MalformedPayload)) throw error
      sink.report(error.message, error.cause)
      receipt.ack()
    }
  }

  #receiptOf(id: number | undefined, client: MqttClient): Receipt {
    const connection = this.#connection
    return {
      ack: () => {
        // PUBACK: https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html#_Toc3901121
        if (id !== undefined && client.connected && connection === this.#connection)
          client.stream.write(Buffer.from([0x40, 2, id >> 8, id & 0xff]))
      },
    }
  }

  #decode({ topic, payload, retain }: IPublishPacket): unknown {
    const { value: format, metadata } = this.#options
    const bytes = Buffer.from(payload)
    try {
      const value = format === 'bytes' ? bytes : format === 'json' ? JSON.parse(bytes.toString()) : bytes.toString()
      return metadata ? { topic, value, retain } : value
    } catch (cause) {
      throw new MalformedPayload(
        `a message of topic '${topic}' is no JSON and is skipped: ${messageOf(cause)}. Read it as 'text' or 'bytes', and decode it by an operation with onRecordError.`,
        { cause },
      )
    }
  }

  /** Subscribes to the topics. With `rh: 1`, the broker sends retained messages to new subscriptions only. */
  async #subscribe(client: MqttClient): Promise<void> {
    const { topics, settings } = this.#options
    const granted = await client.subscribeAsync([...topics], { qos: 1, rh: 1 }).catch((cause: Error) => {
      throw refusedTopics(topics, brokerOf(settings), cause)
    })
    const refused = granted.filter(({ qos }) => (qos as number) >= 128).map(({ topic }) => topic)
    if (refused.length > 0) throw refusedTopics(refused, brokerOf(settings))
  }

  /** Subscribes again after a reconnect, because the broker may have lost the session. */
  #resubscribe(client: MqttClient, sink: ReceiverSink): void {
    this.#subscribe(client).catch((error: unknown) => {
      if (!this.#isStopped && client.connected) sink.restart(messageOf(error), error)
    })
  }
}

class MalformedPayload extends Error {}

function refusedTopics(topics: readonly string[], broker: string, cause?: Error): SourceError {
  return new SourceError(
    `The MQTT broker ${broker} refused the subscription of ${topics.join(', ')}${cause ? `: ${cause.message}` : ''}. Allow the client to read these topics.`,
    { cause, details: { topics } },
  )
}
