import { ArgumentError, StateError } from '../../errors.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import { applyTo } from './actions.js'
import { numbers, type RDD, type Rdd } from './rdd.js'

declare module './rdd.js' {
  interface NumberRdd {
    /**
     * Counts the numbers in each bucket. Given the edges, ascending: bucket i is [edge i, edge i+1), the last one
     * includes its upper edge; what is outside is not counted. NaN comes after Infinity: it is counted only under a last
     * edge NaN. One pass.
     *
     * ```ts
     * await ctx.parallelize([1, 5, 9, 10, 11]).histogram([0, 5, 10]) // [1, 3]
     * ```
     *
     * @throws ArgumentError for fewer than two edges, edges that are not numbers, or edges that do not ascend.
     */
    histogram(edges: readonly number[]): Promise<number[]>
    /**
     * Given a number of buckets: as many of equal width between the smallest and the greatest number. The counts follow
     * the edges in the result exactly. There are fewer buckets if so many edges cannot be told apart: one for equal
     * numbers. Two passes.
     *
     * ```ts
     * await ctx.parallelize([0, 1, 2, 10]).histogram(2) // { buckets: [0, 5, 10], counts: [3, 1] }
     * ```
     *
     * @throws ArgumentError for a number of buckets that is not from 1 to 10 million; StateError if there are no numbers,
     *   or if they include NaN or an infinity.
     */
    histogram(buckets: number): Promise<Histogram>
  }
}

export interface Histogram {
  /** One edge more than there are buckets. */
  readonly buckets: readonly number[]
  readonly counts: readonly number[]
}

const MOST_BUCKETS = 10_000_000

/** The bucket of a number, or undefined if it is outside of all. Only the last edge may be NaN: it is above every number. */
function bucketOf(x: number, edges: readonly number[]): number | undefined {
  const last = edges.length - 1
  if (Number.isNaN(x)) return Number.isNaN(edges[last]) ? last - 1 : undefined
  if (!(x >= edges[0]!) || x > edges[last]!) return undefined
  let low = 0
  let high = last
  // The last edge that is not after x.
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (edges[middle]! <= x) low = middle
    else high = middle - 1
  }
  return Math.min(low, last - 1)
}

/**
 * Edges of buckets of equal width. Multiples of the first bucket's width as a number, as Spark counts by division by it: a
 * number near an edge is then in the bucket where Spark has it. Where that width is mostly rounding, of the exact width.
 */
export function evenEdges(min: number, max: number, buckets: number): number[] {
  if (min === max) return [min, min]
  // The span of numbers of both signs may be beyond the greatest number: it is halved.
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
  for (const x of numbers) {
    const bucket = bucketOf(x, edges)
    if (bucket !== undefined) counts[bucket]!++
  }
  return counts
}

defineBuiltin(
  'countBuckets',
  (edges: readonly number[]) => (records: Iterable<number>) => countsBetween(edges, records),
)
// Edges travel as three numbers: there may be millions.
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

async function evenHistogram(rdd: RDD<number>, buckets: number): Promise<Histogram> {
  if (!Number.isInteger(buckets) || buckets < 1 || buckets > MOST_BUCKETS) {
    throw new ArgumentError(
      `histogram(${String(buckets)}): give a whole number of buckets from 1 to ${MOST_BUCKETS}, or an array of their edges.`,
      { buckets },
    )
  }
  const { min, max } = await rdd.stats()
  if (!Number.isFinite(min) || !Number.isFinite(max)) {
    throw new StateError(
      'histogram(n) needs finite numbers to divide: the dataset is empty, or has NaN or an infinity. Filter those, or give the edges of the buckets.',
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
      `histogram got the edges ${edges.map(String).join(', ')}; give at least two numbers, in ascending order.`,
      { edges },
    )
  }
  return edges
}

numbers.histogram = async function (this: RDD<number>, buckets: number | readonly number[]): Promise<never> {
  if (!Array.isArray(buckets)) return (await evenHistogram(this, buckets as number)) as never
  const edges = checkEdges(buckets)
  return (await countsOf(this, builtin('countBuckets', edges), edges.length - 1)) as never
}
