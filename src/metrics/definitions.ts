/** The kind of a metric, as Prometheus and OpenTelemetry know them. */
export type MetricKind = 'counter' | 'gauge' | 'histogram'

export interface MetricDefinition {
  readonly kind: MetricKind
  readonly help: string
  readonly labels?: readonly string[]
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[]
  /** Whether the value comes from `figures()` when it is read, not from events. */
  readonly sampled?: true
}

/** Seconds: from batches of 10 ms to those of a minute. */
const DELAYS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
/** Seconds: tasks of small batches take less than a ms. */
const TASKS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** Every metric, by its name without the prefix. */
export const METRICS = {
  batches_total: {
    kind: 'counter',
    labels: ['status'],
    help: 'Batches that have ended: succeeded, skipped or failed.',
  },
  batches_waiting: { kind: 'gauge', help: 'Batches that are due and not complete.' },
  batch_interval_seconds: { kind: 'gauge', help: 'The length of a batch.' },
  batch_last_time_seconds: { kind: 'gauge', help: 'The time of the last complete batch, since 1970.' },
  batch_processing_duration_seconds: {
    kind: 'histogram',
    buckets: DELAYS,
    help: 'Time from the first output of a batch to its end.',
  },
  batch_scheduling_delay_seconds: {
    kind: 'histogram',
    buckets: DELAYS,
    help: 'Time that a batch waited for the batches before it.',
  },
  batch_total_delay_seconds: {
    kind: 'histogram',
    buckets: DELAYS,
    help: 'Scheduling delay and processing time of a batch.',
  },
  batch_phase_duration_seconds: {
    kind: 'histogram',
    labels: ['phase'],
    buckets: DELAYS,
    help: 'Time of a batch in a phase: allocate, plan, run, commit or checkpoint.',
  },
  lagging: { kind: 'gauge', help: '1 while batches are five intervals and at least 10 s late, otherwise 0.' },
  records_received_total: { kind: 'counter', labels: ['stream'], help: 'Records of complete batches, by input.' },
  received_bytes_total: { kind: 'counter', labels: ['stream'], help: 'Bytes of complete batches, by input.' },
  records_processed_total: { kind: 'counter', help: 'Records of batches that succeeded.' },
  records_dropped_total: {
    kind: 'counter',
    labels: ['reason'],
    help: 'Records without a result: dead_letter, overflow (onFull), invalid (no data) or late (event time).',
  },
  input_rate_limit_records_per_second: {
    kind: 'gauge',
    labels: ['stream'],
    help: 'The limit that back-pressure sets for an input.',
  },
  receiver_errors_total: { kind: 'counter', labels: ['stream'], help: 'Faults that receivers reported.' },
  output_duration_seconds: {
    kind: 'histogram',
    labels: ['output'],
    buckets: DELAYS,
    help: 'Time of an output operation in a batch.',
  },
  output_retries_total: {
    kind: 'counter',
    labels: ['output'],
    help: 'Attempts of output operations that failed and were repeated.',
  },
  sink_errors_total: {
    kind: 'counter',
    labels: ['output'],
    help: 'Output operations that failed in a batch, after retries.',
  },
  task_duration_seconds: {
    kind: 'histogram',
    labels: ['stage'],
    buckets: TASKS,
    help: 'Run time of tasks that succeeded, by the operation that they compute.',
  },
  tasks_total: {
    kind: 'counter',
    labels: ['status'],
    help: 'Attempts of tasks that have ended: succeeded, dropped, failed, lost or stale.',
  },
  task_retries_total: { kind: 'counter', help: 'Tasks that failed and were repeated.' },
  shuffle_bytes_total: { kind: 'counter', help: 'Bytes that tasks wrote for shuffles.' },
  workers: { kind: 'gauge', sampled: true, help: 'The option threads: the worker threads that should run.' },
  workers_live: { kind: 'gauge', sampled: true, help: 'Worker threads that accept tasks.' },
  executors: { kind: 'gauge', sampled: true, help: 'With the option master: executors that are alive.' },
  executor_cores: { kind: 'gauge', sampled: true, help: 'With the option master: cores of all executors.' },
  executor_processes: {
    kind: 'gauge',
    sampled: true,
    help: 'With the option master: Node processes of all executors.',
  },
  executor_processes_ended: {
    kind: 'gauge',
    sampled: true,
    help: 'With the option master: Node processes of living executors that have ended; the next task starts another one.',
  },
  executor_tasks: { kind: 'gauge', sampled: true, help: 'With the option master: tasks that run on executors.' },
  worker_busy_ratio: {
    kind: 'gauge',
    sampled: true,
    help: 'Part of the time since the last reading in which the worker threads ran tasks, from 0 to 1.',
  },
  worker_restarts_total: {
    kind: 'counter',
    labels: ['reason'],
    help: 'Worker threads that died, by reason; each is replaced.',
  },
  recovery_duration_seconds: {
    kind: 'histogram',
    buckets: DELAYS,
    help: 'Time from the loss of a thread until all threads and the spare were ready again.',
  },
  blocks: { kind: 'gauge', sampled: true, help: 'Blocks in shared memory.' },
  block_bytes: {
    kind: 'gauge',
    sampled: true,
    labels: ['state'],
    help: 'Bytes of blocks: memory (shared memory in use), received (its part that waits for batches) or file (spilled).',
  },
  arena_bytes: {
    kind: 'gauge',
    sampled: true,
    labels: ['kind'],
    help: 'Bytes of shared memory: used or limit (memoryLimit).',
  },
  blocks_lost_total: { kind: 'counter', help: 'Blocks that died with their threads.' },
  blocks_recomputed_total: {
    kind: 'counter',
    labels: ['kind'],
    help: 'Lost blocks that were recomputed: shuffle or persisted.',
  },
  blocks_evicted_total: { kind: 'counter', help: 'Blocks that were evicted at memoryLimit.' },
  state_keys: { kind: 'gauge', labels: ['operator'], help: 'Keys of keyed state, by operation.' },
  state_bytes: {
    kind: 'gauge',
    sampled: true,
    labels: ['state'],
    help: 'Bytes of keyed state, with stateMemory: memory (of the threads) or file (only there).',
  },
  state_rebuilds_total: { kind: 'counter', help: 'Partitions of state that were rebuilt from snapshots.' },
  watermark_delay_seconds: {
    kind: 'gauge',
    help: 'Time by which the lowest watermark is behind the time of the batch.',
  },
  checkpoint_duration_seconds: { kind: 'histogram', buckets: DELAYS, help: 'Time to collect and write a checkpoint.' },
  checkpoint_bytes: { kind: 'gauge', help: 'Bytes that the last checkpoint wrote.' },
  checkpoint_last_time_seconds: { kind: 'gauge', help: 'The batch time of the last checkpoint, since 1970.' },
  checkpoint_failures_total: { kind: 'counter', help: 'Checkpoints that could not be written.' },
} as const satisfies Readonly<Record<string, MetricDefinition>>

export type MetricName = keyof typeof METRICS

export const METRIC_NAMES = Object.keys(METRICS) as readonly MetricName[]

export function definitionOf(name: MetricName): MetricDefinition {
  return METRICS[name]
}
