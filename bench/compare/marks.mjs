import { ratios } from '../stats.mjs'

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

const STATE = ['state-update', 'state-map']
const NEXMARK = ['q0', 'q1', 'q2', 'q3', 'q4', 'q5', 'q6', 'q7', 'q8']
const MEMORY = [
  ['wordcount', 'millrace:closures'],
  ['wordcount', 'millrace:builtins'],
  ['grep', 'millrace:closures'],
  ['grep', 'millrace:builtins'],
  ['windows', 'millrace:builtins'],
  ['state-update', 'millrace'],
  ['state-map', 'millrace'],
  ['join', 'millrace'],
  ['sort', 'millrace'],
  ['json', 'millrace:closures', 'spark-sql'],
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
  {
    what: 'JSON counted by a field, closures',
    mark: '12 × Spark SQL',
    measures: [faster(12, 'json', 'millrace:closures', 'spark-sql')],
  },
  { what: 'Join', mark: '5 × Spark', measures: [faster(5, 'join', 'millrace', 'spark')] },
  { what: 'Join', mark: '0.6 × polars', measures: [faster(0.6, 'join', 'millrace', 'polars')] },
  { what: 'Sort', mark: '8 × Spark', measures: [faster(8, 'sort', 'millrace', 'spark')] },
  { what: 'Sort', mark: '0.6 × polars', measures: [faster(0.6, 'sort', 'millrace', 'polars')] },
  { what: 'Sliding word counts', mark: '5 × Spark', measures: [faster(5, 'windows', 'millrace:builtins', 'spark')] },
  {
    what: '1,000,000 keys, 100,000 updates',
    mark: '10 × Spark',
    measures: STATE.map((name) => faster(10, name, 'millrace', 'spark')),
  },
  {
    what: '1,000,000 keys, 100,000 updates',
    mark: 'p99 within 2.5 × the median',
    measures: STATE.map((name) => p99(2.5, name, 'millrace')),
  },
  {
    what: 'Nexmark, 10,000 events a batch',
    mark: '0.7 × a Node loop on one thread',
    measures: NEXMARK.map((query) => faster(0.7, `nexmark-${query}`, 'millrace', 'node')),
  },
  {
    what: 'Nexmark, 10,000 events a batch',
    mark: '10 × Spark DStreams',
    measures: NEXMARK.map((query) => faster(10, `nexmark-${query}`, 'millrace', 'spark')),
  },
  {
    what: 'Nexmark, 100,000 events a batch',
    mark: '1.0 × a Node loop on one thread',
    measures: NEXMARK.map((query) => faster(1, `nexmark-${query}-100k`, 'millrace', 'node')),
  },
  {
    what: 'Nexmark, 100,000 events a batch',
    mark: '10 × Spark DStreams',
    measures: NEXMARK.map((query) => faster(10, `nexmark-${query}-100k`, 'millrace', 'spark')),
  },
  {
    what: 'Peak RSS',
    mark: "at most a quarter of Spark's",
    measures: MEMORY.map(([name, of, spark = 'spark']) => share('peak RSS', 0.25, name, of, spark)),
  },
  {
    what: 'Start to first result',
    mark: 'under 0.5 s (Spark: 4.6 s)',
    measures: [milliseconds(500, 'startup', 'millrace')],
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
    what: 'On a Spark cluster: batches of 8 MiB that both read from a file',
    mark: "at most a third of Spark's processor time",
    measures: [share('processor time', 1 / 3, 'spark-engine-batches', 'millrace-spark:file', 'spark:file')],
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
  { what: '2 threads', mark: '1.8 × one', elsewhere: 'guard' },
  { what: 'Window of 10 minutes by 1 s', mark: 'at most 1.1 × one of 10 s, each batch', elsewhere: 'guard' },
  { what: 'Empty batch, 4 partitions and one shuffle', mark: 'under 1 ms median (Spark: 37 ms)', elsewhere: 'latency' },
  {
    what: 'Interval of 10 ms at 100,000 records/s',
    mark: 'scheduling delay p99 below the interval',
    elsewhere: 'latency',
  },
  { what: 'Interval of 10 ms at 100,000 records/s', mark: 'arrival to output p99 under 15 ms', elsewhere: 'latency' },
  { what: 'Interval of 5 ms at 100,000 records/s', mark: 'stable', elsewhere: 'latency' },
  {
    what: 'Host, engine at full speed from sockets',
    mark: 'event-loop delay p99 under 10 ms',
    elsewhere: 'host',
  },
  { what: 'Host, engine at full speed from sockets', mark: 'at most 10 % of a core', elsewhere: 'host' },
  {
    what: 'The live page, at batches of 10 ms',
    mark: 'under 2 % of the time of a batch',
    elsewhere: 'ui',
  },
  { what: 'The live page, at batches of 10 ms', mark: '1,000 batches in under 20 MB', elsewhere: 'ui' },
]
