import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { checkColumns, checkLongs, checkTypes, oneOf } from '../option-checks.js'

/** Types of the written columns. */
export type ParquetType =
  | 'BOOLEAN'
  | 'INT32'
  | 'INT64'
  | 'FLOAT'
  | 'DOUBLE'
  | 'STRING'
  | 'BYTE_ARRAY'
  | 'TIMESTAMP'
  | 'JSON'

export const PARQUET_TYPES: readonly ParquetType[] = [
  'BOOLEAN',
  'INT32',
  'INT64',
  'FLOAT',
  'DOUBLE',
  'STRING',
  'BYTE_ARRAY',
  'TIMESTAMP',
  'JSON',
]

export interface ParquetOptions {
  /** The columns to read; others are not fetched. Default: all. */
  readonly columns?: readonly string[]
  /**
   * How whole numbers of 64 bits are read: 'number' (default) refuses those beyond 2^53, 'bigint' reads all as bigint.
   */
  readonly longs?: 'number' | 'bigint'
}

export interface ParquetWriteOptions {
  /** Names of the columns, in order. Default: the fields of a partition's first record. */
  readonly columns?: readonly string[]
  /**
   * Types by column. Default, by a partition's first value: numbers are DOUBLE, bigints INT64, texts STRING, dates
   * TIMESTAMP (ms), bytes BYTE_ARRAY, objects and arrays JSON. Set those that must be the same in each file.
   */
  readonly types?: Readonly<Record<string, ParquetType>>
  /** How columns are compressed ('snappy'). */
  readonly compression?: 'snappy' | 'gzip' | 'none'
  /** Records per row group (100,000), which one task reads later. */
  readonly rowGroupSize?: number
}

export interface CheckedParquetOptions {
  readonly columns: readonly string[] | undefined
  readonly longs: 'number' | 'bigint'
}

export interface CheckedParquetWriteOptions {
  readonly columns: readonly string[] | undefined
  readonly types: Readonly<Record<string, ParquetType>>
  readonly compression: 'snappy' | 'gzip' | 'none'
  readonly rowGroupSize: number
}

export const READ_NAMES = ['columns', 'longs'] as const satisfies (keyof ParquetOptions)[]
export const WRITE_NAMES = [
  'columns',
  'types',
  'compression',
  'rowGroupSize',
] as const satisfies (keyof ParquetWriteOptions)[]

export function checkParquetOptions(given: ParquetOptions, label: string): CheckedParquetOptions {
  const { columns, longs = 'number' } = given
  checkColumns(columns, label)
  checkLongs(longs, label)
  return { columns, longs }
}

export function checkParquetWriteOptions(given: ParquetWriteOptions, label: string): CheckedParquetWriteOptions {
  const { columns, types = {}, compression = 'snappy', rowGroupSize = 100_000 } = given
  checkColumns(columns, label)
  checkTypes(types, PARQUET_TYPES, label)
  oneOf(compression, ['snappy', 'gzip', 'none'], 'compression', label)
  if (!Number.isInteger(rowGroupSize) || rowGroupSize < 1) {
    throw new ArgumentError(
      `${label}: rowGroupSize is ${describe(rowGroupSize)}; it must be a whole number of records of at least 1.`,
      { rowGroupSize },
    )
  }
  return { columns, types, compression, rowGroupSize }
}
