import type { DuckDBType, DuckDBValue } from '@duckdb/node-api'
import { DataError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { below } from '../../values/fault.js'
import type { ScalarType } from '../columns.js'
import type { DuckDB } from './duckdb.js'
import type { ValueType } from './seen.js'

/** Converts a value of a record to one of DuckDB. `path` returns its location, for errors. */
export type ToDuckDB = (value: unknown, path: () => string) => DuckDBValue

const MS_OF_DAY = 86_400_000
const MICROS = 1000n
/** The type of columns that are null in all records: the smallest. */
const OF_NULLS = 'BOOLEAN'

/** Types and values of DuckDB for those of records. */
export class Converter {
  readonly #duckdb: DuckDB

  constructor(duckdb: DuckDB) {
    this.#duckdb = duckdb
  }

  type(type: ValueType): DuckDBType {
    if (typeof type === 'string') return this.#duckdb[type === 'NULL' ? OF_NULLS : type]
    if ('list' in type) return this.#duckdb.LIST(this.type(type.list))
    return this.#duckdb.STRUCT(Object.fromEntries([...type.fields].map(([name, each]) => [name, this.type(each)])))
  }

  converter(type: ValueType): ToDuckDB {
    const convert = this.#converterOf(type)
    return (value, path) => (value === null || value === undefined ? null : convert(value, path))
  }

  #converterOf(type: ValueType): ToDuckDB {
    if (type === 'NULL') return () => null
    if (typeof type === 'string') return this.#scalars[type]
    if ('list' in type) return this.#list(this.converter(type.list))
    return this.#struct([...type.fields].map(([name, each]) => [name, this.converter(each)]))
  }

  #list(item: ToDuckDB): ToDuckDB {
    return (value, path) => {
      if (!Array.isArray(value)) throw mismatch(value, 'a list', 'an array', path)
      return this.#duckdb.listValue(value.map((each, i) => item(each, () => `${path()}[${i}]`)))
    }
  }

  #struct(fields: readonly (readonly [string, ToDuckDB])[]): ToDuckDB {
    const names = new Set(fields.map(([name]) => name))
    return (value, path) => {
      if (typeof value !== 'object' || Array.isArray(value)) throw mismatch(value, 'a struct', 'an object', path)
      const extra = Object.keys(value!).find((name) => !names.has(name))
      if (extra !== undefined)
        throw new DataError(
          `${path()} has a field '${extra}', and its column has ${[...names].join(', ')}. Correct its name, leave it out, or add it to the type.`,
          { path: path(), field: extra },
        )
      const values = fields.map(([name, convert]) => {
        const each = Object.hasOwn(value!, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined
        return [name, convert(each, () => below(path(), name))] as const
      })
      return this.#duckdb.structValue(Object.fromEntries(values))
    }
  }

  readonly #scalars: Readonly<Record<ScalarType, ToDuckDB>> = {
    BOOLEAN: (value, path) => {
      if (typeof value !== 'boolean') throw mismatch(value, 'BOOLEAN', 'true or false', path)
      return value
    },
    VARCHAR: (value, path) => {
      if (typeof value !== 'string') throw mismatch(value, 'VARCHAR', 'a text', path)
      return value
    },
    DOUBLE: (value, path) => {
      if (typeof value !== 'number') throw mismatch(value, 'DOUBLE', 'a number', path)
      return value
    },
    INTEGER: (value, path) => Number(integer(value, 'INTEGER', 32, path)),
    BIGINT: (value, path) => integer(value, 'BIGINT', 64, path),
    HUGEINT: (value, path) => integer(value, 'HUGEINT', 128, path),
    DATE: (value, path) => new this.#duckdb.DuckDBDateValue(Math.floor(millis(value, 'DATE', path) / MS_OF_DAY)),
    TIMESTAMP: (value, path) =>
      new this.#duckdb.DuckDBTimestampValue(BigInt(millis(value, 'TIMESTAMP', path)) * MICROS),
    BLOB: (value, path) => {
      if (!(value instanceof Uint8Array)) throw mismatch(value, 'BLOB', 'a Uint8Array', path)
      return new this.#duckdb.DuckDBBlobValue(value)
    },
  }
}

function integer(value: unknown, type: ScalarType, bits: number, path: () => string): bigint {
  const whole = Number.isSafeInteger(value) ? BigInt(value as number) : value
  if (typeof whole !== 'bigint' || BigInt.asIntN(bits, whole) !== whole)
    throw mismatch(value, type, `a whole number of at most ${bits} bits (a bigint beyond 2^53)`, path)
  return whole
}

function millis(value: unknown, type: ScalarType, path: () => string): number {
  if (!(value instanceof Date)) throw mismatch(value, type, 'a Date', path)
  const time = value.getTime()
  if (Number.isNaN(time)) throw new DataError(`${path()} is an invalid Date. Use null in its place.`, { path: path() })
  return time
}

function mismatch(value: unknown, type: string, needed: string, path: () => string): DataError {
  return new DataError(`${path()} is ${describe(value)}, and its column is ${type}, which needs ${needed}.`, {
    path: path(),
    type,
  })
}
