import { ArgumentError, StateError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import { applyTo } from './actions.js'
import { nodeOf, numbers } from './facade.js'
import { allNumbers } from './moments.js'
import { statistics } from './numeric.js'
import type { Rdd } from './rdd.js'

declare module './facade.js' {
  interface NumberRdd {
    histogram(edges: readonly number[]): Promise<number[]>
    /**
     * Counts the numbers in buckets. Action: one pass for given edges, two for a number of buckets.
     *
     * Edges must ascend. Bucket i is [edge i, edge i+1); the last bucket includes its upper edge. Numbers outside all
     * buckets are not counted. NaN sorts after Infinity, so only a last edge of NaN counts it. A number of buckets
     * creates buckets of equal width between the smallest and the greatest number; the counts match the returned edges
     * exactly. The result has fewer buckets if floating point cannot represent that many edges, and one bucket if all
     * numbers are equal.
     *
     * ```ts
     * await ctx.parallelize([1, 5, 9, 10, 11]).histogram([0, 5, 10]) // [1, 3]
     * await ctx.parallelize([0, 1, 2, 10]).histogram(2) // { buckets: [0, 5, 10], counts: [3, 1] }
     * ```
     *
     * @throws ArgumentError (rejects) for fewer than two edges, edges that are not numbers or do not ascend, or a
     *   number of buckets outside 1 to 10 million. With a number of buckets also StateError if there are no numbers, or
     *   NaN or an infinity among them.
     */
    histogram(buckets: number): Promise<Histogram>
  }
}

export interface Histogram {
  /** The edges: one more than there are buckets. */
  readonly buckets: readonly number[]
  readonly counts: readonly number[]
}

const MOST_BUCKETS = 10_000_000

/**
 * Returns the bucket of a number; undefined outside all buckets. Only the last edge may be NaN, which is above every
 * number.
 */
function bucketOf(x: number, edges: readonly number[]): number | undefined {
  const last = edges.length - 1
  if (Number.isNaN(x)) return Number.isNaN(edges[last]) ? last - 1 : undefined
  if (!(x >= edges[0]!) || x > edges[last]!) return undefined
  let low = 0
  let high = last
  // Finds the last edge that is not greater than x.
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (edges[middle]! <= x) low = middle
    else high = middle - 1
  }
  return Math.min(low, last - 1)
}

/**
 * Returns the edges of buckets of equal width. They are multiples of the first bucket's width in floating point,
 * because Spark divides by that width: so a number near an edge is in the same bucket as in Spark. If that width is
 * mostly rounding error, the edges are multiples of the exact width.
 */
export function evenEdges(min: number, max: number, buckets: number): number[] {
  if (min === max) return [min, min]
  // The span between numbers of different sign may exceed the greatest number, so it is halved.
  const scale = Number.isFinite(max - min) ? 1 : 2
  const exact = (max / scale - min / scale) / buckets
  const rounded = min / scale + exact - min / scale
  const width = Math.abs(rounded - exact) <= 1e-9 * exact ? rounded : exact
  const edges = [min]
  for (let i = 1; i < buckets; i++) {
    const edge = (min / scale + i * width) * scale
    if (edge > edges.at(-1)! && edge < max) edges.push(edge)
  }
  edges.push(max)
  return edges
}

function countsBetween(edges: readonly number[], numbers: Iterable<number>): number[] {
  const counts = new Array<number>(edges.length - 1).fill(0)
  for (const x of allNumbers(numbers)) {
    const bucket = bucketOf(x, edges)
    if (bucket !== undefined) counts[bucket]!++
  }
  return counts
}

defineBuiltin(
  'countBuckets',
  (edges: readonly number[]) => (records: Iterable<number>) => countsBetween(edges, records),
)
// Sends the edges as three numbers, because there may be millions of them.
defineBuiltin('countEvenBuckets', (min: number, max: number, buckets: number) => {
  const edges = evenEdges(min, max, buckets)
  return (records: Iterable<number>) => countsBetween(edges, records)
})

async function countsOf(rdd: Rdd<unknown>, count: ReturnType<typeof builtin>, buckets: number): Promise<number[]> {
  const counts = new Array<number>(buckets).fill(0)
  for (const part of await applyTo<number[]>(rdd, count, 'histogram')) {
    part.forEach((n, i) => {
      counts[i]! += n
    })
  }
  return counts
}

async function evenHistogram(rdd: Rdd<number>, buckets: number): Promise<Histogram> {
  if (!Number.isInteger(buckets) || buckets < 1 || buckets > MOST_BUCKETS) {
    throw new ArgumentError(
      `histogram(${describe(buckets)}): it takes a whole number of buckets from 1 to ${MOST_BUCKETS}, or an array of edges.`,
      { buckets },
    )
  }
  const { min, max } = await statistics(rdd)
  if (!Number.isFinite(min) || !Number.isFinite(max)) {
    throw new StateError(
      'histogram(n) needs finite numbers: the dataset is empty, or has NaN or an infinity. Filter these, or pass the edges of the buckets.',
    )
  }
  const edges = evenEdges(min, max, buckets)
  return {
    buckets: edges,
    counts: await countsOf(rdd, builtin('countEvenBuckets', min, max, buckets), edges.length - 1),
  }
}

function checkEdges(edges: readonly number[]): readonly number[] {
  const ascend = (edge: number, i: number) =>
    i === 0 || edges[i - 1]! < edge || (Number.isNaN(edge) && i === edges.length - 1)
  if (
    edges.length < 2 ||
    !edges.every((edge, i) => typeof edge === 'number' && ascend(edge, i)) ||
    Number.isNaN(edges[0])
  ) {
    throw new ArgumentError(
      `histogram got the edges ${edges.map(String).join(', ')}; it takes at least two numbers, in ascending order.`,
      { edges },
    )
  }
  return edges
}

numbers.histogram = async function (buckets: number | readonly number[]): Promise<never> {
  const rdd = nodeOf(this)
  if (!Array.isArray(buckets)) return (await evenHistogram(rdd, buckets as number)) as never
  const edges = checkEdges(buckets)
  return (await countsOf(rdd, builtin('countBuckets', edges), edges.length - 1)) as never
}
