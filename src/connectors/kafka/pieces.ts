import { SourceError } from '../../errors.js'
import type { ReadContext } from '../../ops/source.js'
import { type Decode, decodeAs } from './decoders.js'
import type { KafkaOptions } from './options.js'
import type { RecordCursor } from './record-batches.js'
import type { KafkaFormat, RecordFormat } from './record-format.js'
import type { TopicPartition } from './wire/topic-partition.js'

/** A record with everything that Kafka stores about it. */
export interface KafkaRecord<V = string, K = string> {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /**
   * In ms since 1970: when the record was created, or when the broker appended it, as the topic's
   * `message.timestamp.type` says.
   */
  readonly timestamp: number
  readonly key: K | null
  /** `null` for a tombstone, which marks a deleted key. */
  readonly value: V | null
  /** In the record's order. Names may repeat. Values are decoded as texts. */
  readonly headers: readonly (readonly [name: string, value: string | null])[]
}

/** The type that a format decodes to. JSON and custom decoders may return anything: name the type at `input<T>`. */
export type KafkaDecoded<Format> = Format extends 'text' ? string : Format extends 'bytes' ? Uint8Array : unknown

/** The type of the values with these options. */
export type KafkaValueOf<O extends KafkaOptions> = O extends { readonly value: infer Format }
  ? KafkaDecoded<Format>
  : string

/** The type of the keys with these options. */
export type KafkaKeyOf<O extends KafkaOptions> = O extends { readonly keys: infer Format }
  ? KafkaDecoded<Format>
  : string

/** The type of the records that a source with these options yields. */
export type KafkaRecordOf<O extends KafkaOptions> = O extends { readonly headers: true }
  ? KafkaRecord<KafkaValueOf<O>, KafkaKeyOf<O>>
  : O extends { readonly keys: KafkaFormat }
    ? [key: KafkaKeyOf<O> | null, value: KafkaValueOf<O> | null]
    : KafkaValueOf<O>

/** Collects decoded records into pieces. */
export interface PieceBuilder {
  add(cursor: RecordCursor): void
  /** Returns the pieces added since the last call. */
  take(): (Buffer | readonly unknown[])[]
}

/** Keeps text values as bytes, so that kernels can process them. Decodes everything else to records. */
export function pieceBuilder(
  format: RecordFormat,
  decode: Decode,
  source: TopicPartition,
  reject: ReadContext['reject'],
): PieceBuilder {
  const { value, keys, headers } = format
  if (value === 'text' && keys === undefined && !headers) return new TextPieces()
  return new RecordPieces(
    (cursor) => decoded(cursor, format, decode, source),
    (cursor, error) => reject(undecoded(cursor, source), error),
    keys !== undefined || headers,
  )
}

const NEWLINE = 10
const CARRIAGE_RETURN = 13
const FIRST_BYTES = 64 * 1024

/**
 * Collects text values as lines in one buffer. A value that contains a newline, or ends with a carriage return, is no
 * single line: it becomes a record of its own, in the same order.
 */
class TextPieces implements PieceBuilder {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES)
  #length = 0
  #texts: string[] = []
  #pieces: (Buffer | readonly unknown[])[] = []

  add({ bytes, valueStart, valueEnd }: RecordCursor): void {
    // A tombstone has no text.
    if (valueStart < 0) return
    const start = this.#length
    const end = start + valueEnd - valueStart
    if (end >= this.#bytes.length) this.#grow(end + 1)
    const copy = this.#bytes
    bytes.copy(copy, start, valueStart, valueEnd)
    copy[end] = NEWLINE
    if (copy.indexOf(NEWLINE, start) !== end || copy[end - 1] === CARRIAGE_RETURN) {
      this.#flushLines()
      this.#texts.push(bytes.toString('utf8', valueStart, valueEnd))
      return
    }
    // These texts precede the line: `#flushLines` wrote the lines before them.
    this.#flushTexts()
    this.#length = end + 1
  }

  take(): (Buffer | readonly unknown[])[] {
    this.#flushLines()
    this.#flushTexts()
    const pieces = this.#pieces
    this.#pieces = []
    return pieces
  }

  #flushTexts(): void {
    if (this.#texts.length === 0) return
    this.#pieces.push(this.#texts)
    this.#texts = []
  }

  #flushLines(): void {
    if (this.#length === 0) return
    this.#pieces.push(this.#bytes.subarray(0, this.#length))
    this.#bytes = Buffer.allocUnsafe(Math.max(FIRST_BYTES, this.#length))
    this.#length = 0
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}

class RecordPieces implements PieceBuilder {
  readonly #decode: (cursor: RecordCursor) => unknown
  readonly #reject: (cursor: RecordCursor, error: unknown) => void
  readonly #withTombstones: boolean
  #records: unknown[] = []

  constructor(
    decode: (cursor: RecordCursor) => unknown,
    reject: (cursor: RecordCursor, error: unknown) => void,
    withTombstones: boolean,
  ) {
    this.#decode = decode
    this.#reject = reject
    this.#withTombstones = withTombstones
  }

  add(cursor: RecordCursor): void {
    if (cursor.valueStart < 0 && !this.#withTombstones) return
    try {
      this.#records.push(this.#decode(cursor))
    } catch (error) {
      this.#reject(cursor, error)
    }
  }

  take(): (readonly unknown[])[] {
    const records = this.#records
    this.#records = []
    return records.length > 0 ? [records] : []
  }
}

function decoded(
  cursor: RecordCursor,
  { keys, headers }: RecordFormat,
  decodeValue: Decode,
  source: TopicPartition,
): unknown {
  const { topic, partition } = source
  const { offset, timestamp } = cursor
  try {
    const bytes = cursor.value()
    const value = bytes && decodeValue(bytes, topic)
    if (!headers) return keys === undefined ? value : [keyOf(cursor, keys), value]
    const key = keyOf(cursor, keys ?? 'text')
    const texts = cursor.headers().map(([name, bytes]) => [name, bytes?.toString() ?? null])
    return { topic, partition, offset, timestamp, key, value, headers: texts }
  } catch (cause) {
    throw new SourceError(
      `The record at offset ${offset} of partition ${partition} of Kafka topic '${topic}' is not what the options say: ${(cause as Error).message}. Drop such records with onRecordError, or read them as 'text' or 'bytes' and decode them by an operation.`,
      { cause, details: { topic, partition, offset, final: true } },
    )
  }
}

/** Returns a record without decoding it, for dead letters. */
function undecoded(cursor: RecordCursor, { topic, partition }: TopicPartition): object {
  const { offset, timestamp } = cursor
  return { topic, partition, offset, timestamp, key: cursor.key(), value: cursor.value() }
}

function keyOf(cursor: RecordCursor, format: KafkaFormat): unknown {
  const bytes = cursor.key()
  return bytes && decodeAs(format, bytes)
}
