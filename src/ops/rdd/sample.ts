import { ArgumentError } from '../../errors.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import { describe } from '../functions/plain-data.js'
import { anySeed, drawIndexes, poisson, random } from '../random.js'
import { applyTo, joined } from './actions.js'
import { step } from './elementwise.js'
import { type RDD, Rdd } from './rdd.js'

declare module './rdd.js' {
  interface Rdd<T> {
    /**
     * A part of the elements, drawn by chance: each with probability `fraction`; or with replacement, each `fraction`
     * times on average. The same `seed`, elements and partitions give the same sample. Narrow. Throws ArgumentError if
     * `fraction` is not from 0 to 1, or with replacement not a number of at least 0.
     *
     * ```ts
     * await ctx.range(5).sample(false, 1).collect() // [0, 1, 2, 3, 4]
     * ```
     */
    sample(withReplacement: boolean, fraction: number, seed?: number): RDD<T>
    /**
     * Divides the elements by chance, in proportion to the weights: each element is in exactly one part. Narrow; each
     * part computes the parent for itself (persist it if that is dear). Throws ArgumentError unless the weights are
     * numbers of at least 0, not all 0.
     *
     * ```ts
     * const [all, none] = ctx.range(3).randomSplit([1, 0]) as [RDD<number>, RDD<number>]
     * await all.collect() // [0, 1, 2]
     * ```
     */
    randomSplit(weights: readonly number[], seed?: number): RDD<T>[]
    /**
     * `n` elements drawn by chance, in random order: different places of the dataset, all of it if it has no more than
     * `n`; or with replacement, exactly `n` unless it is empty. Computes the dataset twice: to count, then to draw.
     *
     * ```ts
     * await ctx.parallelize(['only']).takeSample(true, 3) // ['only', 'only', 'only']
     * ```
     */
    takeSample(withReplacement: boolean, n: number, seed?: number): Promise<T[]>
  }
}

export function checkFraction(label: string, fraction: number, withReplacement: boolean): number {
  const most = withReplacement ? Number.MAX_VALUE : 1
  if (typeof fraction === 'number' && fraction >= 0 && fraction <= most) return fraction
  throw new ArgumentError(
    `${label}: the fraction is ${fraction}; it must be a number ${withReplacement ? 'of at least 0' : 'from 0 to 1, as nothing is drawn twice'}.`,
    { fraction },
  )
}

defineBuiltin('sampleWithReplacement', (fraction: number, seed: number) => {
  return function* (records: Iterable<unknown>, partition: number) {
    const next = random(seed, partition)
    for (const value of records) for (let n = poisson(fraction, next); n > 0; n--) yield value
  }
})
/** The records whose number lies in [from, to): parts of one seed do not overlap. */
defineBuiltin('sampleBetween', (from: number, to: number, seed: number) => {
  return (records: Iterable<unknown>, partition: number) => {
    const next = random(seed, partition)
    return Array.from(records).filter(() => {
      const place = next()
      return place >= from && place < to
    })
  }
})
defineBuiltin('recordsAt', (indexes: readonly (readonly number[])[]) => {
  return (records: readonly unknown[], partition: number) => indexes[partition]!.map((i) => records[i])
})

Rdd.prototype.sample = function (withReplacement, fraction, seed = anySeed()) {
  checkFraction('sample', fraction, withReplacement)
  const fn = withReplacement
    ? builtin('sampleWithReplacement', fraction, seed)
    : builtin('sampleBetween', 0, fraction, seed)
  return step(this, 'mapPartitions', fn, 'sample')
}

Rdd.prototype.randomSplit = function <T>(this: Rdd<T>, weights: readonly number[], seed = anySeed()): RDD<T>[] {
  if (!Array.isArray(weights)) {
    throw new ArgumentError(`randomSplit got ${describe(weights)}; it takes an array of weights, such as [0.8, 0.2].`)
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  if (!weights.every((weight) => weight >= 0) || !(total > 0 && total < Number.POSITIVE_INFINITY)) {
    throw new ArgumentError(
      `randomSplit got the weights ${weights.join(', ')}; they must be finite numbers of at least 0, not all 0.`,
      { weights },
    )
  }
  const borders = [0]
  for (const weight of weights) borders.push(borders.at(-1)! + weight)
  const at = (i: number) => borders[i]! / total
  return weights.map((_, i) =>
    step<T>(this, 'mapPartitions', builtin('sampleBetween', at(i), at(i + 1), seed), 'randomSplit'),
  )
}

Rdd.prototype.takeSample = async function <T>(this: Rdd<T>, withReplacement: boolean, n: number, seed = anySeed()) {
  if (!Number.isInteger(n) || n < 0) {
    throw new ArgumentError(`takeSample(..., ${n}): give a whole number of elements of at least 0.`, { given: n })
  }
  const counts = await this.context.runner.run<number>(this, { op: 'count' })
  const total = counts.reduce((sum, count) => sum + count, 0)
  const drawn = drawIndexes(n, total, withReplacement, random(seed))
  // The draws of each partition lie together when they are in the order of their index.
  const order = Array.from(drawn.keys()).sort((a, b) => drawn[a]! - drawn[b]!)
  const wanted: number[][] = counts.map(() => [])
  let partition = 0
  let first = 0
  for (const draw of order) {
    while (drawn[draw]! >= first + counts[partition]!) first += counts[partition++]!
    wanted[partition]!.push(drawn[draw]! - first)
  }
  const found = joined(await applyTo<T[]>(this, builtin('recordsAt', wanted), 'takeSample'))
  const sample = new Array<T>(drawn.length)
  order.forEach((draw, i) => {
    sample[draw] = found[i] as T
  })
  return sample
}
