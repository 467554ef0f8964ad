import { DataError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { fieldsOf } from '../../values/fields-of.js'
import { columnsOf } from '../columns.js'
import { compressed, textOf } from '../compressed-text.js'
import type { EncodedFile } from '../format.js'
import type { CheckedCsvWriteOptions } from './options.js'

export function writeCsv(records: readonly unknown[], options: object): EncodedFile {
  const checked = options as CheckedCsvWriteOptions
  return compressed('.csv', checked.compression, csvText(records, checked))
}

function csvText(records: readonly unknown[], options: CheckedCsvWriteOptions): Iterable<string> {
  const { header, delimiter, quote } = options
  const columns = options.columns ?? columnsOf(records, 'csv')
  const quoted = quoting(options)
  const line = (record: unknown) => {
    const fields = columns ? fieldsOf(record, columns, 'csv') : (record as readonly unknown[])
    if (!Array.isArray(fields))
      throw new DataError(`A record for csv is ${describe(record)}; map records to arrays or objects.`)
    // A reader would skip an empty line.
    if (fields.length === 1 && isEmpty(fields[0])) return quote + quote
    return fields.map(quoted).join(delimiter)
  }
  return textOf(records, line, header && columns ? `${columns.map(quoted).join(delimiter)}\n` : '')
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || value === ''
}

/** Returns a function that writes a value as a field. */
function quoting({ delimiter, quote }: CheckedCsvWriteOptions): (value: unknown) => string {
  const quotes = new RegExp(quote.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), 'g')
  const special = (text: string) =>
    text.includes(delimiter) || text.includes(quote) || text.includes('\n') || text.includes('\r')
  return (value) => {
    const text = asText(value)
    return special(text) ? `${quote}${text.replace(quotes, () => quote + quote)}${quote}` : text
  }
}

function asText(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return ''
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString()
  throw new DataError(
    `A field of csv is ${describe(value)}; a field is a text, a number, a boolean, a date or null. Map it to a text, for example with JSON.stringify.`,
  )
}
