import { type Context, customPartitioner, hashPartitioner, type RDD, type Rdd } from 'millrace'
import { type CaseStep, compiled, type DatasetCase } from './cases.js'

// biome-ignore lint/suspicious/noExplicitAny: cases are typed by their data
type Any = any
type AnyRdd = RDD<[Any, Any]>

/** The dataset that a case describes. */
export function sourceOf(ctx: Context, source: Readonly<Record<string, unknown>>): AnyRdd {
  const partitions = source.numPartitions as number | undefined
  const numbers = (limits: unknown) => {
    const [from, to, step = 1] = limits as [number, number, number?]
    return ctx.range(from, to, step, partitions)
  }
  if (source.empty) return ctx.emptyRDD()
  if (source.range) return numbers(source.range) as Any
  if (source.pairsRange) return numbers(source.pairsRange).map((n): [number, number] => [n, n])
  return ctx.parallelize((source.data as Any[]).map(asNumber), partitions)
}

/** Numbers that JSON lacks are written as texts. */
const UNWRITABLE: Readonly<Record<string, number>> = { NaN: Number.NaN, Infinity, '-Infinity': -Infinity }
const asNumber = (value: Any): Any => (typeof value === 'string' && value in UNWRITABLE ? UNWRITABLE[value] : value)

type Operator = (rdd: AnyRdd, step: CaseStep, other: () => AnyRdd) => Rdd<Any>

/** What each operation of a case is here. */
export const datasetOperators: Readonly<Record<string, Operator>> = {
  map: (rdd, { fn }) => rdd.map(compiled(fn!)),
  filter: (rdd, { fn }) => rdd.filter(compiled(fn!)),
  flatMap: (rdd, { fn }) => rdd.flatMap(compiled(fn!)),
  mapValues: (rdd, { fn }) => rdd.mapValues(compiled(fn!)),
  keys: (rdd) => rdd.keys(),
  values: (rdd) => rdd.values(),
  cache: (rdd) => rdd.cache(),
  distinct: (rdd, { numPartitions }) => rdd.distinct(numPartitions),
  union: (rdd, _, other) => rdd.union(other()),
  repartition: (rdd, { numPartitions }) => rdd.repartition(numPartitions!),
  partitionBy: (rdd, { numPartitions, partitionFn }) =>
    rdd.partitionBy(
      partitionFn === undefined
        ? hashPartitioner(numPartitions!)
        : customPartitioner(numPartitions!, compiled(partitionFn)),
    ),
  reduceByKey: (rdd, { reduce, numPartitions }) => rdd.reduceByKey(compiled(reduce!), numPartitions),
  groupByKey: (rdd, { numPartitions }) => rdd.groupByKey(numPartitions),
  join: (rdd, { numPartitions }, other) => rdd.join(other(), numPartitions),
  leftOuterJoin: (rdd, { numPartitions }, other) => rdd.leftOuterJoin(other(), numPartitions),
  rightOuterJoin: (rdd, { numPartitions }, other) => rdd.rightOuterJoin(other(), numPartitions),
  fullOuterJoin: (rdd, { numPartitions }, other) => rdd.fullOuterJoin(other(), numPartitions),
  cogroup: (rdd, { numPartitions }, other) => rdd.cogroup(other(), numPartitions),
  sortBy: (rdd, { fn, compare, ascending, numPartitions }) =>
    rdd.sortBy(compiled(fn!), {
      ascending,
      partitions: numPartitions,
      compare: compare === undefined ? undefined : compiled(compare),
    }),
  coalesce: (rdd, { numPartitions, shuffle }) => rdd.coalesce(numPartitions!, { shuffle }),
  glom: (rdd) => rdd.glom(),
  keyBy: (rdd, { fn }) => rdd.keyBy(compiled(fn!)),
  zip: (rdd, _, other) => rdd.zip(other()),
  zipWithUniqueId: (rdd) => rdd.zipWithUniqueId(),
  cartesian: (rdd, _, other) => rdd.cartesian(other()),
  intersection: (rdd, { numPartitions }, other) => rdd.intersection(other(), numPartitions),
  subtract: (rdd, { numPartitions }, other) => rdd.subtract(other(), numPartitions),
  foldByKey: (rdd, { zero, fn, numPartitions }) => rdd.foldByKey(zero, compiled(fn!), numPartitions),
  filterByRange: (rdd, { from, to }) => rdd.filterByRange(from, to),
  sampleByKeyExact: (rdd, { withReplacement, fractions, seed }) =>
    rdd.sampleByKeyExact(withReplacement!, new Map(Object.entries(fractions!)), seed),
  sortByKey: (rdd, { ascending, numPartitions }) => rdd.sortByKey({ ascending, partitions: numPartitions }),
}

type Action = (rdd: AnyRdd, parameters: Readonly<Record<string, unknown>>) => Promise<unknown>

export const actions: Readonly<Record<string, Action>> = {
  collect: (rdd) => rdd.collect(),
  count: (rdd) => rdd.count(),
  reduce: (rdd, { fn }) => rdd.reduce(compiled(fn as string)),
  take: (rdd, { n }) => rdd.take(n as number),
  first: (rdd) => rdd.first(),
  isEmpty: (rdd) => rdd.isEmpty(),
  collectAsMap: async (rdd) => [...(await rdd.collectAsMap())],
  countByValue: async (rdd) => [...(await rdd.countByValue())],
  numPartitions: async (rdd) => rdd.getNumPartitions(),
  countByKey: async (rdd) => [...(await rdd.countByKey())],
  lookup: (rdd, { key }) => rdd.lookup(key),
  max: (rdd) => rdd.max(),
  top: (rdd, { n, compare }) => rdd.top(n as number, compare === undefined ? undefined : compiled(compare as string)),
  fold: (rdd, { zero, fn }) => rdd.fold(zero as Any, compiled(fn as string)),
  treeReduce: (rdd, { fn, depth }) => rdd.treeReduce(compiled(fn as string), depth as number),
  treeAggregate: (rdd, { zero, seq, comb, depth }) =>
    rdd.treeAggregate(zero, compiled(seq as string), compiled(comb as string), depth as number),
  takeSample: (rdd, { withReplacement, n, seed }) =>
    rdd.takeSample(withReplacement as boolean, n as number, seed as number),
  randomSplit: (rdd, { weights, seed }) =>
    Promise.all(rdd.randomSplit(weights as number[], seed as number).map((part) => part.collect())),
  stats: async (rdd, { field }) => ((await numbers(rdd).stats()) as Any)[field as string],
  histogram: (rdd, { buckets, count }) =>
    count === undefined
      ? numbers(rdd).histogram((buckets as Any[]).map(asNumber))
      : numbers(rdd).histogram(count as number),
}

const numbers = (rdd: AnyRdd): RDD<number> => rdd as unknown as RDD<number>

/** What a case needs that is not there. */
export function missingOf({ op, action }: DatasetCase): string[] {
  const steps = op.flatMap((step) => [step, ...(step.otherSteps ?? [])])
  const missing = steps.map((step) => step.op).filter((name) => !(name in datasetOperators))
  if (!(action.op in actions)) missing.push(action.op)
  return missing
}
