import { gzipSync } from 'node:zlib'
import { DataError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { fieldsOf } from '../../values/fields-of.js'
import { columnsOf } from '../columns.js'
import type { EncodedFile } from '../format.js'
import type { CheckedParquetWriteOptions, ParquetType } from './options.js'
import { type HyparquetWriter, loadPackage } from './packages.js'

const CODECS = { snappy: 'SNAPPY', gzip: 'GZIP', none: 'UNCOMPRESSED' } as const

let library: HyparquetWriter | undefined

export async function loadWriter(): Promise<void> {
  library ??= await loadPackage<HyparquetWriter>('hyparquet-writer', 'Writing Parquet')
}

/** Writes a partition as one file. `loadWriter` must have been called. */
export function writeParquet(records: readonly unknown[], options: object): EncodedFile {
  const { columns, types, compression, rowGroupSize } = options as CheckedParquetWriteOptions
  const names = columns ?? columnsOf(records, 'Parquet') ?? Object.keys(types)
  const rows = records.map((record) => fieldsOf(record, names, 'Parquet'))
  const columnData = names.map((name, i) => {
    const values = rows.map((row) => row[i])
    const type = Object.hasOwn(types, name) ? types[name]! : typeOf(values, name)
    return { name, type, nullable: true, data: values.map((value) => converted(value, type, name)) }
  })
  const buffer = library!.parquetWriteBuffer({
    columnData,
    codec: CODECS[compression],
    compressors: { GZIP: (input) => gzipSync(input) },
    rowGroupSize,
    createdBy: 'millrace',
  })
  return { ending: '.parquet', bytes: [new Uint8Array(buffer)] }
}

/** Returns the type of a column that has none set, by its first value. */
function typeOf(values: readonly unknown[], name: string): ParquetType {
  const value = values.find((each) => each !== null && each !== undefined)
  switch (typeof value) {
    case 'undefined':
    case 'string':
      return 'STRING'
    case 'number':
      return 'DOUBLE'
    case 'bigint':
      return 'INT64'
    case 'boolean':
      return 'BOOLEAN'
    case 'object':
      return value instanceof Date ? 'TIMESTAMP' : value instanceof Uint8Array ? 'BYTE_ARRAY' : 'JSON'
    default:
      throw unfit(value, 'JSON', name)
  }
}

type Convert = (value: unknown) => unknown

const isInt32 = (value: unknown) => Number.isInteger(value) && (value as number) === ((value as number) | 0)

/** Converts a value for the writer; undefined if it is not of the type. */
const CONVERT: Readonly<Record<ParquetType, Convert>> = {
  BOOLEAN: (value) => (typeof value === 'boolean' ? value : undefined),
  INT32: (value) => (isInt32(value) ? value : undefined),
  INT64: (value) => {
    if (typeof value === 'bigint') return BigInt.asIntN(64, value) === value ? value : undefined
    return Number.isSafeInteger(value) ? BigInt(value as number) : undefined
  },
  FLOAT: (value) => (typeof value === 'number' ? value : undefined),
  DOUBLE: (value) => (typeof value === 'number' ? value : undefined),
  STRING: (value) => (typeof value === 'string' ? value : undefined),
  BYTE_ARRAY: (value) => (value instanceof Uint8Array ? value : undefined),
  TIMESTAMP: (value) => (value instanceof Date && !Number.isNaN(value.getTime()) ? value : undefined),
  JSON: (value) => (typeof value === 'function' || typeof value === 'symbol' ? undefined : value),
}

function converted(value: unknown, type: ParquetType, name: string): unknown {
  if (value === null || value === undefined) return null
  const result = CONVERT[type](value)
  if (result === undefined) throw unfit(value, type, name)
  return result
}

function unfit(value: unknown, type: ParquetType, name: string): DataError {
  return new DataError(
    `A field of column '${name}' of type ${type} is ${describe(value)}, which is not of that type. Set the type of the column in the option types, or map the records.`,
    { column: name, type },
  )
}
