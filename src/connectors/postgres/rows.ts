import { DataError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { fieldsOf } from '../../values/fields-of.js'

/** Records as rows in JSON: objects by the names of the columns, arrays by their order. */
export function toRows(records: readonly unknown[], columns: readonly string[]): string[] {
  return records.map((record) => {
    const fields = fieldsOf(record, columns, 'PostgreSQL')
    return JSON.stringify(Object.fromEntries(columns.map((column, i) => [column, toJson(fields[i], column)])))
  })
}

/** A value in the form that PostgreSQL casts to the type of any column. */
function toJson(value: unknown, column: string): unknown {
  switch (typeof value) {
    case 'bigint':
      return String(value)
    case 'number':
      // JSON has no NaN and no Infinity; PostgreSQL reads them as texts.
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
