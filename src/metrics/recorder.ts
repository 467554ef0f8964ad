import type { BatchInfo } from '../engine/events/batch-info.js'
import type { Listener } from '../engine/events/engine-events.js'
import type { MetricName } from './definitions.js'

export type Labels = Readonly<Record<string, string>>

/** The instruments of a metrics library, by the names of METRICS. */
export interface Instruments {
  /** Adds to a counter. */
  add(name: MetricName, value: number, labels?: Labels): void
  /** Sets a gauge. */
  set(name: MetricName, value: number, labels?: Labels): void
  /** Adds a value to a histogram. */
  observe(name: MetricName, value: number, labels?: Labels): void
}

/** Records the events of one context with the instruments of a metrics library. */
export class Recorder {
  readonly #instruments: Instruments
  readonly #waiting = new Set<number>()
  #busyMs = 0

  constructor(instruments: Instruments) {
    this.#instruments = instruments
  }

  /** Returns the ms that tasks have run since the last call. */
  takeBusyMs(): number {
    const ms = this.#busyMs
    this.#busyMs = 0
    return ms
  }

  /** The events that it needs, with what they change. */
  readonly listener: Listener = {
    streamingStarted: ({ batchInterval }) => {
      this.#instruments.set('batch_interval_seconds', batchInterval / 1000)
      this.#instruments.set('lagging', 0)
    },
    streamingStopped: () => this.#wait(() => this.#waiting.clear()),
    batchSubmitted: ({ time }) => this.#wait(() => this.#waiting.add(time)),
    batchCompleted: (batch) => this.#completed(batch),
    batchProgress: ({ time, status, records, phases, outputs, state, watermark }) => {
      const to = this.#instruments
      to.add('batches_total', 1, { status })
      if (status === 'succeeded') to.add('records_processed_total', records)
      for (const [phase, ms] of Object.entries(phases)) to.observe('batch_phase_duration_seconds', ms / 1000, { phase })
      for (const { label, ms, error } of outputs) {
        to.observe('output_duration_seconds', ms / 1000, { output: label })
        if (error) to.add('sink_errors_total', 1, { output: label })
      }
      for (const { name, keys } of state) to.set('state_keys', keys, { operator: name })
      if (watermark !== undefined) to.set('watermark_delay_seconds', (time - watermark) / 1000)
    },
    lagging: () => this.#instruments.set('lagging', 1),
    caughtUp: () => this.#instruments.set('lagging', 0),
    deadLetters: ({ count }) => this.#dropped('dead_letter', count),
    outputRetried: ({ label }) => this.#instruments.add('output_retries_total', 1, { output: label }),
    receiverError: (receiver) => this.#instruments.add('receiver_errors_total', 1, { stream: streamOf(receiver) }),
    taskRetried: () => this.#instruments.add('task_retries_total', 1),
    taskEnded: ({ status, ms, label, shuffleBytes }) => {
      const to = this.#instruments
      to.add('tasks_total', 1, { status })
      if (status !== 'succeeded') return
      this.#busyMs += ms
      to.observe('task_duration_seconds', ms / 1000, { stage: operationOf(label) })
      if (shuffleBytes > 0) to.add('shuffle_bytes_total', shuffleBytes)
    },
    threadLost: ({ reason }) => this.#instruments.add('worker_restarts_total', 1, { reason }),
    poolRestored: ({ ms }) => this.#instruments.observe('recovery_duration_seconds', ms / 1000),
    blocksLost: ({ blocks }) => this.#instruments.add('blocks_lost_total', blocks),
    blockRecomputed: ({ kind }) => this.#instruments.add('blocks_recomputed_total', 1, { kind }),
    blocksEvicted: ({ blocks }) => this.#instruments.add('blocks_evicted_total', blocks),
    stateRebuilt: () => this.#instruments.add('state_rebuilds_total', 1),
    checkpointWritten: ({ time, bytes, ms }) => {
      const to = this.#instruments
      to.observe('checkpoint_duration_seconds', ms / 1000)
      to.set('checkpoint_bytes', bytes)
      to.set('checkpoint_last_time_seconds', time / 1000)
    },
    checkpointFailed: () => this.#instruments.add('checkpoint_failures_total', 1),
  }

  #wait(change: () => void): void {
    change()
    this.#instruments.set('batches_waiting', this.#waiting.size)
  }

  #completed(batch: BatchInfo): void {
    const { time, schedulingDelay = 0, processingDelay = 0, totalDelay = 0, inputs, eventTime = [] } = batch
    const instruments = this.#instruments
    this.#wait(() => this.#waiting.delete(time))
    instruments.set('batch_last_time_seconds', time / 1000)
    instruments.observe('batch_scheduling_delay_seconds', schedulingDelay / 1000)
    instruments.observe('batch_processing_duration_seconds', processingDelay / 1000)
    instruments.observe('batch_total_delay_seconds', totalDelay / 1000)
    for (const input of inputs) {
      const labels = { stream: streamOf(input) }
      instruments.add('records_received_total', input.records ?? 0, labels)
      instruments.add('received_bytes_total', input.bytes, labels)
      if (input.rate !== undefined) instruments.set('input_rate_limit_records_per_second', input.rate, labels)
      this.#dropped('overflow', input.dropped)
      this.#dropped('invalid', input.skipped)
    }
    for (const { late } of eventTime) this.#dropped('late', late)
  }

  #dropped(reason: string, count = 0): void {
    if (count > 0) this.#instruments.add('records_dropped_total', count, { reason })
  }
}

/** Inputs may have equal names, so their number is part of the label. */
function streamOf({ stream, name }: { readonly stream: number; readonly name: string }): string {
  return `${name}#${stream}`
}

/** Returns the name of an operation without the number of its dataset, which grows with every batch. */
function operationOf(label: string): string {
  return label.replace(/#\d+$/, '')
}
