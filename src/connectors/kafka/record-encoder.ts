import { gzipSync } from 'node:zlib'
import { crc32c } from './crc32c.js'
import type { ProducerIdentity } from './wire/transactions.js'

/** A record with encoded fields. */
export interface OutgoingRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [name: string, value: Buffer])[]
  readonly timestamp: number
}

export type KafkaCompression = 'none' | 'gzip'

const HEADER = 61
/** The offset of the attributes. The checksum covers all bytes from here. */
const ATTRIBUTES = 21
const COUNT = 57
const TRANSACTIONAL = 16
const GZIP = 1
/** The most bytes that the lengths and deltas of a record need, in addition to key, value and headers. */
const MOST_OVERHEAD = 40

/** Returns an upper bound for the bytes of a record in a batch. */
export function encodedBound({ key, value, headers }: OutgoingRecord): number {
  let bytes = MOST_OVERHEAD + (key?.length ?? 0) + (value?.length ?? 0)
  for (const [name, text] of headers) bytes += 10 + Buffer.byteLength(name) + text.length
  return bytes
}

/** Encodes records as one batch (magic 2; record-batches.ts describes the layout). `seal` completes it. */
export function encodeBatch(records: readonly OutgoingRecord[], compression: KafkaCompression): Buffer {
  const base = records[0]!.timestamp
  const newest = records.reduce((latest, { timestamp }) => Math.max(latest, timestamp), base)
  const body = encodeRecords(records, base)
  const payload = compression === 'gzip' ? gzipSync(body) : body
  const batch = Buffer.allocUnsafe(HEADER + payload.length)
  batch.writeBigInt64BE(0n, 0)
  batch.writeInt32BE(batch.length - 12, 8)
  batch.writeInt32BE(-1, 12)
  batch.writeInt8(2, 16)
  batch.writeInt16BE(compression === 'gzip' ? GZIP : 0, ATTRIBUTES)
  batch.writeInt32BE(records.length - 1, 23)
  batch.writeBigInt64BE(BigInt(base), 27)
  batch.writeBigInt64BE(BigInt(newest), 35)
  batch.writeInt32BE(records.length, COUNT)
  payload.copy(batch, HEADER)
  return batch
}

/**
 * Writes producer and checksum into a batch. With an identity, the batch is part of a transaction; `sequence` is then
 * the number of records that the producer has sent to the partition before.
 */
export function seal(batch: Buffer, identity?: ProducerIdentity, sequence = -1): Buffer {
  if (identity) batch.writeInt16BE(batch.readInt16BE(ATTRIBUTES) | TRANSACTIONAL, ATTRIBUTES)
  batch.writeBigInt64BE(BigInt(identity?.producer ?? -1), 43)
  batch.writeInt16BE(identity?.epoch ?? -1, 51)
  batch.writeInt32BE(sequence, 53)
  batch.writeUInt32BE(crc32c(batch, ATTRIBUTES), 17)
  return batch
}

/** Returns the number of records in a batch. */
export function countOf(batch: Buffer): number {
  return batch.readInt32BE(COUNT)
}

function encodeRecords(records: readonly OutgoingRecord[], base: number): Buffer {
  const bytes = Buffer.allocUnsafe(records.reduce((sum, record) => sum + encodedBound(record), 0))
  let at = 0
  for (const [i, { key, value, headers, timestamp }] of records.entries()) {
    // A record's length precedes it and is a varint of unknown size, so the record is first written behind room for the
    // longest one.
    const start = at + 5
    let end = start
    bytes[end++] = 0
    end = writeVarint(bytes, end, timestamp - base)
    end = writeVarint(bytes, end, i)
    end = writeBytes(bytes, end, key)
    end = writeBytes(bytes, end, value)
    end = writeVarint(bytes, end, headers.length)
    for (const [name, text] of headers) end = writeBytes(bytes, writeBytes(bytes, end, Buffer.from(name)), text)
    const body = writeVarint(bytes, at, end - start)
    bytes.copyWithin(body, start, end)
    at = body + end - start
  }
  return bytes.subarray(0, at)
}

function writeBytes(bytes: Buffer, at: number, value: Buffer | null): number {
  if (value === null) return writeVarint(bytes, at, -1)
  const start = writeVarint(bytes, at, value.length)
  return start + value.copy(bytes, start)
}

/** Writes a zigzag varint of 7 bits per byte. Exact up to 2^52. */
function writeVarint(bytes: Buffer, start: number, value: number): number {
  let at = start
  let rest = value < 0 ? -2 * value - 1 : 2 * value
  while (rest > 127) {
    bytes[at++] = (rest % 128) | 128
    rest = Math.floor(rest / 128)
  }
  bytes[at++] = rest
  return at
}
