import { type DStream, StateSpec, type Stream, type StreamBuilder } from 'millrace'
import { type Branch, type CaseStep, compiled, type StreamCase } from './cases.js'

// biome-ignore lint/suspicious/noExplicitAny: cases are typed by their data
type Any = any
type AnyStream = DStream<[Any, Any]>
type Operator = (
  stream: AnyStream,
  step: CaseStep,
  other: (branch: number | Branch) => AnyStream,
  ssc: StreamBuilder,
) => Stream<Any>

/** What each operation of a case is here. */
export const streamOperators: Readonly<Record<string, Operator>> = {
  map: (s, { fn }) => s.map(compiled(fn!)),
  flatMap: (s, { fn }) => s.flatMap(compiled(fn!)),
  filter: (s, { fn }) => s.filter(compiled(fn!)),
  mapPartitions: (s, { fn }) => s.mapPartitions(compiled(fn!)),
  mapValues: (s, { fn }) => s.mapValues(compiled(fn!)),
  flatMapValues: (s, { fn }) => s.flatMapValues(compiled(fn!)),
  repartition: (s, { numPartitions }) => s.repartition(numPartitions!),
  reduce: (s, { reduce }) => s.reduce(compiled(reduce!)),
  count: (s) => s.count(),
  countByValue: (s, { numPartitions }) => s.countByValue(numPartitions),
  reduceByKey: (s, { reduce, numPartitions }) => s.reduceByKey(compiled(reduce!), numPartitions),
  groupByKey: (s, { numPartitions }) => s.groupByKey(numPartitions),
  // The function runs in the driver, but those that it makes inside travel: they are made from text in text.
  transform: (s, { fn }) => s.transform(compiled(fn!)),
  transformWith: (s, { fn, other }, of) => s.transformWith(of(other!), compiled(fn!)),
  glom: (s) => s.glom(),
  union: (s, { other, others }, of) =>
    [...(other === undefined ? [] : [other]), ...(others ?? [])].reduce<Any>((all, branch) => all.union(of(branch)), s),
  join: (s, { other, numPartitions }, of) => s.join(of(other!), numPartitions),
  leftOuterJoin: (s, { other, numPartitions }, of) => s.leftOuterJoin(of(other!), numPartitions),
  rightOuterJoin: (s, { other, numPartitions }, of) => s.rightOuterJoin(of(other!), numPartitions),
  fullOuterJoin: (s, { other, numPartitions }, of) => s.fullOuterJoin(of(other!), numPartitions),
  window: (s, { windowMs, slideMs }) => s.window(windowMs!, slideMs),
  countByWindow: (s, { windowMs, slideMs }) => s.countByWindow(windowMs!, slideMs),
  countByValueAndWindow: (s, { windowMs, slideMs, numPartitions }) =>
    s.countByValueAndWindow(windowMs!, slideMs, numPartitions),
  reduceByWindow: (s, { reduce, inverse, windowMs, slideMs }) =>
    s.reduceByWindow(compiled(reduce!), windowMs!, slideMs, inverse === undefined ? undefined : compiled(inverse)),
  groupByKeyAndWindow: (s, { windowMs, slideMs, numPartitions }) =>
    s.groupByKeyAndWindow(windowMs!, slideMs, numPartitions),
  reduceByKeyAndWindow: (s, { reduce, inverse, filter, windowMs, slideMs, numPartitions }) =>
    s.reduceByKeyAndWindow(compiled(reduce!), windowMs!, slideMs, {
      inverse: inverse === undefined ? undefined : compiled(inverse),
      filter: filter === undefined ? undefined : compiled(filter),
      partitions: numPartitions,
    }),
  updateStateByKey: (s, { fn, fnKind, initialState, numPartitions }, _, ssc) => {
    const options = { partitions: numPartitions, initialState: initialState && ssc.context.parallelize(initialState) }
    if (fnKind === 'timeKey') return s.updateStateByKey(compiled(fn!), { ...options, form: 'time' })
    if (fnKind === 'iterator') return s.updateStateByKey(compiled(fn!), { ...options, form: 'iterator' })
    return s.updateStateByKey(compiled(fn!), options)
  },
  mapWithState: (s, { fn, fnKind, timeoutMs, initialState, numPartitions, checkpointMs }, _, ssc) => {
    let spec: StateSpec<Any, Any, Any, Any> =
      fnKind === 'timed' ? StateSpec.withTime(compiled(fn!)) : StateSpec.function(compiled(fn!))
    if (timeoutMs !== undefined) spec = spec.timeout(timeoutMs)
    if (initialState) spec = spec.initialState(ssc.context.parallelize(initialState))
    if (numPartitions !== undefined) spec = spec.numPartitions(numPartitions)
    const mapped = s.mapWithState(spec)
    if (checkpointMs !== undefined) mapped.checkpoint(checkpointMs)
    return mapped
  },
}

/** What a case needs that is not there. */
export function missingOf({ kind, op = [], recovery, slices }: StreamCase): string[] {
  const branches = (step: CaseStep): Branch[] => [
    ...(typeof step.other === 'object' ? [step.other] : []),
    ...(step.others ?? []),
  ]
  const all = op.flatMap((step) => [step.op, ...branches(step).flatMap(({ steps }) => steps.map((inner) => inner.op))])
  const missing = all.filter((name) => !(name in streamOperators))
  if (kind) missing.push('mapWithStateRecord')
  if (recovery) missing.push('recovery')
  if (slices) missing.push('slice')
  return missing
}
