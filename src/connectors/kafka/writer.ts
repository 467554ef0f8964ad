import type { DataWriter, WriteContext, WriterFactory } from '../../ops/sink.js'
import { resourceKey } from '../resource-key.js'
import { type ClusterSettings, checked, KafkaCluster, KafkaCodeError } from './cluster.js'
import { type TargetTopic, toOutgoing } from './outgoing.js'
import { encodeBatch, encodedBound, type KafkaCompression, type OutgoingRecord, seal } from './record-encoder.js'
import { produce } from './wire/transactions.js'

export interface KafkaWriterOptions {
  readonly cluster: ClusterSettings
  readonly topic: string
  readonly guarantee: 'exactly-once' | 'at-least-once'
  readonly compression: KafkaCompression
  readonly batchBytes: number
}

/** The record batches of a task, each with its topic partition, in order. */
export type EncodedPartition = readonly (readonly [partition: number, batch: Uint8Array])[]

/**
 * Encodes a partition as record batches. For an exactly-once sink, the driver writes them in the batch's transaction,
 * so a task whose result is dropped writes nothing. For other sinks, and outside of batches, the writer sends them
 * itself.
 */
export const kafkaWriter: WriterFactory = {
  async open(context: WriteContext) {
    const options = context.options as KafkaWriterOptions
    const key = resourceKey('kafka', options.cluster)
    const cluster = await context.resource(
      key,
      () => new KafkaCluster(options.cluster),
      (open) => open.close(),
    )
    const { partitions } = await context.resource(`${key} ${options.topic}`, () => topicOf(cluster, options.topic))
    // Records without a key of one task go to one topic partition. The partition changes with the task and each second.
    const keyless = context.partition + Math.floor((context.time ?? 0) / 1000)
    const target = { topic: options.topic, partitions, keyless }
    const isSent = options.guarantee === 'at-least-once' || context.time === undefined
    const encoder = new PartitionEncoder(target, options)
    return isSent ? new SendingWriter(encoder, cluster, options, context.signal) : new EncodingWriter(encoder)
  },
}

async function topicOf(cluster: KafkaCluster, topic: string): Promise<{ readonly partitions: number }> {
  const [found] = (await cluster.metadata([topic])).topics
  if (found?.code !== 0)
    throw new KafkaCodeError(`Kafka topic '${topic}' cannot be written`, found?.code ?? -1, { topic })
  return { partitions: found.partitions.length }
}

/** Collects records into record batches of at most `batchBytes`. */
class PartitionEncoder {
  readonly #target: TargetTopic
  readonly #options: KafkaWriterOptions
  /** Records of the batch that is not full yet and their bytes, by topic partition. */
  readonly #open = new Map<number, { records: OutgoingRecord[]; bytes: number }>()
  #full: [partition: number, batch: Buffer][] = []

  constructor(target: TargetTopic, options: KafkaWriterOptions) {
    this.#target = target
    this.#options = options
  }

  add(records: readonly unknown[]): void {
    for (const record of records) {
      const { partition, ...outgoing } = toOutgoing(record, this.#target)
      let open = this.#open.get(partition)
      if (!open) this.#open.set(partition, (open = { records: [], bytes: 0 }))
      const bytes = encodedBound(outgoing)
      if (open.bytes + bytes > this.#options.batchBytes && open.records.length > 0) {
        this.#close(partition, open.records)
        open.records = []
        open.bytes = 0
      }
      open.records.push(outgoing)
      open.bytes += bytes
    }
  }

  /** Returns the full batches, and forgets them. */
  take(): [partition: number, batch: Buffer][] {
    const full = this.#full
    this.#full = []
    return full
  }

  takeAll(): [partition: number, batch: Buffer][] {
    for (const [partition, { records }] of this.#open) this.#close(partition, records)
    this.#open.clear()
    return this.take()
  }

  #close(partition: number, records: readonly OutgoingRecord[]): void {
    this.#full.push([partition, encodeBatch(records, this.#options.compression)])
  }
}

class EncodingWriter implements DataWriter {
  readonly #encoder: PartitionEncoder

  constructor(encoder: PartitionEncoder) {
    this.#encoder = encoder
  }

  write(records: readonly unknown[]): void {
    this.#encoder.add(records)
  }

  commit(): EncodedPartition {
    return this.#encoder.takeAll()
  }
}

/** Sends full batches at once, without a transaction. */
class SendingWriter implements DataWriter {
  readonly #encoder: PartitionEncoder
  readonly #cluster: KafkaCluster
  readonly #options: KafkaWriterOptions
  readonly #signal: AbortSignal

  constructor(encoder: PartitionEncoder, cluster: KafkaCluster, options: KafkaWriterOptions, signal: AbortSignal) {
    this.#encoder = encoder
    this.#cluster = cluster
    this.#options = options
    this.#signal = signal
  }

  async write(records: readonly unknown[]): Promise<void> {
    this.#encoder.add(records)
    await this.#send(this.#encoder.take())
  }

  async commit(): Promise<void> {
    await this.#send(this.#encoder.takeAll())
  }

  async #send(batches: readonly (readonly [partition: number, batch: Buffer])[]): Promise<void> {
    const { topic, cluster } = this.#options
    for (const [partition, batch] of batches) {
      const at = { topic, partition }
      await this.#cluster.onLeader(at, this.#signal, async (connection) =>
        checked(
          await produce(connection, at, seal(batch), null, cluster.requestTimeoutMs),
          `Partition ${partition} of Kafka topic '${topic}' cannot be written`,
        ),
      )
    }
  }
}
