import { SourceError } from '../../errors.js'
import type { PartitionReader, ReadContext } from '../../ops/source.js'
import { resourceKey } from '../resource-key.js'
import { type ClusterSettings, KafkaCluster, KafkaCodeError } from './cluster.js'
import { decoderOf } from './decoders.js'
import { pieceBuilder } from './pieces.js'
import type { KafkaRange } from './ranges.js'
import { eachBatch, offsetAfter, RecordCursor } from './record-batches.js'
import type { RecordFormat } from './record-format.js'
import type { BrokerConnection } from './wire/connection.js'
import { OFFSET_OUT_OF_RANGE } from './wire/error-codes.js'
import { EARLIEST, type FetchedRecords, fetchRecords, type Isolation, listOffsets } from './wire/requests.js'

/** Options of the reader. The driver sends them with each task. Checkpoints do not contain them. */
export interface KafkaReaderOptions {
  readonly cluster: ClusterSettings
  readonly isolation: Isolation
  readonly fetchBytes: number
  readonly checkCrcs: boolean
  readonly format: RecordFormat
}

/** How long a broker waits for records, in ms. The planned records exist, so empty responses are rare. */
const MAX_WAIT_MS = 500
/** Empty responses in a row after which the task fails. */
const MOST_EMPTY = 20

/** Reads a range of offsets. Sends the next request before it decodes the records of the last response. */
export const kafkaReader: PartitionReader<KafkaRange> = {
  async *read(range, context) {
    const options = context.options as KafkaReaderOptions
    const key = resourceKey('kafka', options.cluster)
    const cluster = await context.resource(
      key,
      () => new KafkaCluster(options.cluster),
      (open) => open.close(),
    )
    const { isolation, fetchBytes: maxBytes, checkCrcs, format } = options
    const cursor = new RecordCursor()
    const pieces = pieceBuilder(format, await decoderOf(format.value), range, context.reject)
    const fetch = (offset: number) => fetched(cluster, range, offset, { isolation, maxBytes }, context)
    let at = range.from
    let empty = 0
    let response = fetch(at)
    while (at < range.to) {
      const { records, aborted } = await response
      const after = offsetAfter(records)
      if (after === undefined || after <= at) {
        if (++empty === MOST_EMPTY) throw missing(range, at)
        response = fetch(at)
        continue
      }
      empty = 0
      if (after < range.to) {
        response = fetch(after)
        // `response` is awaited after the `yield` below. If the generator ends there, a rejection must not count as
        // unhandled.
        response.catch(() => undefined)
      }
      const start = at
      await eachBatch(records, range, { aborted, checkCrcs }, cursor, () => {
        while (cursor.next()) if (cursor.offset >= start && cursor.offset < range.to) pieces.add(cursor)
      })
      yield* pieces.take()
      at = after
    }
  },
}

function fetched(
  cluster: KafkaCluster,
  range: KafkaRange,
  offset: number,
  { isolation, maxBytes }: { readonly isolation: Isolation; readonly maxBytes: number },
  { signal }: ReadContext,
): Promise<FetchedRecords> {
  return cluster.onLeader(range, signal, async (connection: BrokerConnection) => {
    const response = await fetchRecords(connection, range, offset, { isolation, maxBytes, maxWaitMs: MAX_WAIT_MS })
    const { code } = response
    if (code === 0) return response
    const { topic, partition, to } = range
    if (code === OFFSET_OUT_OF_RANGE) {
      const [first] = await listOffsets(connection, isolation, [{ topic, partition, at: EARLIEST }])
      throw removed(range, offset, Math.max(offset + 1, Math.min(first?.offset ?? to, to)))
    }
    throw new KafkaCodeError(`Offset ${offset} of partition ${partition} of Kafka topic '${topic}'`, code, {
      topic,
      partition,
      offset,
    })
  })
}

/**
 * The offsets were removed by retention after the batch was planned, or the checkpoint is older than the oldest record.
 */
export function removed(
  { topic, partition }: { topic: string; partition: number },
  from: number,
  to: number,
): SourceError {
  return new SourceError(
    `Offsets ${from} to ${to - 1} of partition ${partition} of Kafka topic '${topic}' are gone: retention removed them before they were read. Raise the topic's retention, or set onGap: 'skip' to go on without them.`,
    { details: { topic, partition, from, to, final: true } },
  )
}

function missing({ topic, partition, to }: KafkaRange, at: number): SourceError {
  return new SourceError(
    `Offsets ${at} to ${to - 1} of partition ${partition} of Kafka topic '${topic}' were there when the batch was planned, and the broker returns none of them.`,
    { details: { topic, partition, from: at, to } },
  )
}
