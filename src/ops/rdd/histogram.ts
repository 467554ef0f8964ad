import { ArgumentError, StateError } from '../../errors.js'
import { builtin, defineBuiltin } from '../functions/builtin.js'
import { applyTo } from './actions.js'
import { naturalOrder } from './natural-order.js'
import { numbers, type RDD, type Rdd } from './rdd.js'

declare module './rdd.js' {
  interface NumberRdd {
    /**
     * How many numbers lie in each bucket. Given the edges, ascending: bucket i is [edge i, edge i+1), the last one
     * includes its upper edge; what is outside is not counted. NaN comes after Infinity: it is counted only under a last
     * edge NaN. Throws ArgumentError for fewer than two edges, or edges that do not ascend.
     *
     * ```ts
     * await ctx.parallelize([1, 5, 9, 10, 11]).histogram([0, 5, 10]) // [1, 3]
     * ```
     */
    histogram(edges: readonly number[]): Promise<number[]>
    /**
     * Given a number of buckets: as many of equal width between the smallest and the greatest number, in two passes.
     * Rejects with StateError where there are no numbers, or where they include NaN or an infinity.
     *
     * ```ts
     * await ctx.parallelize([0, 1, 2, 10]).histogram(2) // { buckets: [0, 5, 10], counts: [3, 1] }
     * ```
     */
    histogram(buckets: number): Promise<Histogram>
  }
}

export interface Histogram {
  /** One edge more than there are buckets. */
  readonly buckets: readonly number[]
  readonly counts: readonly number[]
}

/** The bucket of a number, or undefined outside of all. */
function bucketOf(x: number, edges: readonly number[]): number | undefined {
  const last = edges.length - 1
  if (naturalOrder(x, edges[0]) < 0 || naturalOrder(x, edges[last]) > 0) return undefined
  let low = 0
  let high = last
  // The last edge that is not after x.
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (naturalOrder(edges[middle], x) <= 0) low = middle
    else high = middle - 1
  }
  return Math.min(low, last - 1)
}

/** The bucket of equal ones, by division: edges that are not exact must not decide. */
function evenBucketOf(x: number, edges: readonly number[]): number {
  const width = edges[1]! - edges[0]!
  return width === 0 ? 0 : Math.min(Math.floor((x - edges[0]!) / width), edges.length - 2)
}

defineBuiltin('countBuckets', (edges: readonly number[], even: boolean) => (records: Iterable<number>) => {
  const counts = new Array<number>(edges.length - 1).fill(0)
  for (const x of records) {
    const bucket = even ? evenBucketOf(x, edges) : bucketOf(x, edges)
    if (bucket !== undefined) counts[bucket]!++
  }
  return counts
})

async function countsOf(rdd: Rdd<unknown>, edges: readonly number[], even: boolean): Promise<number[]> {
  const counts = new Array<number>(edges.length - 1).fill(0)
  for (const part of await applyTo<number[]>(rdd, builtin('countBuckets', edges, even), 'histogram')) {
    part.forEach((n, i) => {
      counts[i]! += n
    })
  }
  return counts
}

async function evenHistogram(rdd: RDD<number>, buckets: number): Promise<Histogram> {
  if (!Number.isInteger(buckets) || buckets < 1) {
    throw new ArgumentError(`histogram(${buckets}): give a whole number of buckets of at least 1, or their edges.`, {
      buckets,
    })
  }
  const { min, max, sum, count } = await rdd.stats()
  if (count === 0 || Number.isNaN(sum) || !Number.isFinite(min) || !Number.isFinite(max)) {
    throw new StateError(
      'histogram(n) needs finite numbers to divide: the dataset is empty, or has NaN or an infinity. Filter those, or give the edges of the buckets.',
    )
  }
  const inner = Array.from({ length: buckets }, (_, i) => min + (i * (max - min)) / buckets)
  const edges = min === max ? [min, min] : [...inner, max]
  return { buckets: edges, counts: await countsOf(rdd, edges, true) }
}

function checkEdges(edges: readonly number[]): readonly number[] {
  if (edges.length < 2 || edges.some((edge, i) => i > 0 && naturalOrder(edges[i - 1], edge) >= 0)) {
    throw new ArgumentError(`histogram got the edges ${edges.join(', ')}; give at least two, in ascending order.`, {
      edges,
    })
  }
  return edges
}

numbers.histogram = async function (this: RDD<number>, buckets: number | readonly number[]): Promise<never> {
  const made = Array.isArray(buckets)
    ? countsOf(this, checkEdges(buckets), false)
    : evenHistogram(this, buckets as number)
  return (await made) as never
}
