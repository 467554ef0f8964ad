import { shapeOf, shapeOfPeer } from './avro/protocol-shape.js'
import { type AvroReader, MalformedError } from './avro/reader.js'

/** The protocol of Flume's clients and Avro sinks. */
export const PROTOCOL = JSON.stringify({
  protocol: 'AvroSourceProtocol',
  namespace: 'org.apache.flume.source.avro',
  types: [
    { type: 'enum', name: 'Status', symbols: ['OK', 'FAILED', 'UNKNOWN'] },
    {
      type: 'record',
      name: 'AvroFlumeEvent',
      fields: [
        { name: 'headers', type: { type: 'map', values: 'string' } },
        { name: 'body', type: 'bytes' },
      ],
    },
  ],
  messages: {
    append: { request: [{ name: 'event', type: 'AvroFlumeEvent' }], response: 'Status' },
    appendBatch: {
      request: [{ name: 'events', type: { type: 'array', items: 'AvroFlumeEvent' } }],
      response: 'Status',
    },
  },
})

/** The index of each status in the protocol's enum. */
export const STATUS = { ok: 0, failed: 1 } as const

/** An event as the protocol encodes it. */
export interface FlumeEvent<B = string | Uint8Array> {
  readonly headers: Readonly<Record<string, string>>
  readonly body: B
}

/** The type of the records that a source with these options yields. */
export type FlumeRecordOf<O> = O extends { readonly headers: true } ? FlumeEvent<FlumeBodyOf<O>> : FlumeBodyOf<O>

/** The type of the events' bodies with these options. */
export type FlumeBodyOf<O> = O extends { readonly value: 'bytes' } ? Uint8Array : string

/** How events become records. */
export interface EventFormat {
  readonly value: 'text' | 'bytes'
  readonly headers: boolean
}

/** Reads the events of a call, and converts them to records. */
export function readEvents(message: string, call: AvroReader, format: EventFormat): unknown[] {
  const events: unknown[] = []
  const add = () => void events.push(readEvent(call, format))
  if (message === 'append') add()
  else if (message === 'appendBatch') call.items(2, add)
  else throw new MalformedError(`the protocol has no message '${message.slice(0, 40)}'`)
  if (call.remaining > 0) throw new MalformedError(`${call.remaining} bytes follow a call`)
  return events
}

function readEvent(call: AvroReader, { value, headers }: EventFormat): unknown {
  const entries: [string, string][] = []
  call.items(2, () => {
    if (headers) entries.push([call.string(), call.string()])
    else {
      call.bytes()
      call.bytes()
    }
  })
  const bytes = call.bytes()
  const body = value === 'text' ? bytes.toString('utf8') : new Uint8Array(bytes)
  return headers ? { headers: Object.fromEntries(entries), body } : body
}

const CALLS = ['append', 'appendBatch']
const SERVED = shapeOf(PROTOCOL, CALLS)

/** Checks that a client's protocol encodes both calls as this one does. @throws MalformedError if it does not. */
export function checkProtocol(text: string): void {
  if (shapeOfPeer(text, CALLS, 'client') !== SERVED)
    throw new MalformedError('the client speaks another protocol than AvroSourceProtocol of Flume')
}
