import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { naturalOrder } from './natural-order.js'

// biome-ignore lint/suspicious/noExplicitAny: comparators of any type of value
type Compare = (a: any, b: any) => number

/**
 * Returns the comparator with a check of its results. Sorting treats `true` as 1, `false` as 0, and NaN or undefined as
 * "equal", so the order would depend on the partitions. Costs two comparisons per call; nothing for the natural order.
 * `label` names the operation in errors of comparators that the driver calls.
 *
 * @throws ArgumentError (from the returned function) if the comparator returns NaN or anything but a number.
 */
export function checkedOrder(compare: Compare, label?: string): Compare {
  if (compare === naturalOrder) return compare
  return (a, b) => {
    const order: unknown = compare(a, b)
    if (typeof order === 'number' && !Number.isNaN(order)) return order
    // `a - b` is NaN for two equal infinities.
    if (typeof order === 'number' && a === b) return 0
    throw refusal(order, label)
  }
}

function refusal(order: unknown, label: string | undefined): ArgumentError {
  const reason =
    typeof order === 'boolean'
      ? 'true and false do not say which of two values comes first. Return a - b, or a < b ? -1 : a > b ? 1 : 0.'
      : 'below 0 if the first value comes first, above 0 if the second does, 0 if they are equal. Compare texts with localeCompare or <, and check for values that are missing.'
  return new ArgumentError(
    `The comparator${label === undefined ? '' : ` of ${label}`} returned ${describe(order)}; it must return a number that is not NaN: ${reason}`,
    {
      returned: describe(order),
    },
  )
}
