import { ArgumentError } from '../errors.js'
import { describe } from '../values/describe.js'

export type Pair = readonly [key: unknown, value: unknown]

/**
 * Returns the record as a pair. Throws ArgumentError for anything else. The types ensure pairs, but untyped code and
 * data read from files may contain other records, which would otherwise pass as pairs of undefined. Kept small, because
 * every record passes through it.
 */
export function asPair(record: unknown): Pair {
  if (Array.isArray(record) && record.length === 2) return record as unknown as Pair
  throw notAPair(record)
}

function notAPair(record: unknown): ArgumentError {
  const given = Array.isArray(record) ? `an array of length ${record.length}` : describe(record)
  return new ArgumentError(
    `A record is ${given}, not a pair. Operations by key need records of the form [key, value]: map the records to pairs first.`,
  )
}
