import { DataError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { below } from '../../values/fault.js'
import type { ScalarType } from '../columns.js'
import type { ValueType } from './seen.js'

/**
 * Makes values of columns, in the form of the library that takes them. `V` are all of its values. Texts, numbers,
 * bigints and truth values are among them, and stay as they are.
 */
export interface ValueMaker<V> {
  /** A whole number of at most 128 bits. `path` returns its location, for errors. */
  hugeint(value: bigint, path: () => string): V
  /** The day of a time in ms since 1970, in UTC. */
  date(ms: number): V
  /** A time in ms since 1970, in UTC. */
  timestamp(ms: number): V
  blob(bytes: Uint8Array): V
  list(items: readonly (V | null)[]): V
  struct(fields: Readonly<Record<string, V | null>>): V
}

/** Converts a value of a record to one of a column. `path` returns its location, for errors. */
export type ColumnValue<V> = (value: unknown, path: () => string) => V | null

/**
 * Returns the conversion for a column of a type. It throws DataError, which has the path, for a value that the column
 * cannot hold.
 */
export function columnValue<V>(type: ValueType, make: ValueMaker<V>): ColumnValue<V> {
  return new Conversions(make).of(type)
}

class Conversions<V> {
  readonly #make: ValueMaker<V>

  constructor(make: ValueMaker<V>) {
    this.#make = make
  }

  of(type: ValueType): ColumnValue<V> {
    const convert = this.#converterOf(type)
    return (value, path) => (value === null || value === undefined ? null : convert(value, path))
  }

  #converterOf(type: ValueType): ColumnValue<V> {
    if (type === 'NULL') return () => null
    if (typeof type === 'string') return this.#scalars[type]
    if ('list' in type) return this.#list(this.of(type.list))
    return this.#struct([...type.fields].map(([name, each]) => [name, this.of(each)]))
  }

  #list(item: ColumnValue<V>): ColumnValue<V> {
    return (value, path) => {
      if (!Array.isArray(value)) throw mismatch(value, 'a list', 'an array', path)
      return this.#make.list(value.map((each, i) => item(each, () => `${path()}[${i}]`)))
    }
  }

  #struct(fields: readonly (readonly [string, ColumnValue<V>])[]): ColumnValue<V> {
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
      return this.#make.struct(Object.fromEntries(values))
    }
  }

  readonly #scalars: Readonly<Record<ScalarType, ColumnValue<V>>> = {
    BOOLEAN: (value, path) => {
      if (typeof value !== 'boolean') throw mismatch(value, 'BOOLEAN', 'true or false', path)
      return value as V
    },
    VARCHAR: (value, path) => {
      if (typeof value !== 'string') throw mismatch(value, 'VARCHAR', 'a text', path)
      return value as V
    },
    DOUBLE: (value, path) => {
      if (typeof value !== 'number') throw mismatch(value, 'DOUBLE', 'a number', path)
      return value as V
    },
    INTEGER: (value, path) => Number(integer(value, 'INTEGER', 32, path)) as V,
    BIGINT: (value, path) => integer(value, 'BIGINT', 64, path) as V,
    HUGEINT: (value, path) => this.#make.hugeint(integer(value, 'HUGEINT', 128, path), path),
    DATE: (value, path) => this.#make.date(millis(value, 'DATE', path)),
    TIMESTAMP: (value, path) => this.#make.timestamp(millis(value, 'TIMESTAMP', path)),
    BLOB: (value, path) => {
      if (!(value instanceof Uint8Array)) throw mismatch(value, 'BLOB', 'a Uint8Array', path)
      return this.#make.blob(value)
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
