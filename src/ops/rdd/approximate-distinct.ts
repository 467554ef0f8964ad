import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import { addValue, estimate, mergeRegisters, newRegisters, precisionFor } from '../hyper-log-log.js'
import { checkNames } from '../option-names.js'
import { applyTo } from './actions.js'
import { combine, type Partitions } from './by-key.js'
import { step } from './elementwise.js'
import { facade, nodeOf, pairs, type RDD, rdds } from './facade.js'
import { captured } from './rdd.js'

export interface ApproximateDistinctOptions {
  /**
   * `relativeDeviation` (0.05): the standard error of the estimate, relative to the count. More than 0, at most 0.4.
   */
  readonly relativeDeviation?: number
  /**
   * `partitions`: the number of hash partitions, or a partitioner. Default: the partitioner of the dataset, else
   * `parallelism`.
   */
  readonly partitions?: Partitions
}

declare module './facade.js' {
  interface BaseRdd<T> {
    /**
     * Estimates the number of different elements with HyperLogLog. Action without a shuffle; each partition returns
     * some kilobytes. In two of three cases the error is less than `relativeDeviation` (default 0.05, smallest 0.004).
     * Elements are compared by content, as keys are.
     *
     * ```ts
     * await ctx.parallelize(['a', 'b', 'a']).countApproxDistinct() // 2
     * ```
     *
     * @throws ArgumentError (rejects) unless `relativeDeviation` is more than 0 and at most 0.4.
     */
    countApproxDistinct(relativeDeviation?: number): Promise<number>
  }
  interface PairRdd<K, V> {
    /**
     * Estimates the number of different values of each key, as countApproxDistinct does. Shuffles the sketches, not the
     * values.
     *
     * ```ts
     * await ctx.parallelize([['a', 1], ['a', 2], ['a', 1]] as [string, number][]).countApproxDistinctByKey().collect() // [['a', 2]]
     * ```
     *
     * @throws ArgumentError unless `relativeDeviation` is more than 0 and at most 0.4.
     */
    countApproxDistinctByKey(options?: ApproximateDistinctOptions): RDD<[K, number]>
  }
}

function precision(relativeDeviation: number, label: string): number {
  if (relativeDeviation > 0 && relativeDeviation <= 0.4) return precisionFor(relativeDeviation)
  throw new ArgumentError(
    `${label}: the relative deviation is ${describe(relativeDeviation)}; it must be a number above 0 and at most 0.4, such as 0.05.`,
    { given: relativeDeviation },
  )
}

defineBuiltin('sketch', (bits: number) => (records: Iterable<unknown>) => {
  const registers = newRegisters(bits)
  for (const value of records) addValue(registers, value)
  return registers
})
defineBuiltin('sketchOf', (bits: number) => (value: unknown) => addValue(newRegisters(bits), value))
defineBuiltin('addToSketch', () => addValue)
defineBuiltin('mergeSketches', () => mergeRegisters)
defineBuiltin('estimateOf', () => (registers: Uint8Array) => Math.round(estimate(registers)))

rdds.countApproxDistinct = async function (relativeDeviation = 0.05) {
  const bits = precision(relativeDeviation, 'countApproxDistinct')
  const sketches = await applyTo<Uint8Array>(nodeOf(this), builtin('sketch', bits), 'countApproxDistinct')
  return Math.round(estimate(sketches.reduce(mergeRegisters, newRegisters(bits))))
}
pairs.countApproxDistinctByKey = function (options = {}) {
  const label = 'countApproxDistinctByKey'
  checkNames(options, ['relativeDeviation', 'partitions'], label)
  const bits = precision(options.relativeDeviation ?? 0.05, label)
  const rdd = nodeOf(this)
  const aggregator = {
    create: captured(rdd, builtin('sketchOf', bits), label),
    mergeValue: captured(rdd, builtin('addToSketch'), label),
    mergeCombiners: captured(rdd, builtin('mergeSketches'), label),
    mapSide: true,
    label,
  }
  return facade(step(combine(rdd, aggregator, options.partitions), 'mapValues', builtin('estimateOf'), label))
}
