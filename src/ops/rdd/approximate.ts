import { ArgumentError } from '../../errors.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import { addValue, estimate, mergeRegisters, newRegisters, precisionFor } from '../hyper-log-log.js'
import { type Duration, toMillis } from '../time.js'
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
    /**
     * The number of elements as far as it is known after `timeout`: partitions that are counted, and an estimate from
     * them for the whole. Does not wait longer; the counting of the others goes on and is not used. Rejects if counting
     * fails within that time.
     *
     * ```ts
     * await ctx.range(100).countApprox('1m') // { estimate: 100, counted: 100, complete: true }
     * ```
     */
    countApprox(timeout: Duration): Promise<ApproximateCount>
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

export interface ApproximateCount {
  /** `counted`, and for each partition that is not, the mean of those that are. */
  readonly estimate: number
  /** Elements of the partitions that are counted. */
  readonly counted: number
  readonly complete: boolean
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

Rdd.prototype.countApprox = async function (timeout) {
  const ms = toMillis(timeout, 'The timeout of countApprox')
  const counts: number[] = []
  const counting = Array.from({ length: this.partitions }, async (_, p) => {
    counts.push(...(await this.context.runner.run<number>(this, { op: 'count' }, [p])))
  })
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  try {
    await Promise.race([Promise.all(counting), late])
  } finally {
    clearTimeout(timer)
  }
  const counted = counts.reduce((sum, n) => sum + n, 0)
  const complete = counts.length === this.partitions
  const scale = counts.length === 0 ? 0 : this.partitions / counts.length
  return { estimate: complete ? counted : Math.round(counted * scale), counted, complete }
}
