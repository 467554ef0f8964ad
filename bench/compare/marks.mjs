import { ratios } from '../stats.mjs'
import { onLts } from './ids.mjs'

/*
 * The marks of docs/internals/performance.md, in its words. `measures` are the figures of a run that decide a mark: of
 * `of`, beside each of `than`, of which the hardest counts; a mark is reached if all of them reach it. `elsewhere` is
 * the benchmark that measures a mark that `compare` does not.
 */

/** With fewer batches than this, the 99th percentile is the slowest batch. */
const FOR_P99 = 100

/** The ratio of times, round by round. */
const faster = (atLeast, workload, of, ...than) => ({
  ...{ workload, of, than, atLeast, unit: '×' },
  figure: (own, other) => ratios(other.rounds, own.rounds),
})

/** The ratio of times, round by round, where the other is the measure. */
const slower = (atMost, workload, of, than) => ({
  ...{ workload, of, than: [than], atMost, unit: '× its time' },
  figure: (own, other) => ratios(own.rounds, other.rounds),
})

/** The need of one contender as a multiple of another's. */
const share = (name, atMost, workload, of, than) => ({
  ...{ workload, of, than: [than], atMost, unit: `× ${name}` },
  figure: (own, other) => single(own[USED[name]] / other[USED[name]]),
})
const USED = { 'processor time': 'cpuMs', 'peak RSS': 'peakRssMb' }

/** The 99th percentile of its batches as a multiple of their median. */
const p99 = (atMost, workload, of) => ({
  ...{ workload, of, than: [], atMost, unit: '× its median' },
  figure: (own) => single((own.iterations < FOR_P99 ? own.slowestMs : own.p99Ms) / own.ms.median),
})

const milliseconds = (atMost, workload, of) => ({
  ...{ workload, of, than: [], atMost, unit: 'ms' },
  figure: (own) => own.ms,
})

const single = (value) => ({ median: value, min: value, max: value })

const MEMORY = [
  ['wordcount', 'millrace:closures'],
  ['wordcount', 'millrace:builtins'],
  ['grep', 'millrace:closures'],
  ['grep', 'millrace:builtins'],
  ['windows', 'millrace:builtins'],
  ['state-update', 'millrace'],
  ['state-map', 'millrace'],
]

export const MARKS = [
  {
    what: 'Word count, closures',
    mark: '8 × Spark DStreams',
    measures: [faster(8, 'wordcount', 'millrace:closures', 'spark')],
  },
  {
    what: 'Word count, closures',
    mark: '2 × polars',
    measures: [faster(2, 'wordcount', 'millrace:closures', 'polars')],
  },
  {
    what: 'Word count, kernels',
    mark: '10 × Spark DStreams',
    measures: [faster(10, 'wordcount', 'millrace:builtins', 'spark')],
  },
  {
    what: 'Word count, kernels',
    mark: '2 × the better of polars and DuckDB',
    measures: [faster(2, 'wordcount', 'millrace:builtins', 'polars', 'duckdb')],
  },
  {
    what: 'Word count, kernels',
    mark: '0.6 × native (Rust)',
    measures: [faster(0.6, 'wordcount', 'millrace:builtins', 'rust')],
  },
  {
    what: 'Grep, closures',
    mark: '5 × Spark DStreams from memory',
    measures: [faster(5, 'grep', 'millrace:closures', 'spark')],
  },
  {
    what: 'Grep, kernels',
    mark: '6 × Spark DStreams from memory',
    measures: [faster(6, 'grep', 'millrace:builtins', 'spark')],
  },
  {
    what: 'Grep, kernels',
    mark: 'ahead of polars and `grep -c`',
    measures: [faster(1, 'grep', 'millrace:builtins', 'polars', 'grep')],
  },
  {
    what: 'A chain of closures',
    mark: 'at most 1.25 × the time of a hand-written loop, per core',
    measures: ['wordcount', 'grep'].map((name) => share('processor time', 1.25, name, 'millrace:closures', 'node')),
  },
  { what: '2 threads', mark: '1.8 × one', elsewhere: 'guard' },
  { what: 'Empty batch, 4 partitions and one shuffle', mark: 'under 1 ms median (Spark: 37 ms)', elsewhere: 'latency' },
  {
    what: 'Interval of 10 ms at 100,000 records/s',
    mark: 'scheduling delay p99 below the interval',
    elsewhere: 'latency',
  },
  { what: 'Interval of 10 ms at 100,000 records/s', mark: 'arrival to output p99 under 15 ms', elsewhere: 'latency' },
  { what: 'Interval of 5 ms', mark: 'stable (the stretch)', elsewhere: 'latency' },
  { what: 'Sliding word counts', mark: '5 × Spark', measures: [faster(5, 'windows', 'millrace:builtins', 'spark')] },
  { what: 'Window of 10 minutes by 1 s', mark: 'at most 1.1 × one of 10 s, each batch', elsewhere: 'guard' },
  {
    what: 'JSON counted by a field, closures',
    mark: '12 × Spark SQL',
    measures: [faster(12, 'json', 'millrace:closures', 'spark-sql')],
  },
  {
    what: '1,000,000 keys, 100,000 updates: `updateStateByKey`',
    mark: '10 × Spark',
    measures: [faster(10, 'state-update', 'millrace', 'spark')],
  },
  {
    what: 'the same: `mapWithState`',
    mark: '10 × Spark',
    measures: [faster(10, 'state-map', 'millrace', 'spark')],
  },
  {
    what: 'the same: `mapWithState`',
    mark: 'p99 within 3 × the median',
    measures: ['state-update', 'state-map'].map((name) => p99(3, name, 'millrace')),
  },
  {
    what: 'Host, engine at full speed from sockets',
    mark: 'event-loop delay p99 under 10 ms',
    elsewhere: 'host',
  },
  { what: 'Host, engine at full speed from sockets', mark: 'at most 10 % of a core', elsewhere: 'host' },
  {
    what: 'Peak RSS',
    mark: "at most a quarter of Spark's",
    measures: MEMORY.map(([name, of]) => share('peak RSS', 0.25, name, of, 'spark')),
  },
  {
    what: 'On a Spark cluster: word count, kernels',
    mark: '3 × Spark SQL',
    measures: [faster(3, 'spark-engine-wordcount', 'millrace-spark:kernels', 'spark-sql')],
  },
  {
    what: 'On a Spark cluster: word count, closures',
    mark: '1.2 × Spark SQL',
    measures: [faster(1.2, 'spark-engine-wordcount', 'millrace-spark:closures', 'spark-sql')],
  },
  {
    what: 'On a Spark cluster: word count, functions that kernels do not know',
    mark: '1.2 × Spark SQL',
    measures: [faster(1.2, 'spark-engine-wordcount', 'millrace-spark:functions', 'spark-sql')],
  },
  {
    what: 'On a Spark cluster: batches of 8 MiB',
    mark: "at most a third of the processor time of Spark's, which reads a file",
    measures: ['builtins', 'closures'].map((name) =>
      share('processor time', 1 / 3, 'spark-engine-batches', `millrace-spark:${name}`, 'spark:file'),
    ),
  },
  {
    what: 'On a Spark cluster: 1,000,000 keys, 100,000 updates',
    mark: "at most a quarter of Spark's processor time",
    measures: [share('processor time', 1 / 4, 'spark-engine-state', 'millrace-spark', 'spark')],
  },
  {
    what: 'On a Spark cluster: a small job of two stages',
    mark: "at most 1.3 × Spark's own",
    measures: [slower(1.3, 'spark-engine-two-stages', 'millrace-spark:closures', 'spark-rdd')],
  },
  {
    what: 'On a Spark cluster: every line through a shuffle',
    mark: 'no slower than Spark RDD',
    measures: [faster(1, 'spark-engine-lines', 'millrace-spark:closures', 'spark-rdd')],
  },
  {
    what: 'The live page, at batches of 10 ms',
    mark: 'under 2 % of the time of a batch',
    elsewhere: 'ui',
  },
  { what: 'The live page, at batches of 10 ms', mark: '1,000 batches in under 20 MB', elsewhere: 'ui' },
  {
    what: 'Start to first result',
    mark: 'under 0.5 s (Spark: 4.6 s)',
    measures: [milliseconds(500, 'startup', 'millrace')],
  },
]

/**
 * Returns a judgement of each mark whose workloads were run, on this Node and on the other one: `{ what, mark,
 * workload, of, than, unit, atLeast or atMost, here, lts }`, or with `elsewhere` alone. A judgement is `{ value, than,
 * reached, missedBy, noisy }`, where `missedBy` is a share of the target, or `{ unknown }` with the reason.
 */
export function judgeMarks(workloads) {
  return MARKS.flatMap(({ what, mark, elsewhere, measures = [] }) => {
    if (elsewhere !== undefined) return [{ what, mark, elsewhere }]
    return measures.flatMap((measure) => {
      const rows = workloads.find(({ name }) => name === measure.workload)?.rows
      if (rows === undefined) return []
      const { figure: _, ...said } = measure
      const lts =
        onLts(measure.of) === undefined ? { unknown: 'it runs on one Node' } : judge(elsewhereRun(measure), rows)
      return [{ what, mark, ...said, here: judge(measure, rows), lts }]
    })
  })
}

function elsewhereRun(measure) {
  return { ...measure, of: onLts(measure.of), than: measure.than.map((id) => onLts(id) ?? id) }
}

function judge({ of, than, atLeast, atMost, figure }, rows) {
  const row = (id) => rows.find((row) => row.id === id)
  const unfit = [of, ...than].map((id) => unfitness(id, row(id))).find((why) => why !== undefined)
  if (unfit !== undefined) return { unknown: unfit }
  const figures = (than.length === 0 ? [undefined] : than).map((id) => ({ than: id, value: figure(row(of), row(id)) }))
  if (figures.some(({ value }) => !Number.isFinite(value.median))) return { unknown: 'no figure' }
  // The distance to the target, as a share of it: negative if the figure exceeds the target.
  const short = ({ median }) => (atLeast === undefined ? median / atMost - 1 : 1 - median / atLeast)
  const hardest = figures.reduce((a, b) => (short(b.value) > short(a.value) ? b : a))
  const missedBy = Math.max(0, short(hardest.value))
  return { ...hardest, reached: missedBy === 0, missedBy, noisy: [of, ...than].some((id) => row(id).noisy) }
}

function unfitness(id, row) {
  if (row === undefined) return `${id} took no part`
  if (row.failure !== undefined) return `${id} failed`
  return row.correct === false ? `${id} answered WRONG` : undefined
}
