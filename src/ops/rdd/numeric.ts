import { builtin, defineBuiltin } from '../functions/builtin.js'
import { applyTo } from './actions.js'
import { checkNumbers, type Moments, momentsOf, type Stats, statsOf } from './moments.js'
import { numbers, type Rdd } from './rdd.js'

declare module './rdd.js' {
  interface NumberRdd {
    /**
     * The sum, rounded after each addition in the order of records: partitions first, then their sums. 0 of nothing;
     * Infinity beyond the greatest number, also if what follows would bring it back.
     *
     * ```ts
     * await ctx.parallelize([1, 2, 3.5]).sum() // 6.5
     * ```
     */
    sum(): Promise<number>
    /**
     * The mean; 0 of nothing. It is right where the sum is beyond the greatest number.
     *
     * ```ts
     * await ctx.parallelize([1, 2, 6]).mean() // 3
     * ```
     */
    mean(): Promise<number>
    /**
     * Count, sum, mean, variance, standard deviation and extremes in one pass. The workers each send six numbers.
     *
     * ```ts
     * const { count, mean, stdev } = await ctx.parallelize([2, 4, 4, 4, 5, 5, 7, 9]).stats()
     * await Promise.resolve([count, mean, stdev]) // [8, 5, 2]
     * ```
     */
    stats(): Promise<Stats>
    /**
     * The variance of the numbers themselves, as `stats().variance`; NaN of nothing.
     *
     * ```ts
     * await ctx.parallelize([1, 3]).variance() // 1
     * ```
     */
    variance(): Promise<number>
    /**
     * The square root of the variance.
     *
     * ```ts
     * await ctx.parallelize([1, 5]).stdev() // 2
     * ```
     */
    stdev(): Promise<number>
    /**
     * The variance of what the numbers are a sample of; NaN of fewer than two.
     *
     * ```ts
     * await ctx.parallelize([1, 3]).sampleVariance() // 2
     * ```
     */
    sampleVariance(): Promise<number>
    /**
     * The square root of the sample variance.
     *
     * ```ts
     * await ctx.parallelize([1, 3, 5]).sampleStdev() // 2
     * ```
     */
    sampleStdev(): Promise<number>
  }
}

defineBuiltin('sumOf', () => (records: Iterable<number>) => {
  let total = 0
  for (const x of records) total += x
  if (Number.isNaN(total) || typeof total !== 'number') checkNumbers(records)
  return total
})
defineBuiltin('momentsOf', () => (records: Iterable<number>) => momentsOf(records))

async function statistics(rdd: Rdd<unknown>, label = 'stats'): Promise<Stats> {
  return statsOf(await applyTo<Moments>(rdd, builtin('momentsOf'), label))
}

numbers.sum = async function () {
  return (await applyTo<number>(this, builtin('sumOf'), 'sum')).reduce((a, b) => a + b, 0)
}
numbers.stats = function () {
  return statistics(this)
}
for (const name of ['mean', 'variance', 'stdev', 'sampleVariance', 'sampleStdev'] as const) {
  numbers[name] = async function () {
    return (await statistics(this, name))[name]
  }
}
