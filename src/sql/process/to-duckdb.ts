import type { DuckDBType, DuckDBValue } from '@duckdb/node-api'
import { type ColumnValue, columnValue, type ValueMaker } from '../records/column-values.js'
import type { ValueType } from '../records/seen.js'
import type { DuckDB } from './duckdb.js'

const MS_OF_DAY = 86_400_000
const MICROS = 1000n
/** The type of columns that are null in all records: the smallest. */
const OF_NULLS = 'BOOLEAN'

/** Types and values of DuckDB for those of records. */
export class Converter {
  readonly #duckdb: DuckDB
  readonly #make: ValueMaker<DuckDBValue>

  constructor(duckdb: DuckDB) {
    this.#duckdb = duckdb
    this.#make = {
      hugeint: (value) => value,
      date: (ms) => new duckdb.DuckDBDateValue(Math.floor(ms / MS_OF_DAY)),
      timestamp: (ms) => new duckdb.DuckDBTimestampValue(BigInt(ms) * MICROS),
      blob: (bytes) => new duckdb.DuckDBBlobValue(bytes),
      list: (items) => duckdb.listValue(items),
      struct: (fields) => duckdb.structValue(fields),
    }
  }

  type(type: ValueType): DuckDBType {
    if (typeof type === 'string') return this.#duckdb[type === 'NULL' ? OF_NULLS : type]
    if ('list' in type) return this.#duckdb.LIST(this.type(type.list))
    return this.#duckdb.STRUCT(Object.fromEntries([...type.fields].map(([name, each]) => [name, this.type(each)])))
  }

  converter(type: ValueType): ColumnValue<DuckDBValue> {
    return columnValue(type, this.#make)
  }
}
