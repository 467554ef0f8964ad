import type { ConsumerConfig } from '@nats-io/jetstream'
import { SourceError } from '../../errors.js'
import type { BatchRequest, DirectBatch, DirectReader, DirectSource } from '../../ops/source.js'
import { PACKAGE_ROOT } from '../../package-root.js'
import { integer, object } from '../../values/schema.js'
import { type NatsClient, natsClient, serversOf } from './client.js'
import { type CheckedSourceOptions, checkSourceOptions, type NatsSourceOptions } from './options.js'
import { goneMessages, type NatsRange, type NatsReaderOptions } from './reader.js'
import { withConsumer } from './with-consumer.js'

/** The first sequence number of the next batch. Checkpoints store this position. */
interface Position {
  readonly next: number
}

const positionSchema = object({ next: integer(1, Number.MAX_SAFE_INTEGER, 'a sequence number') })

/**
 * Reads a JetStream stream. The driver plans ranges of sequence numbers, and worker threads read them. A batch that
 * runs again reads the same messages.
 */
export function natsSource(options: NatsSourceOptions): DirectSource<NatsRange> {
  const checked = checkSourceOptions(options)
  const { settings, stream, subjects, format, onGap, onRecordError } = checked
  const readerOptions: NatsReaderOptions = { settings, subjects, format, onGap }
  const module = new URL('connectors/nats/reader.js', PACKAGE_ROOT).href
  return {
    kind: 'direct',
    name: `nats ${stream}@${serversOf(settings)}`,
    reader: { module, export: 'natsReader', options: readerOptions, onRecordError },
    create: () => new NatsDriver(checked),
    checkPosition: (position) => positionSchema(position, ''),
  }
}

class NatsDriver implements DirectReader<NatsRange> {
  readonly #options: CheckedSourceOptions
  readonly #client: NatsClient
  readonly #abort = new AbortController()
  #intervalSeconds = 1
  #next = 1

  constructor(options: CheckedSourceOptions) {
    this.#options = options
    this.#client = natsClient(options.settings)
  }

  async open(_zeroTime: number, batchInterval: number, position?: unknown): Promise<void> {
    this.#intervalSeconds = batchInterval / 1000
    const state = await this.#state()
    const isDataset = batchInterval === Number.POSITIVE_INFINITY
    const { start = isDataset ? 'earliest' : 'latest' } = this.#options
    if (position !== undefined) this.#next = (position as Position).next
    else if (start === 'earliest') this.#next = state.first
    else if (start === 'latest') this.#next = state.last + 1
    else if ('sequence' in start) this.#next = start.sequence
    else this.#next = await this.#sequenceAt(Number(start.timestamp), state.last + 1)
  }

  async next(_time: number, { maxRecords }: BatchRequest): Promise<DirectBatch<NatsRange>> {
    const { stream, maxRate, partitionRecords, onGap } = this.#options
    const { first, last } = await this.#state()
    const warnings: string[] = []
    if (last < this.#next - 1) throw recreated(stream, last, this.#next)
    if (first > this.#next) {
      const gone = goneMessages(stream, this.#next, first - 1)
      if (onGap === 'fail') throw gone
      warnings.push(`messages ${this.#next} to ${first - 1} were removed before they were read and are skipped`)
      this.#next = first
    }
    const most = Math.max(1, Math.min(Math.floor(maxRate * this.#intervalSeconds), maxRecords))
    const end = Math.min(last, this.#next + most - 1)
    const partitions: NatsRange[] = []
    for (let from = this.#next; from <= end; from += partitionRecords)
      partitions.push({ stream, from, to: Math.min(end, from + partitionRecords - 1) })
    const description = partitions.length > 0 ? `${stream}: ${this.#next} to ${end}` : undefined
    const taken = Math.max(0, end + 1 - this.#next)
    this.#next += taken
    const part = { name: stream, taken, left: last + 1 - this.#next, next: this.#next, end: last + 1 }
    return { partitions, description, lag: { unit: 'records', parts: [part] }, warnings }
  }

  replay(_time: number, { partitions }: DirectBatch<NatsRange>): void {
    for (const { to } of partitions) this.#next = to + 1
  }

  position(): Position {
    return { next: this.#next }
  }

  async close(): Promise<void> {
    this.#abort.abort()
    this.#client.close()
  }

  /** Returns the first and last sequence number. In an empty stream, `last` is `first` - 1. */
  async #state(): Promise<{ readonly first: number; readonly last: number }> {
    const { stream } = this.#options
    try {
      const { state } = await this.#client.run(this.#abort.signal, ({ manager }) => manager.streams.info(stream))
      return { first: Math.max(1, state.first_seq), last: state.last_seq }
    } catch (error) {
      if ((error as SourceError).details?.code !== STREAM_NOT_FOUND) throw error
      throw new SourceError(`There is no NATS stream '${stream}'. Create it, or correct its name.`, {
        cause: error,
        details: { stream, final: true },
      })
    }
  }

  /** Returns the sequence number of the first message at or after a time, by the first message that a consumer gets. */
  async #sequenceAt(ms: number, end: number): Promise<number> {
    const { stream } = this.#options
    const config: Partial<ConsumerConfig> = {
      deliver_policy: 'by_start_time',
      opt_start_time: new Date(ms).toISOString(),
    }
    return await this.#client.run(this.#abort.signal, (nats) =>
      withConsumer(nats, stream, config, async (open, pending) => {
        if (pending === 0) return end
        const message = await (await open()).next({ expires: 2000 })
        return message?.seq ?? end
      }),
    )
  }
}

const STREAM_NOT_FOUND = 10_059

function recreated(stream: string, last: number, next: number): SourceError {
  return new SourceError(
    `NATS stream '${stream}' ends at message ${last}, before the next one to read, ${next}: it was deleted and created again, or the server lost messages. Start a new application, or a new checkpoint directory, to read it from its beginning.`,
    { details: { stream, last, next, final: true } },
  )
}
