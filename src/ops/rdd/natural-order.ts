import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'

/**
 * Kinds of values in ascending order. Within a kind, values compare with `<` unless `naturalOrder` has a rule of its
 * own.
 */
const NUMBER = 0
const TEXT = 1
const ARRAY = 2
const BYTES = 3
const NAN = 4
const NULL = 5
const UNDEFINED = 6

/**
 * Compares by the natural order: numbers, bigints, booleans and dates by value, then texts by UTF-16 units, then arrays
 * element by element, then typed arrays element by element, then NaN and invalid dates, null, and undefined. The order
 * is total, and equal keys compare as equal, so a range partitioner puts them in one partition.
 *
 * @throws ArgumentError for values without an order: objects, Maps, Sets, errors.
 */
export function naturalOrder(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') {
    if (a < b) return -1
    if (a > b) return 1
    if (a === b) return 0
  } else if (typeof a === 'string' && typeof b === 'string') {
    return a < b ? -1 : a > b ? 1 : 0
  }
  const kind = kindOf(a)
  const difference = kind - kindOf(b)
  if (difference !== 0) return difference
  if (kind === ARRAY || kind === BYTES) return compareItems(a as ArrayLike<unknown>, b as ArrayLike<unknown>)
  if (kind >= NAN) return 0
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0
}

function compareItems(a: ArrayLike<unknown>, b: ArrayLike<unknown>): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = naturalOrder(a[i], b[i])
    if (order !== 0) return order
  }
  return a.length - b.length
}

function kindOf(value: unknown): number {
  switch (typeof value) {
    case 'number':
      return Number.isNaN(value) ? NAN : NUMBER
    case 'string':
      return TEXT
    case 'bigint':
    case 'boolean':
      return NUMBER
    case 'undefined':
      return UNDEFINED
  }
  if (value === null) return NULL
  if (Array.isArray(value)) return ARRAY
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? NAN : NUMBER
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return BYTES
  throw new ArgumentError(
    `${describe(value)} has no natural order. Sort by a number, a text, a date or an array of these, or pass compare.`,
  )
}
