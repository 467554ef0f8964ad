import { ArgumentError } from '../errors.js'
import { describe } from './functions/plain-data.js'

export type Pair = readonly [key: unknown, value: unknown]

/**
 * The record itself. Throws ArgumentError unless it is a pair: the types see to it, but from JavaScript, or from data that is
 * read, come others, which would be taken for pairs of undefined. Small, as it is called for each record.
 */
export function asPair(record: unknown): Pair {
  if (Array.isArray(record) && record.length === 2) return record as unknown as Pair
  throw notAPair(record)
}

function notAPair(record: unknown): ArgumentError {
  const given = Array.isArray(record) ? `an array of length ${record.length}` : describe(record)
  return new ArgumentError(
    `A record is ${given}, not a pair. Operations by key need records of the form [key, value]: map to such first.`,
  )
}
