import { DataError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { murmur2 } from './murmur2.js'
import type { OutgoingRecord } from './record-encoder.js'

/** A record as the sink accepts it. Texts, bytes and pairs `[key, value]` are short forms. */
export interface KafkaMessage {
  readonly key?: string | Uint8Array | null
  readonly value: string | Uint8Array | null
  readonly headers?: Readonly<Record<string, string>>
  /** Time of the record, in ms since 1970. Default: the time of writing. */
  readonly timestamp?: number
  /** Partition of the topic. Default: chosen by the key's hash. */
  readonly partition?: number
}

export interface TargetTopic {
  readonly topic: string
  readonly partitions: number
  /** The partition of records that have no key. */
  readonly keyless: number
}

/** Encodes the fields of a record, and chooses its partition. @throws DataError if the record cannot be a message. */
export function toOutgoing(record: unknown, target: TargetTopic): OutgoingRecord & { readonly partition: number } {
  const { key = null, value, headers = {}, timestamp = Date.now(), partition } = asMessage(record)
  const keyBytes = toBytes(key, 'key')
  const chosen = partition ?? partitionOf(keyBytes, target)
  if (!Number.isInteger(chosen) || chosen < 0 || chosen >= target.partitions) {
    throw new DataError(
      `A record for Kafka topic '${target.topic}' names partition ${describe(chosen)}; the topic has partitions 0 to ${target.partitions - 1}.`,
    )
  }
  const texts = Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)] as const)
  return { key: keyBytes, value: toBytes(value, 'value'), headers: texts, timestamp, partition: chosen }
}

/** Chooses the partition as Java's producer does, by the hash of the key. */
function partitionOf(key: Buffer | null, { partitions, keyless }: TargetTopic): number {
  return (key ? murmur2(key) & 0x7fffffff : keyless) % partitions
}

function asMessage(record: unknown): KafkaMessage {
  if (typeof record === 'string' || record instanceof Uint8Array) return { value: record }
  if (Array.isArray(record) && record.length === 2) return { key: record[0], value: record[1] }
  if (typeof record === 'object' && record !== null && 'value' in record) return record as KafkaMessage
  throw new DataError(
    `A record for Kafka is ${describe(record)}; map records to texts, bytes, pairs [key, value] or objects { key, value, headers }.`,
  )
}

function toBytes(part: unknown, what: string): Buffer | null {
  if (part === null || part === undefined) return null
  if (typeof part === 'string') return Buffer.from(part)
  if (part instanceof Uint8Array) return Buffer.from(part.buffer, part.byteOffset, part.byteLength)
  throw new DataError(`The ${what} of a record for Kafka is ${describe(part)}; it must be a text, bytes or null.`)
}
