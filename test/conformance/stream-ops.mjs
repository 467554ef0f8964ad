import { StateSpec, StorageLevel } from 'millrace'
import { partitionsOf } from './partitions.mjs'
import { either, functionOf } from './values.mjs'

const fn = (step) => functionOf(step, 'fn', 'reduce')
const reduce = (step) => functionOf(step, 'reduce', 'fn')
const withOther =
  (name) =>
  (stream, step, { other }) =>
    stream[name](other(), partitionsOf(step))

function updateStateByKey(stream, step, { ssc }) {
  const { fnKind, initialState } = step
  const options = {
    partitions: partitionsOf(step),
    initialState: initialState && ssc.context.parallelize(initialState),
  }
  if (fnKind === 'timeKey') return stream.updateStateByKey(fn(step), { ...options, form: 'time' })
  if (fnKind === 'iterator') return stream.updateStateByKey(fn(step), { ...options, form: 'iterator' })
  return stream.updateStateByKey(fn(step), options)
}

function mapWithState(stream, step, { ssc }) {
  const { fnKind, timeoutMs, initialState } = step
  let spec = fnKind === 'timed' ? StateSpec.withTime(fn(step)) : StateSpec.function(fn(step))
  if (timeoutMs !== undefined && timeoutMs !== null) spec = spec.timeout(timeoutMs)
  if (initialState) spec = spec.initialState(ssc.context.parallelize(initialState))
  const partitions = partitionsOf(step)
  if (partitions !== undefined) spec = spec.numPartitions(partitions)
  return stream.mapWithState(spec)
}

/** What each operation of a case is here. The third parameter: the context, and the other streams that a step names. */
export const streamOperators = {
  map: (s, step) => s.map(fn(step)),
  flatMap: (s, step) => s.flatMap(fn(step)),
  filter: (s, step) => s.filter(fn(step)),
  glom: (s) => s.glom(),
  mapPartitions: (s, step) => s.mapPartitions(fn(step)),
  mapValues: (s, step) => s.mapValues(fn(step)),
  flatMapValues: (s, step) => s.flatMapValues(fn(step)),
  repartition: (s, { numPartitions }) => s.repartition(numPartitions),
  reduce: (s, step) => s.reduce(reduce(step)),
  count: (s) => s.count(),
  countByValue: (s, step) => s.countByValue(partitionsOf(step)),
  reduceByKey: (s, step) => s.reduceByKey(reduce(step), partitionsOf(step)),
  groupByKey: (s, step) => s.groupByKey(partitionsOf(step)),
  combineByKey: (s, step) =>
    s.combineByKey(
      functionOf(step, 'create', 'createCombiner'),
      functionOf(step, 'merge', 'mergeValue'),
      functionOf(step, 'combine', 'mergeCombiners', 'comb'),
      partitionsOf(step),
    ),
  // The function runs in the driver, but those that it makes inside travel: they are made from text in text.
  transform: (s, step, { ssc, others, streams }) =>
    step.streams
      ? ssc.transform(streams(), fn(step))
      : others().length > 0
        ? ssc.transform([s, ...others()], fn(step))
        : s.transform(fn(step)),
  transformWith: (s, step, { other }) => s.transformWith(other(), fn(step)),
  transformMany: (_s, step, { ssc, streams }) => ssc.transform(streams(), fn(step)),
  union: (s, step, { ssc, others, streams }) =>
    step.streams ? ssc.union(streams()) : others().reduce((all, each) => all.union(each), s),
  unionMany: (_s, _step, { ssc, streams }) => ssc.union(streams()),
  cogroup: withOther('cogroup'),
  join: withOther('join'),
  leftOuterJoin: withOther('leftOuterJoin'),
  rightOuterJoin: withOther('rightOuterJoin'),
  fullOuterJoin: withOther('fullOuterJoin'),
  window: (s, { windowMs, slideMs }) => s.window(windowMs, slideMs),
  countByWindow: (s, { windowMs, slideMs }) => s.countByWindow(windowMs, slideMs),
  countByValueAndWindow: (s, step) => s.countByValueAndWindow(step.windowMs, step.slideMs, partitionsOf(step)),
  reduceByWindow: (s, step) => {
    const inverse = functionOf(step, 'inverse')
    return s.reduceByWindow(reduce(step), step.windowMs, step.slideMs, { inverse })
  },
  groupByKeyAndWindow: (s, step) => s.groupByKeyAndWindow(step.windowMs, step.slideMs, partitionsOf(step)),
  reduceByKeyAndWindow: (s, step) =>
    s.reduceByKeyAndWindow(reduce(step), step.windowMs, step.slideMs, {
      inverse: functionOf(step, 'inverse'),
      filter: functionOf(step, 'filter'),
      partitions: partitionsOf(step),
    }),
  updateStateByKey,
  mapWithState,
  cache: (s) => s.cache(),
  persist: (s, step) =>
    s.persist(StorageLevel[either(step, 'level', 'storageLevel')] ?? either(step, 'level', 'storageLevel')),
  checkpoint: (s, { intervalMs, checkpointMs }) => s.checkpoint(intervalMs ?? checkpointMs),
}

/** Operations of the context under names that cases may use. */
for (const name of ['contextUnion', 'ssc.union', 'unionStreams', 'unionAll']) {
  streamOperators[name] = streamOperators.unionMany
}
for (const name of ['contextTransform', 'ssc.transform', 'transformStreams', 'multiTransform']) {
  streamOperators[name] = streamOperators.transformMany
}
