import { DataError } from '../errors.js'
import { describe } from './describe.js'

/**
 * Returns the values of a record in the order of the columns. A record is an array of as many values, or an object
 * whose fields all have a column: a field without one would be lost, and is often a misspelled one. `target` names what
 * it is for, in errors.
 *
 * @throws DataError
 */
export function fieldsOf(record: unknown, columns: readonly string[], target: string): readonly unknown[] {
  if (Array.isArray(record)) {
    if (record.length === columns.length) return record
    throw new DataError(
      `A record for ${target} is an array of ${record.length}; it must have one value for each column: ${columns.join(', ')}.`,
    )
  }
  if (typeof record !== 'object' || record === null) {
    throw new DataError(
      `A record for ${target} is ${describe(record)}; map records to objects with the columns ${columns.join(', ')}, or to arrays in their order.`,
    )
  }
  for (const name of Object.keys(record)) {
    if (columns.includes(name)) continue
    throw new DataError(
      `A record for ${target} has a field '${name}', and the columns are ${columns.join(', ')}. Correct its name, leave it out, or add it to the option columns.`,
      { field: name, columns },
    )
  }
  return columns.map((name) => (Object.hasOwn(record, name) ? (record as Record<string, unknown>)[name] : undefined))
}
