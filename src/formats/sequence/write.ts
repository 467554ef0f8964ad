import { deflateSync } from 'node:zlib'
import { DataError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { messageOf } from '../../values/message-of.js'
import type { EncodedFile } from '../format.js'
import { DEFLATE_CODEC, MAGIC, markOf, SYNC_LENGTH, VERSION } from './header.js'
import type { CheckedSequenceWriteOptions } from './options.js'
import { classNameOf, WRITABLES, WritableBytes, type WritableName, writableFor } from './writables.js'

/** Bytes between markers, and bytes of a block before compression; Hadoop's defaults. */
const SYNC_INTERVAL = 100 * 1024
const BLOCK = 1_000_000

export function writeSequence(records: readonly unknown[], options: object): EncodedFile {
  return { ending: '', bytes: sequenceBytes(records, options as CheckedSequenceWriteOptions) }
}

function* sequenceBytes(records: readonly unknown[], options: CheckedSequenceWriteOptions): Iterable<Uint8Array> {
  const { compression } = options
  const [first] = records
  const [firstKey, firstValue] = first === undefined ? ['', ''] : pairOf(first)
  const key = new Column(options.key ?? classFor(firstKey, 'key'), 'key')
  const value = new Column(options.value ?? classFor(firstValue, 'value'), 'value')
  const mark = markOf(Buffer.from(crypto.getRandomValues(new Uint8Array(SYNC_LENGTH))))
  yield headerOf(key.name, value.name, compression, mark)
  yield* compression === 'block' ? blocks(records, key, value, mark) : single(records, key, value, mark, compression)
}

function headerOf(key: WritableName, value: WritableName, compression: string, mark: Buffer): Uint8Array {
  const bytes = new WritableBytes()
  bytes.raw(MAGIC)
  bytes.byte(VERSION)
  bytes.text(classNameOf(key))
  bytes.text(classNameOf(value))
  bytes.byte(compression === 'none' ? 0 : 1)
  bytes.byte(compression === 'block' ? 1 : 0)
  if (compression !== 'none') bytes.text(DEFLATE_CODEC)
  // The number of metadata pairs.
  bytes.int(0)
  bytes.raw(mark.subarray(4))
  return bytes.written
}

/** Yields records one by one: the length of both, the length of the key, the key, the value. */
function* single(
  records: readonly unknown[],
  key: Column,
  value: Column,
  mark: Buffer,
  compression: 'none' | 'record',
): Iterable<Uint8Array> {
  const bytes = new WritableBytes()
  for (const record of records) {
    const [k, v] = pairOf(record)
    const keyBytes = key.encode(k)
    const plain = value.encode(v)
    const valueBytes = compression === 'record' ? deflateSync(plain) : plain
    bytes.int(keyBytes.length + valueBytes.length)
    bytes.int(keyBytes.length)
    bytes.raw(keyBytes)
    bytes.raw(valueBytes)
    if (bytes.length < SYNC_INTERVAL) continue
    bytes.raw(mark)
    yield Buffer.from(bytes.written)
    bytes.reset()
  }
  yield bytes.written
}

/** Yields blocks of many records. */
function* blocks(records: readonly unknown[], key: Column, value: Column, mark: Buffer): Iterable<Uint8Array> {
  const parts = [0, 1, 2, 3].map(() => new WritableBytes())
  const [keyLengths, keys, valueLengths, values] = parts as [WritableBytes, WritableBytes, WritableBytes, WritableBytes]
  const block = new WritableBytes()
  let count = 0
  const sealed = () => {
    block.reset()
    block.raw(mark)
    block.vint(count)
    for (const part of parts) {
      const compressed = deflateSync(part.written)
      block.vint(compressed.length)
      block.raw(compressed)
      part.reset()
    }
    count = 0
    return Buffer.from(block.written)
  }
  for (const record of records) {
    const [k, v] = pairOf(record)
    append(keyLengths, keys, key.encode(k))
    append(valueLengths, values, value.encode(v))
    count++
    if (keys.length + values.length >= BLOCK) yield sealed()
  }
  if (count > 0) yield sealed()
}

function append(lengths: WritableBytes, all: WritableBytes, bytes: Buffer): void {
  lengths.vint(bytes.length)
  all.raw(bytes)
}

/** The keys or the values of a file, which all have one class. */
class Column {
  readonly name: WritableName
  readonly #part: 'key' | 'value'
  readonly #bytes = new WritableBytes()

  constructor(name: WritableName, part: 'key' | 'value') {
    this.name = name
    this.#part = part
  }

  /** Returns the encoded bytes of a value; valid until the next call. */
  encode(value: unknown): Buffer {
    this.#bytes.reset()
    const { takes, write } = WRITABLES[this.name]
    if (!write(this.#bytes, value)) {
      throw new DataError(
        `A ${this.#part} of a SequenceFile of ${this.name} is ${describe(value)}; it must be ${takes}. Name the class in the option ${this.#part}, or map the records.`,
        { class: this.name },
      )
    }
    return this.#bytes.written
  }
}

function classFor(value: unknown, part: 'key' | 'value'): WritableName {
  try {
    return writableFor(value)
  } catch (cause) {
    throw new DataError(`The ${part} ${messageOf(cause)}.`)
  }
}

function pairOf(record: unknown): readonly [unknown, unknown] {
  if (Array.isArray(record) && record.length === 2) return record as [unknown, unknown]
  throw new DataError(`A record of a SequenceFile is ${describe(record)}; it must be a pair [key, value].`)
}
