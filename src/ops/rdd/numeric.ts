import { builtin, defineBuiltin } from '../functions/builtin.js'
import { applyTo } from './actions.js'
import { nodeOf, numbers } from './facade.js'
import { allNumbers, type Moments, momentsOf, type Stats, statsOf } from './moments.js'
import type { Rdd } from './rdd.js'

declare module './facade.js' {
  interface NumberRdd {
    /**
     * Returns the sum of the numbers, rounded after each addition: within partitions first, then over partitions in
     * order. Action. Returns 0 for no numbers. Returns Infinity if a partial sum exceeds the greatest number, even if
     * later numbers would bring the sum back.
     *
     * ```ts
     * await ctx.parallelize([1, 2, 3.5]).sum() // 6.5
     * ```
     */
    sum(): Promise<number>
    /**
     * Returns the mean; 0 for no numbers. Action. It is correct even if the sum exceeds the greatest number.
     *
     * ```ts
     * await ctx.parallelize([1, 2, 6]).mean() // 3
     * ```
     */
    mean(): Promise<number>
    /**
     * Returns count, sum, mean, variance, standard deviation, minimum and maximum. Action in one pass; each partition
     * returns six numbers.
     *
     * ```ts
     * const { count, mean, stdev } = await ctx.parallelize([2, 4, 4, 4, 5, 5, 7, 9]).stats()
     * await Promise.resolve([count, mean, stdev]) // [8, 5, 2]
     * ```
     */
    stats(): Promise<Stats>
    /**
     * Returns the population variance, as `stats().variance`; NaN for no numbers. Action.
     *
     * ```ts
     * await ctx.parallelize([1, 3]).variance() // 1
     * ```
     */
    variance(): Promise<number>
    /**
     * Returns the population standard deviation: the square root of the variance. Action.
     *
     * ```ts
     * await ctx.parallelize([1, 5]).stdev() // 2
     * ```
     */
    stdev(): Promise<number>
    /**
     * Returns the sample variance, which estimates the variance of the population that the numbers are a sample of; NaN
     * for fewer than two numbers. Action.
     *
     * ```ts
     * await ctx.parallelize([1, 3]).sampleVariance() // 2
     * ```
     */
    sampleVariance(): Promise<number>
    /**
     * Returns the sample standard deviation: the square root of the sample variance. Action.
     *
     * ```ts
     * await ctx.parallelize([1, 3, 5]).sampleStdev() // 2
     * ```
     */
    sampleStdev(): Promise<number>
  }
}

defineBuiltin('sumOf', () => (records: Iterable<number>) => {
  const numbers = allNumbers(records)
  let total = 0
  for (let i = 0; i < numbers.length; i++) total += numbers[i]!
  return total
})
defineBuiltin('momentsOf', () => (records: Iterable<number>) => momentsOf(records))

export async function statistics(rdd: Rdd<unknown>, label = 'stats'): Promise<Stats> {
  return statsOf(await applyTo<Moments>(rdd, builtin('momentsOf'), label))
}

numbers.sum = async function () {
  return (await applyTo<number>(nodeOf(this), builtin('sumOf'), 'sum')).reduce((a, b) => a + b, 0)
}
numbers.stats = function () {
  return statistics(nodeOf(this))
}
for (const name of ['mean', 'variance', 'stdev', 'sampleVariance', 'sampleStdev'] as const) {
  numbers[name] = async function () {
    return (await statistics(nodeOf(this), name))[name]
  }
}
