import { ArgumentError, StateError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import { checkFunction } from '../functions/check-function.js'
import { namedInDriver } from '../functions/in-driver.js'
import type { AnyFunction } from '../functions/ref.js'
import { applyTo, joined } from './actions.js'
import { checkedOrder } from './checked-order.js'
import { nodeOf, rdds } from './facade.js'
import type { Rdd } from './rdd.js'
import './sort.js'

type Compare<T> = (a: T, b: T) => number

declare module './facade.js' {
  interface BaseRdd<T> {
    /**
     * Returns the greatest element (of equal ones the first), by `compare` or the natural order of sortBy, in which NaN
     * is greater than every number. Action; each partition returns its own greatest.
     *
     * ```ts
     * await ctx.parallelize([3, 10, 9]).max() // 10
     * ```
     *
     * @throws StateError (rejects) if there are no elements.
     */
    max(compare?: (a: T, b: T) => number): Promise<T>
    /**
     * Returns the smallest element (of equal ones the first), by `compare` or the natural order. Action; each partition
     * returns its own smallest.
     *
     * ```ts
     * await ctx.parallelize(['pear', 'fig']).min((a, b) => a.length - b.length) // 'fig'
     * ```
     *
     * @throws StateError (rejects) if there are no elements.
     */
    min(compare?: (a: T, b: T) => number): Promise<T>
    /**
     * Returns the `n` greatest elements, greatest first. Action; each partition returns its own greatest `n`.
     *
     * ```ts
     * await ctx.range(100).top(3) // [99, 98, 97]
     * ```
     *
     * @throws ArgumentError (rejects) unless `n` is a whole number of at least 0.
     */
    top(n: number, compare?: (a: T, b: T) => number): Promise<T[]>
    /**
     * Returns the `n` smallest elements, smallest first. Action; each partition returns its own smallest `n`.
     *
     * ```ts
     * await ctx.parallelize([5, 1, 4]).takeOrdered(2) // [1, 4]
     * ```
     *
     * @throws ArgumentError (rejects) unless `n` is a whole number of at least 0.
     */
    takeOrdered(n: number, compare?: (a: T, b: T) => number): Promise<T[]>
  }
}

/**
 * Returns the first `n` records in the order of `compare`, which a `sign` of -1 reverses. Holds at most 4n + 257
 * records; compares a record once if it is not among the first `n` so far.
 */
export function firstInOrder<T>(records: Iterable<T>, n: number, compare: Compare<T>, sign: number): T[] {
  const checked = checkedOrder(compare)
  const order = (a: T, b: T) => sign * checked(a, b)
  let best: T[] = []
  let full = false
  for (const value of records) {
    // The sort is stable, so of elements that equal the n-th the first stays: later ones need no place.
    if (full && order(value, best[n - 1] as T) >= 0) continue
    best.push(value)
    if (best.length <= 4 * n + 256) continue
    best = inOrder(best, order).slice(0, n)
    full = n > 0
  }
  return inOrder(best, order).slice(0, n)
}

/** Sorts with `undefined` in its place: `Array.prototype.sort` alone puts it last without calling `order`. */
function inOrder<T>(values: T[], order: Compare<T>): T[] {
  if (!values.includes(undefined as T)) return values.sort(order)
  const boxes = values.map((value) => ({ value }))
  return boxes.sort((a, b) => order(a.value, b.value)).map(({ value }) => value)
}

defineBuiltin('firstInOrder', (n: number, compare: AnyFunction, sign: number) => (records: Iterable<unknown>) => {
  return firstInOrder(records, n, compare, sign)
})

async function ordered<T>(
  rdd: Rdd<T>,
  n: number,
  compare: Compare<T> | undefined,
  sign: number,
  label: string,
): Promise<T[]> {
  if (!Number.isInteger(n) || n < 0) {
    throw new ArgumentError(`${label}(${describe(n)}): n must be a whole number of elements of at least 0.`, {
      given: n,
    })
  }
  const order = compare === undefined ? builtin<Compare<T>>('naturalOrder') : checkFunction(compare, label)
  if (n === 0) return []
  const parts = await applyTo<T[]>(rdd, builtin('firstInOrder', n, order, sign), label)
  return firstInOrder(joined(parts), n, namedInDriver(order, label), sign)
}

async function extreme<T>(rdd: Rdd<T>, compare: Compare<T> | undefined, sign: number, label: string): Promise<T> {
  const found = await ordered(rdd, 1, compare, sign, label)
  if (found.length === 0) {
    throw new StateError(`${label}() of an empty dataset has no result. Use takeOrdered(1), or check isEmpty() first.`)
  }
  return found[0] as T
}

rdds.max = function (compare) {
  return extreme(nodeOf(this), compare, -1, 'max')
}
rdds.min = function (compare) {
  return extreme(nodeOf(this), compare, 1, 'min')
}
rdds.top = function (n, compare) {
  return ordered(nodeOf(this), n, compare, -1, 'top')
}
rdds.takeOrdered = function (n, compare) {
  return ordered(nodeOf(this), n, compare, 1, 'takeOrdered')
}
