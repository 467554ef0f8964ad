import { ArgumentError } from '../errors.js'
import { describe } from '../values/describe.js'
import { faultOfNames } from './columns.js'

/** Throws ArgumentError unless an option has one of the allowed values. */
export function oneOf(value: string, allowed: readonly string[], name: string, label: string): void {
  if (allowed.includes(value)) return
  throw new ArgumentError(`${label}: ${name} is ${describe(value)}; it must be one of ${allowed.join(', ')}.`, {
    [name]: value,
  })
}

/** Throws ArgumentError unless `columns` are names without repeats. */
export function checkColumns(columns: readonly string[] | undefined, label: string): void {
  if (columns === undefined) return
  if (!Array.isArray(columns) || columns.length === 0 || !columns.every((name) => typeof name === 'string'))
    throw new ArgumentError(`${label}: columns is ${describe(columns)}; it must be an array of names.`, { columns })
  const fault = faultOfNames(columns)
  if (fault) throw new ArgumentError(`${label}: columns ${fault}.`, { columns })
}

/** Throws ArgumentError unless `types` has one of the allowed types for each of its columns. */
export function checkTypes(types: Readonly<Record<string, string>>, allowed: readonly string[], label: string): void {
  if (typeof types !== 'object' || types === null)
    throw new ArgumentError(`${label}: types is ${describe(types)}; it must be an object of types by column.`, {
      types,
    })
  for (const [column, type] of Object.entries(types)) {
    if (!allowed.includes(type))
      throw new ArgumentError(
        `${label}: the type of column '${column}' is ${describe(type)}; it must be one of ${allowed.join(', ')}.`,
        { column, type },
      )
  }
}

/** Throws ArgumentError unless `longs` names how whole numbers of 64 bits are read. */
export function checkLongs(longs: string, label: string): void {
  oneOf(longs, ['number', 'bigint'], 'longs', label)
}
