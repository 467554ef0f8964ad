import { shapeOf, shapeOfPeer } from './avro/protocol-shape.js'
import { type AvroReader, MalformedError } from './avro/reader.js'
import { type EventFormat, readEvents } from './protocol.js'

/** The protocol of Spark's sink for Flume, copied from its jar. */
export const PROTOCOL = JSON.stringify({
  protocol: 'SparkFlumeProtocol',
  namespace: 'org.apache.spark.streaming.flume.sink',
  types: [
    {
      type: 'record',
      name: 'SparkSinkEvent',
      fields: [
        { name: 'headers', type: { type: 'map', values: 'string' } },
        { name: 'body', type: 'bytes' },
      ],
    },
    {
      type: 'record',
      name: 'EventBatch',
      fields: [
        { name: 'errorMsg', type: 'string', default: '' },
        { name: 'sequenceNumber', type: 'string' },
        { name: 'events', type: { type: 'array', items: 'SparkSinkEvent' } },
      ],
    },
  ],
  messages: {
    getEventBatch: { request: [{ name: 'n', type: 'int' }], response: 'EventBatch' },
    ack: { request: [{ name: 'sequenceNumber', type: 'string' }], response: 'null' },
    nack: { request: [{ name: 'sequenceNumber', type: 'string' }], response: 'null' },
  },
})

/** Events that the sink has taken from its channel in one transaction. An acknowledgement commits the transaction. */
export interface EventBatch {
  readonly sequence: string
  readonly events: readonly unknown[]
}

/** Reads the response to `getEventBatch`. Returns undefined if the channel is empty. */
export function readBatch(answer: AvroReader, format: EventFormat): EventBatch | undefined {
  const error = answer.string()
  const sequence = answer.string()
  const events = readEvents('appendBatch', answer, format)
  return error === '' && events.length > 0 ? { sequence, events } : undefined
}

const CALLS = ['getEventBatch', 'ack', 'nack']
const SPOKEN = shapeOf(PROTOCOL, CALLS)

/** Checks that a server's protocol encodes the calls as this one does. @throws MalformedError if it does not. */
export function checkProtocol(text: string): void {
  if (shapeOfPeer(text, CALLS, 'server') !== SPOKEN)
    throw new MalformedError("the server is not Spark's sink for Flume")
}
