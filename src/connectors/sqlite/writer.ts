import { DataError } from '../../errors.js'
import type { DataWriter, WriterFactory } from '../../ops/sink.js'
import { describe } from '../../values/describe.js'
import { fieldsOf } from '../../values/fields-of.js'
import { toJson } from '../../values/json.js'
import type { CheckedSqliteSink } from './options.js'

/** A row's values as SQLite stores them, in the order of the columns. */
export type SqliteRow = readonly (number | bigint | string | Uint8Array | null)[]

/** Checks the rows of a partition, and sends them to the driver, because SQLite has one writer at a time. */
export const sqliteWriter: WriterFactory = {
  open(context): DataWriter {
    const { columns } = context.options as CheckedSqliteSink
    const rows: SqliteRow[] = []
    return {
      write: (records) => {
        for (const record of records) {
          rows.push(fieldsOf(record, columns, 'SQLite').map((value, i) => toValue(value, columns[i]!)))
        }
      },
      commit: () => rows,
    }
  },
}

function toValue(value: unknown, column: string): SqliteRow[number] {
  switch (typeof value) {
    case 'undefined':
      return null
    case 'boolean':
      return value ? 1 : 0
    case 'number':
      // SQLite would store NULL instead.
      if (Number.isNaN(value)) throw new DataError(`A value for column ${column} is NaN, which SQLite cannot store.`)
      return value
    case 'bigint':
      if (BigInt.asIntN(64, value) !== value)
        throw new DataError(`A value for column ${column} is ${value}, which does not fit the 64 bits of SQLite.`)
      return value
    case 'string':
      return value
    case 'object':
      if (value === null || value instanceof Uint8Array) return value
      return value instanceof Date ? value.toISOString() : toJson(value)
    default:
      throw new DataError(`A value for column ${column} is ${describe(value)}, which SQLite cannot store.`)
  }
}
