import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import type { JobSeries } from '../job-runner.js'
import { anySeed, drawIndexes, poisson, random } from '../random.js'
import { applyTo, consistently, joined } from './actions.js'
import { step } from './elementwise.js'
import { facade, nodeOf, type RDD, rdds } from './facade.js'
import type { Rdd } from './rdd.js'

declare module './facade.js' {
  interface BaseRdd<T> {
    /**
     * Draws a random part of the elements: each with probability `fraction`, or with replacement each `fraction` times
     * on average. Narrow. Equal `seed`, elements and partitions return the same sample.
     *
     * ```ts
     * await ctx.range(5).sample(false, 1).collect() // [0, 1, 2, 3, 4]
     * ```
     *
     * @throws ArgumentError if `fraction` is outside 0 to 1; with replacement, if it is not a number of at least 0.
     */
    sample(withReplacement: boolean, fraction: number, seed?: number): RDD<T>
    /**
     * Divides the elements at random, in proportion to the weights: each element is in exactly one part. Narrow; each
     * part computes this dataset again, so persist it if that is expensive.
     *
     * ```ts
     * const [all, none] = ctx.range(3).randomSplit([1, 0]) as [RDD<number>, RDD<number>]
     * await all.collect() // [0, 1, 2]
     * ```
     *
     * @throws ArgumentError unless the weights are finite numbers of at least 0, not all 0.
     */
    randomSplit(weights: readonly number[], seed?: number): RDD<T>[]
    /**
     * Draws `n` elements at random, in random order. Without replacement it draws distinct positions, at most all
     * elements; with replacement exactly `n`, unless the dataset is empty. Action; computes the dataset twice, to count
     * and to draw.
     *
     * ```ts
     * await ctx.parallelize(['only']).takeSample(true, 3) // ['only', 'only', 'only']
     * ```
     *
     * @throws ArgumentError (rejects) unless `n` is a whole number of at least 0.
     */
    takeSample(withReplacement: boolean, n: number, seed?: number): Promise<T[]>
  }
}

export function checkFraction(label: string, fraction: number, withReplacement: boolean): number {
  const most = withReplacement ? Number.MAX_VALUE : 1
  if (typeof fraction === 'number' && fraction >= 0 && fraction <= most) return fraction
  throw new ArgumentError(
    `${label}: the fraction is ${describe(fraction)}; it must be a number ${withReplacement ? 'of at least 0' : 'from 0 to 1, because no element is drawn twice'}.`,
    { fraction },
  )
}

defineBuiltin('sampleWithReplacement', (fraction: number, seed: number) => {
  return (records: Iterable<unknown>, partition: number) => drawn(records, fraction, random(seed, partition))
})

/** Yields each record as often as chance has it. */
function* drawn(records: Iterable<unknown>, fraction: number, next: () => number): Generator<unknown> {
  for (const value of records) for (let n = poisson(fraction, next); n > 0; n--) yield value
}

/**
 * Selects the records whose random number is in [from, to). Ranges that do not overlap select disjoint parts for one
 * seed.
 */
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

rdds.sample = function (withReplacement, fraction, seed = anySeed()) {
  checkFraction('sample', fraction, withReplacement)
  const fn = withReplacement
    ? builtin('sampleWithReplacement', fraction, seed)
    : builtin('sampleBetween', 0, fraction, seed)
  return facade(step(nodeOf(this), 'mapPartitions', fn, 'sample'))
}

rdds.randomSplit = function <T>(weights: readonly number[], seed = anySeed()): RDD<T>[] {
  const rdd = nodeOf<T>(this)
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
    facade(step<T>(rdd, 'mapPartitions', builtin('sampleBetween', at(i), at(i + 1), seed), 'randomSplit')),
  )
}

rdds.takeSample = async function <T>(withReplacement: boolean, n: number, seed = anySeed()) {
  if (!Number.isInteger(n) || n < 0) {
    throw new ArgumentError(`takeSample(..., ${n}): n must be a whole number of elements of at least 0.`, { given: n })
  }
  const rdd = nodeOf<T>(this)
  return await consistently(rdd, (jobs) => sampleIn(jobs, rdd, withReplacement, n, seed))
}

/** Counts the elements in one job, and fetches the drawn ones in another. */
async function sampleIn<T>(
  jobs: JobSeries,
  rdd: Rdd<T>,
  withReplacement: boolean,
  n: number,
  seed: number,
): Promise<T[]> {
  const counts = await jobs.run<number>(rdd, { op: 'count' })
  const total = counts.reduce((sum, count) => sum + count, 0)
  const drawn = drawIndexes(n, total, withReplacement, random(seed))
  // Sorts the draws by index, so that the draws of one partition are neighbours.
  const order = Array.from(drawn.keys()).sort((a, b) => drawn[a]! - drawn[b]!)
  const wanted: number[][] = counts.map(() => [])
  let partition = 0
  let first = 0
  for (const draw of order) {
    while (drawn[draw]! >= first + counts[partition]!) first += counts[partition++]!
    wanted[partition]!.push(drawn[draw]! - first)
  }
  const found = joined(await applyTo<T[]>(rdd, builtin('recordsAt', wanted), 'takeSample', undefined, jobs))
  const sample = new Array<T>(drawn.length)
  order.forEach((draw, i) => {
    sample[draw] = found[i] as T
  })
  return sample
}
