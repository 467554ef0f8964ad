import { StorageLevel } from 'millrace'
import { partitionsOf } from './partitions.mjs'
import { either, functionOf } from './values.mjs'

const fn = (step) => functionOf(step, 'fn', 'reduce')
const fractions = (given) => (Array.isArray(given) ? new Map(given) : new Map(Object.entries(given)))
const sampling = (step) => [step.withReplacement ?? false, fractions(step.fractions), step.seed]
const level = (name) => StorageLevel[name] ?? name
const sorting = (step) => ({
  ascending: step.ascending,
  partitions: step.numPartitions,
  compare: functionOf(step, 'compare', 'ordering'),
})

/** `others()`: the other datasets that a step names, `other()` the first of them. */
const withOther = (name) => (rdd, step, other) => rdd[name](other(), partitionsOf(step))

/** What each operation of a case is here. */
export const datasetOperators = {
  map: (rdd, step) => rdd.map(fn(step)),
  filter: (rdd, step) => rdd.filter(fn(step)),
  flatMap: (rdd, step) => rdd.flatMap(fn(step)),
  mapPartitions: (rdd, step) => rdd.mapPartitions(fn(step)),
  mapPartitionsWithIndex: (rdd, step) => rdd.mapPartitionsWithIndex(fn(step)),
  mapValues: (rdd, step) => rdd.mapValues(fn(step)),
  flatMapValues: (rdd, step) => rdd.flatMapValues(fn(step)),
  keyBy: (rdd, step) => rdd.keyBy(fn(step)),
  keys: (rdd) => rdd.keys(),
  values: (rdd) => rdd.values(),
  glom: (rdd) => rdd.glom(),
  cache: (rdd) => rdd.cache(),
  persist: (rdd, step) => rdd.persist(level(either(step, 'level', 'storageLevel'))),
  unpersist: (rdd) => rdd.unpersist(),
  setName: (rdd, { name }) => rdd.setName(name),
  distinct: (rdd, { numPartitions }) => rdd.distinct(numPartitions),
  union: (rdd, _step, _other, others) => others().reduce((all, each) => all.union(each), rdd),
  repartition: (rdd, { numPartitions }) => rdd.repartition(numPartitions),
  coalesce: (rdd, { numPartitions, shuffle }) => rdd.coalesce(numPartitions, { shuffle }),
  partitionBy: (rdd, step) => rdd.partitionBy(partitionsOf(step)),
  repartitionAndSortWithinPartitions: (rdd, step) =>
    rdd.repartitionAndSortWithinPartitions(partitionsOf(step), functionOf(step, 'compare', 'ordering')),
  groupBy: (rdd, step) => rdd.groupBy(fn(step), partitionsOf(step)),
  groupByKey: (rdd, step) => rdd.groupByKey(partitionsOf(step)),
  reduceByKey: (rdd, step) => rdd.reduceByKey(functionOf(step, 'reduce', 'fn'), partitionsOf(step)),
  foldByKey: (rdd, step) => rdd.foldByKey(step.zero, fn(step), partitionsOf(step)),
  aggregateByKey: (rdd, step) =>
    rdd.aggregateByKey(
      step.zero,
      functionOf(step, 'seq', 'seqOp', 'fn'),
      functionOf(step, 'comb', 'combOp', 'combine'),
      partitionsOf(step),
    ),
  combineByKey: (rdd, step) =>
    rdd.combineByKey(
      functionOf(step, 'create', 'createCombiner'),
      functionOf(step, 'merge', 'mergeValue'),
      functionOf(step, 'combine', 'mergeCombiners', 'comb'),
      partitionsOf(step),
    ),
  countApproxDistinctByKey: (rdd, step) =>
    rdd.countApproxDistinctByKey({
      relativeDeviation: either(step, 'relativeSD', 'relativeSd', 'precision'),
      partitions: partitionsOf(step),
    }),
  join: withOther('join'),
  leftOuterJoin: withOther('leftOuterJoin'),
  rightOuterJoin: withOther('rightOuterJoin'),
  fullOuterJoin: withOther('fullOuterJoin'),
  intersection: withOther('intersection'),
  subtract: withOther('subtract'),
  subtractByKey: withOther('subtractByKey'),
  // cogroup of two datasets takes partitions; of more it is groupWith.
  cogroup: (rdd, step, other, others) =>
    others().length > 1 ? rdd.groupWith(...others()) : rdd.cogroup(other(), partitionsOf(step)),
  groupWith: (rdd, _step, _other, others) => rdd.groupWith(...others()),
  cartesian: (rdd, _step, other) => rdd.cartesian(other()),
  zip: (rdd, _step, other) => rdd.zip(other()),
  zipPartitions: (rdd, step, other) => rdd.zipPartitions(other(), fn(step)),
  zipWithIndex: (rdd) => rdd.zipWithIndex(),
  zipWithUniqueId: (rdd) => rdd.zipWithUniqueId(),
  sample: (rdd, { withReplacement = false, fraction, seed }) => rdd.sample(withReplacement, fraction, seed),
  sampleByKey: (rdd, step) => rdd.sampleByKey(...sampling(step)),
  sampleByKeyExact: (rdd, step) => rdd.sampleByKeyExact(...sampling(step)),
  sortBy: (rdd, step) => rdd.sortBy(fn(step), sorting(step)),
  sortByKey: (rdd, step) => rdd.sortByKey(sorting(step)),
  filterByRange: (rdd, { from, to, lower, upper }) => rdd.filterByRange(from ?? lower, to ?? upper),
  pipe: (rdd, { command, env }) => rdd.pipe(command, { env }),
}
