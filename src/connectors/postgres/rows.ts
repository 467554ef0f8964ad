import { DataError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { fieldsOf } from '../../values/fields-of.js'

/** Encodes records as rows in JSON. Objects provide values by the names of columns, arrays by their order. */
export function toRows(records: readonly unknown[], columns: readonly string[]): string[] {
  return records.map((record) => {
    const fields = fieldsOf(record, columns, 'PostgreSQL')
    return JSON.stringify(Object.fromEntries(columns.map((column, i) => [column, toJson(fields[i], column)])))
  })
}

/** Converts a value to a form that PostgreSQL can cast to the type of any column. */
function toJson(value: unknown, column: string): unknown {
  switch (typeof value) {
    case 'bigint':
      return String(value)
    case 'number':
      // JSON has neither NaN nor Infinity, and PostgreSQL can read them as texts.
      return Number.isFinite(value) ? value : String(value)
    case 'undefined':
      return null
    case 'string':
      if (value.includes('\0'))
        throw new DataError(`A text for column ${column} contains the character U+0000, which PostgreSQL cannot store.`)
      return value
    case 'object':
      if (value instanceof Date) return value.toISOString()
      if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`
      return value
    case 'boolean':
      return value
    default:
      throw new DataError(`A value for column ${column} is ${describe(value)}, which PostgreSQL cannot store.`)
  }
}
