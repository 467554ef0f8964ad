import { DataError } from '../errors.js'
import { describe } from '../values/describe.js'

/** Returns the fault of column names, as the end of a sentence. */
export function faultOfNames(columns: readonly string[]): string | undefined {
  const twice = columns.find((name, i) => columns.indexOf(name) !== i)
  if (twice !== undefined) return `name ${describe(twice)} twice; a record has one field of each name`
  // An object would treat it as its prototype.
  return columns.includes('__proto__') ? "name '__proto__', which no object can have as a field" : undefined
}

/**
 * Returns the columns of records that name none: the fields of the first record. Undefined if records are arrays, or
 * there are none.
 */
export function columnsOf(records: readonly unknown[], format: string): readonly string[] | undefined {
  const [first] = records
  if (typeof first !== 'object' || first === null || Array.isArray(first)) return undefined
  const columns = Object.keys(first)
  const fault = faultOfNames(columns)
  if (fault) throw new DataError(`A record for ${format} has columns that ${fault}.`)
  return columns
}
