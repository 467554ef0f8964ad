import type { DuckDBType, DuckDBValue } from '@duckdb/node-api'
import { SqlError } from '../../errors.js'
import type { DuckDB } from './duckdb.js'

/** Converts a value of DuckDB to one of a record. */
type FromDuckDB = (value: never) => unknown

/**
 * Returns how values of a type become values of records: numbers, texts, Dates, bytes, arrays, objects. Integers are
 * numbers, and bigints beyond 2^53.
 */
export function fromDuckDB(duckdb: DuckDB, type: DuckDBType): (value: DuckDBValue) => unknown {
  const convert = new Rows(duckdb).of(type) as (value: DuckDBValue) => unknown
  return (value) => (value === null ? null : convert(value))
}

class Rows {
  readonly #duckdb: DuckDB

  constructor(duckdb: DuckDB) {
    this.#duckdb = duckdb
  }

  of(type: DuckDBType): FromDuckDB {
    const { DuckDBTypeId: Id } = this.#duckdb
    switch (type.typeId) {
      case Id.SQLNULL:
        return () => null
      case Id.BOOLEAN:
      case Id.TINYINT:
      case Id.SMALLINT:
      case Id.INTEGER:
      case Id.UTINYINT:
      case Id.USMALLINT:
      case Id.UINTEGER:
      case Id.FLOAT:
      case Id.DOUBLE:
      case Id.VARCHAR:
      case Id.ENUM:
        return (value) => value
      case Id.BIGINT:
      case Id.UBIGINT:
      case Id.HUGEINT:
      case Id.UHUGEINT:
        return small
      case Id.DECIMAL:
        // Its own toDouble() divides, and rounds twice.
        return (value: object) => Number(String(value))
      case Id.DATE:
        return toDate(({ days }: { days: number }) => days * 86_400_000)
      case Id.TIMESTAMP:
      case Id.TIMESTAMP_TZ:
        return toDate(({ micros }: { micros: bigint }) => Number(floorDivided(micros, 1000n)))
      case Id.TIMESTAMP_S:
        return toDate(({ seconds }: { seconds: bigint }) => Number(seconds) * 1000)
      case Id.TIMESTAMP_MS:
        return toDate(({ millis }: { millis: bigint }) => Number(millis))
      case Id.TIMESTAMP_NS:
        return toDate(({ nanos }: { nanos: bigint }) => Number(floorDivided(nanos, 1_000_000n)))
      case Id.BLOB:
        return ({ bytes }: { bytes: Uint8Array }) => Uint8Array.from(bytes)
      case Id.LIST:
      case Id.ARRAY: {
        const item = fromDuckDB(this.#duckdb, (type as unknown as { readonly valueType: DuckDBType }).valueType)
        return ({ items }: { items: readonly DuckDBValue[] }) => items.map(item)
      }
      case Id.STRUCT:
        return this.#struct(type as never)
      case Id.MAP:
        return this.#map(type as never)
      case Id.UUID:
      case Id.INTERVAL:
      case Id.TIME:
      case Id.TIME_TZ:
      case Id.BIT:
        return (value: object) => String(value)
      default:
        throw new SqlError(
          `The result has a column of type ${type}, which records do not have. Cast it in the query, such as cast(x as VARCHAR).`,
          { details: { type: String(type), final: true } },
        )
    }
  }

  #struct({
    entryNames,
    entryTypes,
  }: {
    entryNames: readonly string[]
    entryTypes: readonly DuckDBType[]
  }): FromDuckDB {
    if (entryNames.includes('__proto__'))
      throw new SqlError(
        "The result has a struct with a field '__proto__', which records cannot have. Select its other fields.",
        { details: { field: '__proto__', final: true } },
      )
    const fields = entryNames.map((name, i) => [name, fromDuckDB(this.#duckdb, entryTypes[i]!)] as const)
    return ({ entries }: { entries: Readonly<Record<string, DuckDBValue>> }) =>
      Object.fromEntries(fields.map(([name, convert]) => [name, convert(entries[name]!)]))
  }

  #map({ keyType, valueType }: { keyType: DuckDBType; valueType: DuckDBType }): FromDuckDB {
    const [ofKey, ofValue] = [fromDuckDB(this.#duckdb, keyType), fromDuckDB(this.#duckdb, valueType)]
    return ({ entries }: { entries: readonly { key: DuckDBValue; value: DuckDBValue }[] }) =>
      new Map(entries.map(({ key, value }) => [ofKey(key), ofValue(value)]))
  }
}

/** Returns a conversion to a Date. It throws SqlError for infinity and other times that a Date cannot have. */
function toDate<V>(millis: (value: V) => number): FromDuckDB {
  return ((value: V) => {
    const date = new Date(millis(value))
    if (Number.isNaN(date.getTime()))
      throw new SqlError(
        `The result has the time ${String(value)}, which a Date cannot have. Exclude it in the query, or cast it, such as cast(x as VARCHAR).`,
        { details: { final: true } },
      )
    return date
  }) as FromDuckDB
}

function small(value: bigint): number | bigint {
  return BigInt.asIntN(54, value) === value ? Number(value) : value
}

/** Times before 1970 are negative; a Date has whole milliseconds. */
function floorDivided(value: bigint, by: bigint): bigint {
  const quotient = value / by
  return value % by < 0n ? quotient - 1n : quotient
}
