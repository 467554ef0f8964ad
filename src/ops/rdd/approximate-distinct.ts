import { ArgumentError } from '../../errors.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import { addValue, estimate, mergeRegisters, newRegisters, precisionFor } from '../hyper-log-log.js'
import { applyTo } from './actions.js'
import type { Partitions } from './by-key.js'
import { pairs, type RDD, Rdd } from './rdd.js'

declare module './rdd.js' {
  interface Rdd<T> {
    /**
     * About how many different elements there are, by HyperLogLog: no shuffle, some kilobytes a partition. In two of
     * three cases the answer is off by less than `relativeDeviation` (default 0.05; the finest is 0.004). Elements are
     * compared as keys are. Throws ArgumentError unless it is above 0 and at most 0.4.
     *
     * ```ts
     * await ctx.parallelize(['a', 'b', 'a']).countApproxDistinct() // 2
     * ```
     */
    countApproxDistinct(relativeDeviation?: number): Promise<number>
  }
  interface PairRdd<K, V> {
    /**
     * About how many different values each key has, as countApproxDistinct. Shuffle of the sketches, not of the values.
     *
     * ```ts
     * await ctx.parallelize([['a', 1], ['a', 2], ['a', 1]] as [string, number][]).countApproxDistinctByKey().collect() // [['a', 2]]
     * ```
     */
    countApproxDistinctByKey(relativeDeviation?: number, partitions?: Partitions): RDD<[K, number]>
  }
}

function precision(relativeDeviation: number, label: string): number {
  if (relativeDeviation > 0 && relativeDeviation <= 0.4) return precisionFor(relativeDeviation)
  throw new ArgumentError(
    `${label}: the relative deviation is ${relativeDeviation}; it must be a number above 0 and at most 0.4, such as 0.05.`,
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

Rdd.prototype.countApproxDistinct = async function (relativeDeviation = 0.05) {
  const bits = precision(relativeDeviation, 'countApproxDistinct')
  const sketches = await applyTo<Uint8Array>(this, builtin('sketch', bits), 'countApproxDistinct')
  return Math.round(estimate(sketches.reduce(mergeRegisters, newRegisters(bits))))
}
pairs.countApproxDistinctByKey = function (relativeDeviation = 0.05, partitions) {
  const bits = precision(relativeDeviation, 'countApproxDistinctByKey')
  const [create, add, merge] = [builtin('sketchOf', bits), builtin('addToSketch'), builtin('mergeSketches')]
  return this.combineByKey<Uint8Array>(create, add, merge, partitions).mapValues(builtin('estimateOf'))
}
