import { ArgumentError, StateError } from '../../errors.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import type { AnyFunction } from '../functions/ref.js'
import { applyTo, joined } from './actions.js'
import { Rdd } from './rdd.js'
import './sort.js'

type Compare<T> = (a: T, b: T) => number

declare module './rdd.js' {
  interface Rdd<T> {
    /**
     * The greatest element, the first of equal ones, by `compare`, else the natural order (as sortBy; NaN is greater
     * than every number). Rejects with StateError where there is none.
     *
     * ```ts
     * await ctx.parallelize([3, 10, 9]).max() // 10
     * ```
     */
    max(compare?: Compare<T>): Promise<T>
    /**
     * The smallest element, as max.
     *
     * ```ts
     * await ctx.parallelize(['pear', 'fig']).min((a, b) => a.length - b.length) // 'fig'
     * ```
     */
    min(compare?: Compare<T>): Promise<T>
    /**
     * The `n` greatest elements, greatest first. Each worker sends its own best `n` only.
     *
     * ```ts
     * await ctx.range(100).top(3) // [99, 98, 97]
     * ```
     */
    top(n: number, compare?: Compare<T>): Promise<T[]>
    /**
     * The `n` smallest elements, smallest first. Each worker sends its own best `n` only.
     *
     * ```ts
     * await ctx.parallelize([5, 1, 4]).takeOrdered(2) // [1, 4]
     * ```
     */
    takeOrdered(n: number, compare?: Compare<T>): Promise<T[]>
  }
}

/** The first `n` in the order of `compare`, which `sign` may turn round. Holds some times `n` records. */
export function firstInOrder<T>(records: Iterable<T>, n: number, compare: Compare<T>, sign: number): T[] {
  const order = (a: T, b: T) => sign * compare(a, b)
  const best: T[] = []
  for (const value of records) {
    best.push(value)
    // Sorting only now and then costs a logarithm a record; the sort is stable, so equal ones keep their order.
    if (best.length > 4 * n + 256) {
      best.sort(order)
      best.length = n
    }
  }
  return best.sort(order).slice(0, n)
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
    throw new ArgumentError(`${label}(${n}): give a whole number of elements of at least 0.`, { given: n })
  }
  if (n === 0) return []
  const order = compare ?? builtin<Compare<T>>('naturalOrder')
  const parts = await applyTo<T[]>(rdd, builtin('firstInOrder', n, order, sign), label)
  return firstInOrder(joined(parts), n, order, sign)
}

async function extreme<T>(rdd: Rdd<T>, compare: Compare<T> | undefined, sign: number, label: string): Promise<T> {
  const found = await ordered(rdd, 1, compare, sign, label)
  if (found.length === 0) {
    throw new StateError(`${label}() of an empty dataset has no result. Use takeOrdered(1), or ask isEmpty() first.`)
  }
  return found[0] as T
}

Rdd.prototype.max = function (compare) {
  return extreme(this, compare, -1, 'max')
}
Rdd.prototype.min = function (compare) {
  return extreme(this, compare, 1, 'min')
}
Rdd.prototype.top = function (n, compare) {
  return ordered(this, n, compare, -1, 'top')
}
Rdd.prototype.takeOrdered = function (n, compare) {
  return ordered(this, n, compare, 1, 'takeOrdered')
}
