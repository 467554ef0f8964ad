import { ArgumentError, BlockCorruptError, DataError } from '../../errors.js'
import { mustBeData } from '../../values/fault.js'
import type { ByteWriter } from './byte-writer.js'
import { FORM, readHeader, readView, writeHeader } from './column-header.js'
import { allOf, readColumn, writeColumn, writePairs } from './columns.js'
import { KeyColumn } from './key-column.js'

/**
 * Appends records to `w`, from the next multiple of 8 on, in a form that names itself (column-header.ts).
 *
 * Every record that is data (values/data.ts) comes back as it was: of the same class, with the same contents. One object
 * that occurs twice comes back as two.
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

/** Columns of pairs are encoded one by one: the path in an error must be that of the record. */
function withPath(error: unknown, records: readonly unknown[]): unknown {
  if (error instanceof DataError)
    records.forEach((record, i) => {
      mustBeData(record, 'A record cannot be encoded', `[${i}]`)
    })
  return error
}

/**
 * The records of `encodeRecords`; none for no bytes. Nothing of the result points into `bytes`. A string of 13 units or
 * more keeps about 64 KiB of its neighbours in memory for as long as it lives. Throws ERR_MILLRACE_BLOCK_CORRUPT where the
 * bytes are plainly something else; only the block's checksum finds every fault.
 */
export function decodeRecords(bytes: Buffer): unknown[] {
  return bytes.length === 0 ? [] : readColumn({ bytes: aligned(bytes), at: 0 })
}

/** As `encodeRecords` of these numbers. */
export function encodeInts(w: ByteWriter, numbers: Int32Array): void {
  writeHeader(w, FORM.i32, numbers.length)
  w.view(Int32Array, numbers.length).set(numbers)
}

/** What `encodeInts` wrote, as a view of the bytes. */
export function decodeInts(bytes: Buffer): Int32Array {
  if (bytes.length === 0) return new Int32Array(0)
  const cursor = { bytes: aligned(bytes), at: 0 }
  const { form, count } = readHeader(cursor)
  if (form !== FORM.i32)
    throw new BlockCorruptError(`These bytes are not whole numbers: their form is ${form}.`, { form })
  return readView(cursor, Int32Array, count)
}

/** As `encodeRecords` of the pairs `[keys[i], values[i]]`, without building them where the keys are of one kind. */
export function encodePairs(w: ByteWriter, keys: readonly unknown[], values: readonly unknown[]): void {
  if (keys.length !== values.length) {
    throw new ArgumentError(`There are ${keys.length} keys and ${values.length} values; give as many of each.`, {
      keys: keys.length,
      values: values.length,
    })
  }
  const pairs = () => keys.map((key, i) => [key, values[i]])
  if (keys.length === 0) writeColumn(w, keys)
  else if (!allOf(keys, 'string') && !allOf(keys, 'number')) encodeRecords(w, pairs())
  else {
    try {
      writePairs(w, keys, values)
    } catch (error) {
      throw error instanceof DataError ? withPath(error, pairs()) : error
    }
  }
}

/** Pairs of texts of one byte a unit, none longer than 255, and whole numbers, in columns. */
export interface ShortPairColumns {
  /** One after the other. */
  readonly texts: Uint8Array
  readonly lengths: Uint8Array
  readonly numbers: Int32Array
}

/** As `encodePairs` of these, which are in their form already. */
export function encodeShortPairs(w: ByteWriter, { texts, lengths, numbers }: ShortPairColumns): void {
  writeHeader(w, FORM.pairs, lengths.length)
  writeHeader(w, FORM.latin1, lengths.length, 1)
  w.write(lengths)
  w.align()
  w.write(texts)
  encodeInts(w, numbers)
}

/**
 * The keys and values of records that are pairs. Builds no pairs where the bytes hold two columns. Throws ArgumentError
 * where a record is not an array of length 2.
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

/** Pairs in two columns. */
export interface PairColumns {
  readonly keys: KeyColumn
  readonly values: readonly unknown[]
}

/** As `decodePairs`, with keys that are made when they are asked for, if their form allows it. */
export function decodePairColumns(bytes: Buffer): PairColumns {
  const cursor = { bytes: aligned(bytes), at: 0 }
  if (bytes.length > 0 && readHeader(cursor).form === FORM.pairs)
    return { keys: KeyColumn.read(cursor), values: readColumn(cursor) }
  const { keys, values } = decodePairs(bytes)
  return { keys: KeyColumn.of(keys), values }
}

/** Typed arrays can only begin at multiples of their element size; a payload in a segment always does. */
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
    `Record ${index} is ${what}, not a pair. Operations by key need records of the form [key, value]: map to such first.`,
    { index },
  )
}
