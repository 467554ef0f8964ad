import { ArgumentError, BlockCorruptError, DataError } from '../../errors.js'
import { mustBeData } from '../../values/fault.js'
import type { ByteWriter } from './byte-writer.js'
import { FORM, readHeader, readView, writeHeader } from './column-header.js'
import { readColumn, writeColumn, writePairs } from './columns.js'
import { ArrayColumn, type WritableColumn } from './growing-column.js'
import { PairColumns } from './pair-columns.js'
import { type Latin1Texts, readLatin1, writeLatin1 } from './string-column.js'

/**
 * Appends records to `w`, from the next multiple of 8 on, in a self-describing form (column-header.ts).
 *
 * Every record that is data (values/data.ts) decodes to the same class and contents. An object that occurs twice
 * decodes to two objects.
 *
 * @throws DataError with the path to the first part that is not data.
 */
export function encodeRecords(w: ByteWriter, records: readonly unknown[]): void {
  const start = w.length
  try {
    writeColumn(w, records)
  } catch (error) {
    w.truncate(start)
    throw withPath(error, records)
  }
}

/** Encodes columns of pairs one by one, so that the path in an error is that of the record. */
function withPath(error: unknown, records: readonly unknown[]): unknown {
  if (error instanceof DataError)
    records.forEach((record, i) => {
      mustBeData(record, 'A record cannot be encoded', `[${i}]`)
    })
  return error
}

/**
 * Decodes the records of `encodeRecords`; no bytes decode to no records. The result does not refer to `bytes`. A string
 * of 13 units or more keeps about 64 KiB of neighbouring text in memory while it lives. Throws BlockCorruptError if the
 * bytes are clearly something else; only the block's checksum finds every fault.
 */
export function decodeRecords(bytes: Buffer): unknown[] {
  return bytes.length === 0 ? [] : readColumn({ bytes: aligned(bytes), at: 0 })
}

/** Like `encodeRecords` of these numbers. */
export function encodeInts(w: ByteWriter, numbers: Int32Array): void {
  writeHeader(w, FORM.i32, numbers.length)
  w.view(Int32Array, numbers.length).set(numbers)
}

/** Returns the numbers that `encodeInts` wrote, as a view of the bytes. */
export function decodeInts(bytes: Buffer): Int32Array {
  if (bytes.length === 0) return new Int32Array(0)
  const cursor = { bytes: aligned(bytes), at: 0 }
  const { form, count } = readHeader(cursor)
  if (form !== FORM.i32)
    throw new BlockCorruptError(`These bytes are not whole numbers: their form is ${form}.`, { form })
  return readView(cursor, Int32Array, count)
}

/** Like `encodeRecords` of the pairs `[keys[i], values[i]]`, without building them if all keys are of one kind. */
export function encodePairs(w: ByteWriter, keys: readonly unknown[], values: readonly unknown[]): void {
  encodePairColumns(w, new ArrayColumn(keys), new ArrayColumn(values))
}

/** Like `encodePairs`, of columns. */
export function encodePairColumns(w: ByteWriter, keys: WritableColumn, values: WritableColumn): void {
  if (keys.count !== values.count) {
    throw new ArgumentError(`There are ${keys.count} keys and ${values.count} values; pass as many keys as values.`, {
      keys: keys.count,
      values: values.count,
    })
  }
  const pairs = () => {
    const made = values.toArray()
    return keys.toArray().map((key, i) => [key, made[i]])
  }
  if (keys.count === 0) writeColumn(w, [])
  else if (!keys.isPlain) encodeRecords(w, pairs())
  else {
    try {
      writePairs(w, keys, values)
    } catch (error) {
      throw error instanceof DataError ? withPath(error, pairs()) : error
    }
  }
}

/** Returns a view of texts of one byte per unit; undefined for other records. */
export function decodeTexts(bytes: Buffer): Latin1Texts | undefined {
  return bytes.length === 0 ? NO_TEXTS : readLatin1({ bytes: aligned(bytes), at: 0 })
}

/** Like `encodeRecords` of these texts. */
export function encodeTexts(w: ByteWriter, texts: Latin1Texts): void {
  writeLatin1(w, texts)
}

const NO_TEXTS: Latin1Texts = { texts: new Uint8Array(0), lengths: new Uint8Array(0) }

/**
 * Decodes the keys and values of records that are pairs. Builds no pairs if the bytes hold two columns. Throws
 * ArgumentError if a record is not an array of length 2.
 */
export function decodePairs(bytes: Buffer): { keys: unknown[]; values: unknown[] } {
  if (bytes.length === 0) return { keys: [], values: [] }
  const cursor = { bytes: aligned(bytes), at: 0 }
  if (readHeader(cursor).form === FORM.pairs) return { keys: readColumn(cursor), values: readColumn(cursor) }
  cursor.at = 0
  const records = readColumn(cursor)
  const keys = new Array<unknown>(records.length)
  const values = new Array<unknown>(records.length)
  for (let i = 0; i < records.length; i++) {
    const pair = records[i]
    if (!Array.isArray(pair) || pair.length !== 2) throw notAPair(pair, i)
    keys[i] = pair[0]
    values[i] = pair[1]
  }
  return { keys, values }
}

/** Like `decodePairs`, but decodes keys, and values that are numbers, on demand if their form allows it. */
export function decodePairColumns(bytes: Buffer): PairColumns {
  const columns = decodeIfPairs(bytes)
  if (columns) return columns
  const { keys, values } = decodePairs(bytes)
  return PairColumns.of(keys, values)
}

/** Like `decodePairColumns`; undefined if the bytes do not hold two columns. */
export function decodeIfPairs(bytes: Buffer): PairColumns | undefined {
  const cursor = { bytes: aligned(bytes), at: 0 }
  if (bytes.length === 0 || readHeader(cursor).form !== FORM.pairs) return undefined
  return PairColumns.read(cursor)
}

/** Typed arrays can only start at multiples of their element size; a payload in a segment always does. */
function aligned(bytes: Buffer): Buffer {
  if (bytes.byteOffset % 8 === 0) return bytes
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  copy.set(bytes)
  return copy
}

function notAPair(record: unknown, index: number): ArgumentError {
  const what = Array.isArray(record)
    ? `an array of length ${record.length}`
    : record === null
      ? 'null'
      : `a ${typeof record}`
  return new ArgumentError(
    `Record ${index} is ${what}, not a pair. Operations by key need records of the form [key, value]: map the records to pairs first.`,
    { index },
  )
}
