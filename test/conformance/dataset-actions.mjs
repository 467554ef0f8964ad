import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withEnv } from 'millrace'
import { READS } from './dataset-reads.mjs'
import { asNumber, compiled, either, functionOf, NotYet } from './values.mjs'

/** Calls `use` with a path that does not exist yet, and removes what it wrote there. */
async function inNewFolder({ dir = '<new>' }, use) {
  if (dir !== '<new>') throw new NotYet(`folder ${dir}`)
  const folder = await mkdtemp(join(tmpdir(), 'millrace-conformance-'))
  try {
    return await use(join(folder, 'out'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const compare = (step) => functionOf(step, 'compare', 'ordering')
const fn = (step) => functionOf(step, 'fn', 'reduce')
const seqComb = (step) => [functionOf(step, 'seq', 'seqOp', 'fn'), functionOf(step, 'comb', 'combOp', 'combine')]

/** Saves twice into the same place: the second must be refused. */
const savedTwice = (method) => (rdd, step) =>
  inNewFolder(step, async (path) => {
    await rdd[method](path)
    await rdd[method](path)
  })

/** The answer of an action that gives none itself but has a side effect: the number of records, or their sum. */
function effectOf(sideEffect, seen) {
  if (sideEffect === undefined) return undefined
  if (sideEffect === 'count') return seen.length
  if (sideEffect === 'sum') return seen.reduce((sum, x) => sum + x, 0)
  throw new NotYet(`side effect ${JSON.stringify(sideEffect)}`)
}

/** The call of the library for each action of a case. `seen`: an accumulator of the records that the function got. */
export const actions = {
  collect: (rdd) => rdd.collect(),
  count: (rdd) => rdd.count(),
  reduce: (rdd, step) => rdd.reduce(fn(step)),
  fold: (rdd, step) => rdd.fold(step.zero, fn(step)),
  aggregate: (rdd, step) => rdd.aggregate(step.zero, ...seqComb(step)),
  treeReduce: (rdd, step) => rdd.treeReduce(fn(step), step.depth),
  treeAggregate: (rdd, step) => rdd.treeAggregate(step.zero, ...seqComb(step), step.depth),
  take: (rdd, { n }) => rdd.take(n),
  first: (rdd) => rdd.first(),
  isEmpty: (rdd) => rdd.isEmpty(),
  max: (rdd, step) => rdd.max(compare(step)),
  min: (rdd, step) => rdd.min(compare(step)),
  top: (rdd, step) => rdd.top(step.n, compare(step)),
  takeOrdered: (rdd, step) => rdd.takeOrdered(step.n, compare(step)),
  takeSample: (rdd, { withReplacement, n, seed }) => rdd.takeSample(withReplacement, n, seed),
  randomSplit: (rdd, { weights, seed }) => Promise.all(rdd.randomSplit(weights, seed).map((part) => part.collect())),
  toLocalIterator: async (rdd) => {
    const all = []
    for await (const record of rdd.toLocalIterator()) all.push(record)
    return all
  },
  collectAsMap: async (rdd) => [...(await rdd.collectAsMap())],
  countByValue: async (rdd) => [...(await rdd.countByValue())],
  countByKey: async (rdd) => [...(await rdd.countByKey())],
  reduceByKeyLocally: async (rdd, step) => [...(await rdd.reduceByKeyLocally(functionOf(step, 'reduce', 'fn')))],
  lookup: (rdd, { key }) => rdd.lookup(key),
  countApproxDistinct: (rdd, step) => rdd.countApproxDistinct(either(step, 'relativeSD', 'relativeSd', 'precision')),
  sum: (rdd) => rdd.sum(),
  mean: (rdd) => rdd.mean(),
  variance: (rdd) => rdd.variance(),
  stdev: (rdd) => rdd.stdev(),
  sampleVariance: (rdd) => rdd.sampleVariance(),
  sampleStdev: (rdd) => rdd.sampleStdev(),
  stats: async (rdd, { field }) => {
    const stats = await rdd.stats()
    return field === undefined ? stats : stats[STATS[field] ?? field]
  },
  histogram: (rdd, { buckets, count }) =>
    count === undefined ? rdd.histogram(buckets.map(asNumber)) : rdd.histogram(count),
  numPartitions: async (rdd) => rdd.getNumPartitions(),
  glom: (rdd) => rdd.glom().collect(),
  storageLevel: async (rdd) => rdd.getStorageLevel(),
  foreach: async (rdd, { fn, sideEffect }, seen) => {
    if (!seen) return await rdd.foreach(compiled(fn))
    await rdd.foreach(
      withEnv({ seen, source: fn }, (record) => {
        seen.add(record)
        return new Function(`return (${source})`)()(record)
      }),
    )
    return effectOf(sideEffect, seen.value)
  },
  foreachPartition: async (rdd, { fn, sideEffect }, seen) => {
    if (!seen) return await rdd.foreachPartition(compiled(fn))
    await rdd.foreachPartition(
      withEnv({ seen, source: fn }, (records) => {
        const all = [...records]
        for (const record of all) seen.add(record)
        return new Function(`return (${source})`)()(all)
      }),
    )
    return effectOf(sideEffect, seen.value)
  },
  saveThenReadText: (rdd, step, _seen, ctx) =>
    inNewFolder(step, async (path) => {
      await rdd.saveAsTextFile(path)
      return await ctx.textFile(path, 1).collect()
    }),
  saveThenReadObjects: (rdd, step, _seen, ctx) =>
    inNewFolder(step, async (path) => {
      await rdd.saveAsObjectFile(path)
      return await ctx.objectFile(path).collect()
    }),
  saveTwice: savedTwice('saveAsTextFile'),
  saveTextTwice: savedTwice('saveAsTextFile'),
  saveObjectsTwice: savedTwice('saveAsObjectFile'),
  ...READS,
}

/** Spark's names of statistics where ours differ. */
const STATS = { popVariance: 'variance', popStdev: 'stdev' }

/** Actions over numbers, whose data may hold numbers that JSON lacks. */
export const NUMERIC = new Set(['histogram', 'stats', 'sum', 'mean', 'variance', 'stdev', 'max', 'min'])
