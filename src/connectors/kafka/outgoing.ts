import { DataError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { murmur2 } from './murmur2.js'
import type { OutgoingRecord } from './record-encoder.js'

/** A record as the sink takes it: a value, a pair `[key, value]`, or an object with more. */
export interface KafkaMessage {
  readonly key?: string | Uint8Array | null
  readonly value: string | Uint8Array | null
  readonly headers?: Readonly<Record<string, string>>
  /** Ms since 1970; the time of writing unless given. */
  readonly timestamp?: number
  /** The partition of the topic; by the key's hash unless given. */
  readonly partition?: number
}

export interface TargetTopic {
  readonly topic: string
  readonly partitions: number
  /** The partition for records without a key. */
  readonly keyless: number
}

/** Returns the bytes of a record and the partition that it belongs to. @throws DataError for what is no record. */
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

/** As Java's producer: by the key's hash. */
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
