import { SourceError } from '../../errors.js'
import { decompress } from './compression.js'
import { crc32c } from './crc32c.js'
import type { AbortedTransaction } from './wire/requests.js'
import type { TopicPartition } from './wire/topic-partition.js'

/*
 * A record batch (magic 2), big-endian:
 *
 *  0 base offset      8   | 17 crc-32c of 21..     4 | 35 first timestamp  8 | 53 base sequence 4
 *  8 length from 12   4   | 21 attributes          2 | 43 last timestamp   8 | 57 record count  4
 * 12 leader epoch     4   | 23 last offset delta   4 | 51 ...                | 61 records
 * 16 magic            1   | 27 (first timestamp at 27, max at 35, producer id at 43, producer epoch at 51)
 *
 * A record: length varint, attributes 1, timestamp delta varlong, offset delta varint, key and value (length varint, -1
 * for none, then bytes), header count varint and headers (key length, key, value length, value).
 */
const LENGTH = 8
const MAGIC = 16
const CRC = 17
const ATTRIBUTES = 21
const LAST_OFFSET_DELTA = 23
const FIRST_TIMESTAMP = 27
const MAX_TIMESTAMP = 35
const PRODUCER = 43
const COUNT = 57
const RECORDS = 61

const COMPRESSION = 7
const LOG_APPEND_TIME = 8
const TRANSACTIONAL = 16
const CONTROL = 32

/** Steps through the records of one batch. The fields describe the current record. */
export class RecordCursor {
  bytes: Buffer = Buffer.alloc(0)
  offset = 0
  timestamp = 0
  /** -1 if the record has no key, or no value. */
  keyStart = -1
  keyEnd = -1
  valueStart = -1
  valueEnd = -1
  #at = 0
  #left = 0
  #end = 0
  #baseOffset = 0
  #baseTime = 0
  #appendTime = false

  /** Positions the cursor before the first record of a batch. */
  enter(batch: Buffer, records: Buffer): void {
    const attributes = batch.readInt16BE(ATTRIBUTES)
    this.#appendTime = (attributes & LOG_APPEND_TIME) !== 0
    this.#baseOffset = Number(batch.readBigInt64BE(0))
    this.#baseTime = Number(batch.readBigInt64BE(this.#appendTime ? MAX_TIMESTAMP : FIRST_TIMESTAMP))
    this.#left = batch.readInt32BE(COUNT)
    this.bytes = records
    this.#at = 0
    this.#end = 0
  }

  /** Moves to the next record. Returns false after the last one. */
  next(): boolean {
    if (this.#left === 0) return false
    this.#left--
    this.#at = this.#end
    const length = this.#varint()
    this.#end = this.#at + length
    this.#at++
    const timestampDelta = this.#varlong()
    this.timestamp = this.#appendTime ? this.#baseTime : this.#baseTime + timestampDelta
    this.offset = this.#baseOffset + this.#varint()
    const keyLength = this.#varint()
    this.keyStart = keyLength < 0 ? -1 : this.#at
    if (keyLength > 0) this.#at += keyLength
    this.keyEnd = this.#at
    const valueLength = this.#varint()
    this.valueStart = valueLength < 0 ? -1 : this.#at
    if (valueLength > 0) this.#at += valueLength
    this.valueEnd = this.#at
    if (length < 0 || this.#at > this.#end || this.#end > this.bytes.length)
      throw new RangeError(`a record at byte ${this.#at} does not fit its batch of ${this.bytes.length} bytes`)
    return true
  }

  key(): Buffer | null {
    return this.keyStart < 0 ? null : this.bytes.subarray(this.keyStart, this.keyEnd)
  }

  value(): Buffer | null {
    return this.valueStart < 0 ? null : this.bytes.subarray(this.valueStart, this.valueEnd)
  }

  /** Returns the headers of the current record, in order. Names may repeat. */
  headers(): (readonly [name: string, value: Buffer | null])[] {
    this.#at = this.valueEnd
    const headers: (readonly [string, Buffer | null])[] = []
    for (let count = this.#varint(); count > 0; count--) {
      const name = this.#slice()!.toString()
      headers.push([name, this.#slice()])
    }
    return headers
  }

  #slice(): Buffer | null {
    const length = this.#varint()
    if (length < 0) return null
    const start = this.#at
    this.#at += length
    return this.bytes.subarray(start, start + length)
  }

  #varint(): number {
    const { bytes } = this
    let byte = bytes[this.#at++]!
    if (byte < 128) return (byte >>> 1) ^ -(byte & 1)
    let value = byte & 127
    let shift = 7
    do {
      byte = bytes[this.#at++]!
      value |= (byte & 127) << shift
      shift += 7
    } while (byte >= 128)
    return (value >>> 1) ^ -(value & 1)
  }

  /** Reads a number of more than 32 bits: the records of one batch may be months apart. */
  #varlong(): number {
    const { bytes } = this
    let byte = bytes[this.#at++]!
    if (byte < 128) return (byte >>> 1) ^ -(byte & 1)
    let value = byte & 127
    let factor = 128
    do {
      byte = bytes[this.#at++]!
      value += (byte & 127) * factor
      factor *= 128
    } while (byte >= 128)
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
}

/** Returns the offset after the last complete batch; undefined if the response has no complete batch. */
export function offsetAfter(batches: Buffer): number | undefined {
  let after: number | undefined
  for (let at = 0; at + RECORDS <= batches.length; ) {
    const end = at + 12 + batches.readInt32BE(at + LENGTH)
    if (end > batches.length) break
    after = Number(batches.readBigInt64BE(at)) + batches.readInt32BE(at + LAST_OFFSET_DELTA) + 1
    at = end
  }
  return after
}

/** Which batches of a response are skipped or verified. */
export interface BatchFilter {
  /** Aborted transactions. Empty if uncommitted records are read too. */
  readonly aborted: readonly AbortedTransaction[]
  readonly checkCrcs: boolean
}

/**
 * Calls `each` for every batch of a response, with the cursor before its first record. Skips control batches and
 * aborted transactions.
 *
 * @throws SourceError for a batch that is damaged or has an unknown format.
 */
export async function eachBatch(
  batches: Buffer,
  source: TopicPartition,
  { aborted, checkCrcs }: BatchFilter,
  cursor: RecordCursor,
  each: () => void,
): Promise<void> {
  const pending = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset)
  const dropped = new Set<number>()
  for (let at = 0; at + RECORDS <= batches.length; ) {
    const end = at + 12 + batches.readInt32BE(at + LENGTH)
    // The response may cut off its last batch. The next response contains all of it.
    if (end > batches.length) break
    const batch = batches.subarray(at, end)
    at = end
    const offset = Number(batch.readBigInt64BE(0))
    if (batch[MAGIC] !== 2)
      throw damaged(source, offset, `its format is version ${batch[MAGIC]}; version 2 can be read`)
    if (checkCrcs && crc32c(batch, ATTRIBUTES) !== batch.readUInt32BE(CRC))
      throw damaged(source, offset, 'its checksum is wrong')
    const attributes = batch.readInt16BE(ATTRIBUTES)
    const last = offset + batch.readInt32BE(LAST_OFFSET_DELTA)
    const producer = Number(batch.readBigInt64BE(PRODUCER))
    while (pending.length > 0 && pending[0]!.firstOffset <= last) dropped.add(pending.shift()!.producer)
    if ((attributes & CONTROL) !== 0) {
      // A control batch marks the end of a transaction.
      dropped.delete(producer)
      continue
    }
    if ((attributes & TRANSACTIONAL) !== 0 && dropped.has(producer)) continue
    const raw = batch.subarray(RECORDS)
    try {
      const codec = attributes & COMPRESSION
      cursor.enter(batch, codec === 0 ? raw : await decompress(codec, raw))
      each()
    } catch (cause) {
      if (cause instanceof SourceError) throw cause
      throw damaged(source, offset, (cause as Error).message, cause)
    }
  }
}

function damaged({ topic, partition }: TopicPartition, offset: number, why: string, cause?: unknown): SourceError {
  return new SourceError(
    `The record batch at offset ${offset} of partition ${partition} of Kafka topic '${topic}' cannot be read: ${why}.`,
    { cause, details: { topic, partition, offset } },
  )
}
