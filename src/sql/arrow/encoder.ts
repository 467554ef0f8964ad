import {
  binary,
  bool,
  type Column,
  columnFromValues,
  type DataType,
  dateDay,
  decimal128,
  field,
  float64,
  int32,
  int64,
  list,
  struct,
  TimeUnit,
  tableFromColumns,
  tableToIPC,
  timestamp,
  utf8,
} from '@uwdata/flechette'
import { DataError } from '../../errors.js'
import type { ScalarType } from '../columns.js'
import { columnValue, type ValueMaker } from '../records/column-values.js'
import type { ValueType } from '../records/seen.js'
import { tableData } from '../records/table-data.js'
import type { ArrowEncoder } from './run-encoder.js'

/** Rows of a record batch. */
const BATCH = 65_536
/** The first number that a decimal of 38 digits cannot have. */
const DECIMAL_LIMIT = 10n ** 38n

const TYPES: Readonly<Record<ScalarType, () => DataType>> = {
  BOOLEAN: bool,
  INTEGER: int32,
  BIGINT: int64,
  // Arrow has no integers of 128 bits. DuckDB writes this type too.
  HUGEINT: () => decimal128(38, 0),
  DOUBLE: float64,
  VARCHAR: utf8,
  DATE: dateDay,
  // As precise as a Date: microseconds pass through floating-point numbers in the library.
  TIMESTAMP: () => timestamp(TimeUnit.MILLISECOND, 'UTC'),
  BLOB: binary,
}

const MAKE: ValueMaker<unknown> = {
  hugeint: (value, path) => {
    if (value <= -DECIMAL_LIMIT || value >= DECIMAL_LIMIT)
      throw new DataError(`${path()} is ${value}, and Arrow has at most 38 digits. Use null or a text in its place.`, {
        path: path(),
      })
    return value
  },
  date: (ms) => ms,
  timestamp: (ms) => ms,
  blob: (bytes) => bytes,
  list: (items) => items,
  struct: (fields) => fields,
}

export const encoder: ArrowEncoder = {
  encode(columns, records) {
    const { name, columns: types, valuesOf } = tableData({ name: 'table', columns }, '', records)
    const rows = records.map(valuesOf)
    const encoded = [...types].map(([column, type], i): [string, Column<unknown>] => {
      const convert = columnValue(type, MAKE)
      const cursor = { row: 0 }
      const path = () => `${name}[${cursor.row}].${column}`
      const values = eachRow(rows, cursor, (row) => convert(row[i], path))
      return [column, columnFromValues(values, typeOf(type), { maxBatchRows: BATCH })]
    })
    return tableToIPC(tableFromColumns(encoded), { format: 'stream' })!
  },
}

/**
 * Yields what `of` returns for each row; `cursor` is at that row. V8 would keep the rows of all calls alive until a full
 * collection by a generator function in each call.
 */
function* eachRow<R, V>(rows: readonly R[], cursor: { row: number }, of: (row: R) => V): Generator<V> {
  for (cursor.row = 0; cursor.row < rows.length; cursor.row++) yield of(rows[cursor.row]!)
}

function typeOf(type: ValueType): DataType {
  if (type === 'NULL') throw new TypeError('Columns with set types have no type of NULL.')
  if (typeof type === 'string') return TYPES[type]()
  if ('list' in type) return list(typeOf(type.list))
  return struct([...type.fields].map(([name, each]) => field(name, typeOf(each))))
}
