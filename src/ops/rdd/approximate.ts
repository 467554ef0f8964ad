import { KeyedMap } from '../../values/keys.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import type { AnyFunction } from '../functions/ref.js'
import type { Duration } from '../time.js'
import { applyTo } from './actions.js'
import { type BoundedNumber, checkConfidence, estimateOfCount, estimateOfMean, estimateOfSum } from './estimates.js'
import { nodeOf, numbers, pairs, rdds } from './facade.js'
import type { Moments } from './moments.js'
import { type PartialResult, partialResult } from './partial-result.js'
import type { Rdd } from './rdd.js'

declare module './facade.js' {
  interface BaseRdd<T> {
    /**
     * Estimates the number of elements from the partitions that are counted within `timeout`, treating them as a random
     * sample. Action; counting continues for `final()`. The true number is within the bounds with the given
     * `confidence` (default 0.95).
     *
     * ```ts
     * const { value } = await ctx.range(100).countApprox('1m')
     * await Promise.resolve(value) // { mean: 100, confidence: 1, low: 100, high: 100 }
     * ```
     *
     * @throws ArgumentError (rejects) for a confidence outside 0 to 1. Rejects if counting fails within `timeout`.
     */
    countApprox(timeout: Duration, confidence?: number): Promise<PartialResult<BoundedNumber>>
    /**
     * Estimates how often each element occurs, from the partitions that are counted within `timeout`, as `countApprox`
     * does. Action; each partition returns its counts. Elements that occur only in other partitions are missing.
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
     * Estimates the number of pairs of each key, from the partitions that are counted within `timeout`, as
     * `countApprox` does. Action; each partition returns its counts.
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
     * Estimates the sum from the partitions that are complete within `timeout`: their mean, multiplied by an estimate
     * of the count, with bounds as in `countApprox`. Action.
     *
     * ```ts
     * await Promise.resolve((await ctx.parallelize([1, 2, 3.5]).sumApprox('1m')).value.mean) // 6.5
     * ```
     */
    sumApprox(timeout: Duration, confidence?: number): Promise<PartialResult<BoundedNumber>>
    /**
     * Estimates the mean from the partitions that are complete within `timeout`, with bounds as in `countApprox`.
     * Action.
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

rdds.countApprox = async function (timeout, confidence = 0.95) {
  const label = 'countApprox'
  const rdd = nodeOf(this)
  checkConfidence(confidence, label)
  return partialResult<number, BoundedNumber>(rdd, {
    timeout,
    label,
    run: (partitions) => rdd.context.runner.run<number>(rdd, { op: 'count' }, partitions),
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
      // Many keys have the same count, so the bounds of each count are computed once.
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

rdds.countByValueApprox = async function (timeout, confidence = 0.95) {
  return countsApprox(nodeOf(this), 'identity', 'countByValueApprox', timeout, confidence)
}
pairs.countByKeyApprox = async function (timeout, confidence = 0.95) {
  return countsApprox(nodeOf(this), 'keyOf', 'countByKeyApprox', timeout, confidence)
}
for (const [label, estimate] of [
  ['sumApprox', estimateOfSum],
  ['meanApprox', estimateOfMean],
] as const) {
  numbers[label] = async function (timeout, confidence = 0.95) {
    const rdd = nodeOf(this)
    checkConfidence(confidence, label)
    return partialResult<Moments, BoundedNumber>(rdd, {
      timeout,
      label,
      run: (partitions) => applyTo<Moments>(rdd, builtin('momentsOf'), label, partitions),
      evaluate: (done, part) => estimate(done, part, confidence),
    })
  }
}
