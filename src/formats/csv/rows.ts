import { SourceError } from '../../errors.js'
import { faultOfNames } from '../columns.js'
import type { CheckedCsvOptions } from './options.js'
import { CONVERT, type CsvType } from './types.js'

/** Turns a row into a record. Returns a text if the row has a fault. */
export type ToRecord = (fields: readonly string[]) => object | string

interface Column {
  readonly name: string
  readonly index: number
  readonly type: CsvType
}

/**
 * Returns the conversion of the rows of a file. `header`: its first row, if that contains the column names.
 * @throws SourceError if the options name columns that the file does not have.
 */
export function recordsOf(options: CheckedCsvOptions, path: string, header: readonly string[] | undefined): ToRecord {
  const { columns: chosen, types } = options
  const names = header ?? chosen
  if (!names) return (fields) => fields
  const fault = header && faultOfNames(header)
  if (fault) throw unfit(path, header, `the header ${fault}. Set header: false and columns`)
  const wanted = chosen ?? names
  for (const name of [...wanted, ...Object.keys(types)]) {
    if (!names.includes(name))
      throw unfit(
        path,
        names,
        `it has no column '${name}'. Its columns: ${names.map((each) => `'${each}'`).join(', ')}`,
      )
  }
  const columns = wanted.map(
    (name): Column => ({ name, index: names.indexOf(name), type: Object.hasOwn(types, name) ? types[name]! : 'text' }),
  )
  return (fields) => {
    if (fields.length !== names.length) return `has ${fields.length} fields, not ${names.length}`
    const record: Record<string, unknown> = {}
    for (const { name, index, type } of columns) {
      const field = fields[index]!
      if (type === 'text') {
        record[name] = field
      } else if (field === '') {
        record[name] = null
      } else {
        const value = CONVERT[type](field)
        if (value === undefined)
          return `has ${JSON.stringify(field.slice(0, 50))} in column '${name}', which is no ${type}`
        record[name] = value
      }
    }
    return record
  }
}

function unfit(path: string, columns: readonly string[], why: string): SourceError {
  return new SourceError(`The file ${path} does not match the options of csv: ${why}.`, { details: { path, columns } })
}
