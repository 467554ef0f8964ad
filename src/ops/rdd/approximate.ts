import { KeyedMap } from '../../values/keys.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import type { AnyFunction } from '../functions/ref.js'
import type { Duration } from '../time.js'
import { applyTo } from './actions.js'
import { type BoundedNumber, checkConfidence, estimateOfCount, estimateOfMean, estimateOfSum } from './estimates.js'
import type { Moments } from './moments.js'
import { type PartialResult, partialResult } from './partial-result.js'
import { numbers, pairs, Rdd } from './rdd.js'

declare module './rdd.js' {
  interface Rdd<T> {
    /**
     * The number of elements as far as it is known after `timeout`: an estimate from the partitions that are counted, as
     * if they were drawn by chance. The true number is within its bounds with the given `confidence` (default 0.95).
     * Counting goes on for `final()`. Rejects if it fails in time; throws ArgumentError for a confidence not from 0 to 1.
     *
     * ```ts
     * const { value } = await ctx.range(100).countApprox('1m')
     * await Promise.resolve(value) // { mean: 100, confidence: 1, low: 100, high: 100 }
     * ```
     */
    countApprox(timeout: Duration, confidence?: number): Promise<PartialResult<BoundedNumber>>
    /**
     * How often each element occurs, as far as it is known after `timeout`: as `countApprox`. Elements that no counted
     * partition has are missing. Counts in the workers; the counts of each partition are brought to the driver.
     *
     * ```ts
     * const { value } = await ctx.parallelize(['a', 'b', 'a']).countByValueApprox('1m')
     * await Promise.resolve(value.get('a')?.mean) // 2
     * ```
     */
    countByValueApprox(timeout: Duration, confidence?: number): Promise<PartialResult<Map<T, BoundedNumber>>>
  }
  interface PairRdd<K, V> {
    /**
     * How many pairs each key has, as far as it is known after `timeout`: as `countByValueApprox`.
     *
     * ```ts
     * const { value } = await ctx.parallelize([['a', 1], ['a', 2]] as [string, number][]).countByKeyApprox('1m')
     * await Promise.resolve(value.get('a')?.mean) // 2
     * ```
     */
    countByKeyApprox(timeout: Duration, confidence?: number): Promise<PartialResult<Map<K, BoundedNumber>>>
  }
  interface NumberRdd {
    /**
     * The sum as far as it is known after `timeout`: the mean of the partitions that are done, times an estimate of the
     * count, with bounds as those of `countApprox`.
     *
     * ```ts
     * await Promise.resolve((await ctx.parallelize([1, 2, 3.5]).sumApprox('1m')).value.mean) // 6.5
     * ```
     */
    sumApprox(timeout: Duration, confidence?: number): Promise<PartialResult<BoundedNumber>>
    /**
     * The mean as far as it is known after `timeout`: that of the partitions that are done, with bounds as those of
     * `countApprox`.
     *
     * ```ts
     * await Promise.resolve((await ctx.parallelize([1, 2, 6]).meanApprox('1m')).value.mean) // 3
     * ```
     */
    meanApprox(timeout: Duration, confidence?: number): Promise<PartialResult<BoundedNumber>>
  }
}

type Counts = readonly (readonly [value: unknown, count: number])[]

defineBuiltin('countsOf', (of: AnyFunction) => (records: Iterable<unknown>): Counts => {
  const counts = new KeyedMap<number>()
  for (const record of records) {
    const value = of(record)
    counts.set(value, (counts.get(value) ?? 0) + 1)
  }
  return [...counts.entries()]
})

Rdd.prototype.countApprox = async function (timeout, confidence = 0.95) {
  const label = 'countApprox'
  checkConfidence(confidence, label)
  return partialResult<number, BoundedNumber>(this, {
    timeout,
    label,
    run: (partitions) => this.context.runner.run<number>(this, { op: 'count' }, partitions),
    evaluate: (counts, part) =>
      estimateOfCount(
        counts.reduce((a, b) => a + b, 0),
        part,
        confidence,
      ),
  })
}

function countsApprox<K>(rdd: Rdd<unknown>, of: string, label: string, timeout: Duration, confidence: number) {
  checkConfidence(confidence, label)
  const count = builtin('countsOf', builtin(of))
  return partialResult<Counts, Map<K, BoundedNumber>>(rdd, {
    timeout,
    label,
    run: (partitions) => applyTo<Counts>(rdd, count, label, partitions),
    evaluate(done, part) {
      const totals = new KeyedMap<number>()
      for (const [value, n] of done.flat(1)) totals.set(value, (totals.get(value) ?? 0) + n)
      // Many values share their count; its bounds are found once.
      const bounds = new Map<number, BoundedNumber>()
      const bounded = (n: number) => {
        const known = bounds.get(n) ?? estimateOfCount(n, part, confidence)
        bounds.set(n, known)
        return known
      }
      return new Map(Array.from(totals.entries(), ([value, n]) => [value as K, bounded(n)]))
    },
  })
}

Rdd.prototype.countByValueApprox = async function (timeout, confidence = 0.95) {
  return countsApprox(this, 'identity', 'countByValueApprox', timeout, confidence)
}
pairs.countByKeyApprox = async function (timeout, confidence = 0.95) {
  return countsApprox(this, 'keyOf', 'countByKeyApprox', timeout, confidence)
}
for (const [label, estimate] of [
  ['sumApprox', estimateOfSum],
  ['meanApprox', estimateOfMean],
] as const) {
  numbers[label] = async function (timeout, confidence = 0.95) {
    checkConfidence(confidence, label)
    return partialResult<Moments, BoundedNumber>(this, {
      timeout,
      label,
      run: (partitions) => applyTo<Moments>(this, builtin('momentsOf'), label, partitions),
      evaluate: (done, part) => estimate(done, part, confidence),
    })
  }
}
