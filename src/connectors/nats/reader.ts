import type { ConsumerConfig, ConsumerMessages, JsMsg } from '@nats-io/jetstream'
import { SourceError } from '../../errors.js'
import type { PartitionReader, ReadContext } from '../../ops/source.js'
import { decodedBy } from '../decoded-by.js'
import { resourceKey } from '../resource-key.js'
import { type Nats, type NatsClient, natsClient } from './client.js'
import type { NatsFormat, NatsSettings } from './options.js'
import { withConsumer } from './with-consumer.js'

/** The messages of a stream from sequence number `from` to `to`, both inclusive. */
export interface NatsRange {
  readonly stream: string
  readonly from: number
  readonly to: number
}

/** Options of the reader. The driver sends them with each task. Checkpoints do not contain them. */
export interface NatsReaderOptions {
  readonly settings: NatsSettings
  readonly subjects: readonly string[]
  readonly format: NatsFormat
  readonly onGap: 'fail' | 'skip'
}

/** A record with `metadata: true`. */
export interface NatsRecord<V = unknown> {
  readonly subject: string
  readonly sequence: number
  /** In ms since 1970. */
  readonly timestamp: number
  readonly value: V
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** The most messages per request. */
const AT_ONCE = 5000
/** How long a request waits for messages, in ms. The planned messages exist already. */
const WAIT_MS = 2000

/** Reads a range of sequence numbers. Each request creates a consumer without acknowledgements. */
export const natsReader: PartitionReader<NatsRange> = {
  async *read(range, context) {
    const options = context.options as NatsReaderOptions
    const client = await context.resource(
      resourceKey('nats', options.settings),
      () => natsClient(options.settings),
      (open) => open.close(),
    )
    let at = range.from
    // After a broken connection, reading resumes behind the last piece.
    while (at <= range.to) {
      const { messages, next, first } = await client.run(context.signal, (nats) => fetchPiece(nats, range, at, options))
      if (at === range.from) await checkGap(client, range, first, options, context)
      at = next
      const records = decodedBy(context, messages, (message) => decode(message, range, options.format), undecoded)
      if (records.length > 0) yield records
    }
  },
}

interface Piece {
  readonly messages: readonly JsMsg[]
  /** The sequence number at which the next piece begins. */
  readonly next: number
  /** The sequence number of the first message; undefined if there is none. */
  readonly first: number | undefined
}

/** Fetches up to AT_ONCE messages, and determines where the next piece begins. */
function fetchPiece(
  nats: Nats,
  { stream, to }: NatsRange,
  from: number,
  { subjects }: NatsReaderOptions,
): Promise<Piece> {
  const config: Partial<ConsumerConfig> = {
    deliver_policy: 'by_start_sequence',
    opt_start_seq: from,
    // Several filters need server version 2.10.
    ...(subjects.length === 1 ? { filter_subject: subjects[0] } : {}),
    ...(subjects.length > 1 ? { filter_subjects: [...subjects] } : {}),
  }
  return withConsumer(nats, stream, config, async (open, pending) => {
    if (pending === 0) return { messages: [], next: to + 1, first: undefined }
    const wanted = Math.min(AT_ONCE, pending)
    const fetched = await (await open()).fetch({ max_messages: wanted, expires: WAIT_MS })
    return await collect(fetched, wanted, from, to)
  })
}

async function collect(fetched: ConsumerMessages, wanted: number, from: number, to: number): Promise<Piece> {
  const messages: JsMsg[] = []
  let next = from
  let first: number | undefined
  for await (const message of fetched) {
    first ??= message.seq
    next = Math.max(next, message.seq + 1)
    if (message.seq <= to) messages.push(message)
    // No message follows, even if the range ends later: the rest of it has other subjects.
    if (message.info.pending === 0) next = Math.max(next, to + 1)
    if (next > to || messages.length >= wanted) break
  }
  fetched.stop()
  if (first === undefined) throw new Error(`no message of stream from ${from} on came within ${WAIT_MS} ms`)
  return { messages, next, first }
}

/** Handles messages that the stream's limits removed after the batch was planned, or since the checkpoint. */
async function checkGap(
  client: NatsClient,
  { stream, from, to }: NatsRange,
  first: number | undefined,
  { onGap }: NatsReaderOptions,
  { signal }: ReadContext,
): Promise<void> {
  if (first === from) return
  const { state } = await client.run(signal, ({ manager }) => manager.streams.info(stream))
  const gone = Math.min(state.first_seq, to + 1, first ?? to + 1) - from
  if (gone <= 0) return
  const error = goneMessages(stream, from, from + gone - 1)
  if (onGap === 'fail') throw error
  // The driver counted these messages when it planned the batch, so only a warning can report them.
  process.emitWarning(`They are skipped: ${error.message}`, 'MillraceWarning')
}

export function goneMessages(stream: string, from: number, to: number): SourceError {
  return new SourceError(
    `Messages ${from} to ${to} of NATS stream '${stream}' are gone: its limits removed them before they were read. Raise max_age, max_msgs or max_bytes, or set onGap: 'skip' to go on without them.`,
    { details: { stream, from, to, final: true } },
  )
}

function decode(message: JsMsg, { stream }: NatsRange, { value: format, metadata }: NatsFormat): unknown {
  const { subject, seq: sequence, data } = message
  try {
    const value = format === 'bytes' ? data : format === 'json' ? message.json() : message.string()
    if (!metadata) return value
    return { subject, sequence, timestamp: timeOf(message), value, headers: headersOf(message) }
  } catch (cause) {
    throw new SourceError(
      `Message ${sequence} of NATS stream '${stream}' is not what the options say: ${(cause as Error).message}. Drop such messages with onRecordError, or read them as 'text' or 'bytes' and decode them by an operation.`,
      { cause, details: { stream, sequence, final: true } },
    )
  }
}

/** Returns a message without decoding it, for dead letters. */
function undecoded(message: JsMsg): NatsRecord<Uint8Array> {
  const { subject, seq: sequence, data } = message
  return { subject, sequence, timestamp: timeOf(message), value: data, headers: headersOf(message) }
}

function timeOf({ info }: JsMsg): number {
  return Math.floor(info.timestampNanos / 1e6)
}

function headersOf({ headers }: JsMsg): (readonly [name: string, value: string])[] {
  return [...(headers ?? [])].flatMap(([name, values]) => values.map((text) => [name, text] as const))
}
