import { createHistogram } from 'node:perf_hooks'
import type { BatchInfo } from '../engine/events/batch-info.js'
import type { ClusterStatus } from '../engine/status/streams-status.js'
import type { ThreadLossReason } from '../errors.js'

/** One completed batch, as displayed. Delays in ms. */
export interface BatchRow {
  readonly time: number
  readonly records: number
  readonly schedulingDelay: number
  readonly processingDelay: number
  readonly totalDelay: number
  /** Number of threads that died since the previous batch. */
  readonly threadsLost: number
  /** Labels of output operations that failed. */
  readonly failed: readonly string[]
}

export interface Totals {
  readonly batches: number
  readonly records: number
  /** Processing times in ms; undefined before the first batch. */
  readonly p50: number | undefined
  readonly p99: number | undefined
  readonly threadsLost: number
  /** With a Spark master: the executors as they were last, and tasks of theirs that failed. */
  readonly cluster: { readonly executors: number; readonly failedTasks: number } | undefined
}

/** Accumulates the figures of a run in constant space, however long it is. */
export class Figures {
  readonly #processing = createHistogram()
  #batches = 0
  #records = 0
  #threadsLost = 0
  #lostBefore = 0
  #cluster: ClusterStatus | undefined

  threadLost(reason: ThreadLossReason): void {
    // Threads that end because the context stops are not lost.
    if (reason !== 'closed') this.#threadsLost++
  }

  /** Records the executors of a Spark master; without one there are threads. */
  executors(cluster: ClusterStatus | undefined): void {
    this.#cluster = cluster
  }

  batch({ time, records, schedulingDelay = 0, processingDelay = 0, totalDelay = 0, outputs }: BatchInfo): BatchRow {
    const threadsLost = this.#threadsLost - this.#lostBefore
    this.#lostBefore = this.#threadsLost
    this.#batches++
    this.#records += records
    // A histogram's least value is 1, so a batch that took no measurable time counts as 1 ms.
    this.#processing.record(Math.max(1, Math.round(processingDelay)))
    const failed = outputs.filter(({ error }) => error).map(({ label }) => label)
    return { time, records, schedulingDelay, processingDelay, totalDelay, threadsLost, failed }
  }

  totals(): Totals {
    const any = this.#batches > 0
    const executors = this.#cluster?.executors
    return {
      batches: this.#batches,
      records: this.#records,
      p50: any ? this.#processing.percentile(50) : undefined,
      p99: any ? this.#processing.percentile(99) : undefined,
      threadsLost: this.#threadsLost,
      cluster: executors && {
        executors: executors.length,
        failedTasks: executors.reduce((sum, { failed }) => sum + failed, 0),
      },
    }
  }
}

/** `12 batches, 3,400 records, processing p50 8 ms, p99 31 ms, 0 threads lost`; with a Spark master `..., 4 executors, 0 failed tasks`. */
export function formatTotals({ batches, records, p50, p99, threadsLost, cluster }: Totals): string {
  const parts = [counted(batches, 'batch', 'batches'), counted(records, 'record', 'records')]
  if (p50 !== undefined) parts.push(`processing p50 ${p50} ms`, `p99 ${p99} ms`)
  if (!cluster) parts.push(`${counted(threadsLost, 'thread', 'threads')} lost`)
  else if (cluster.executors > 0) {
    parts.push(counted(cluster.executors, 'executor', 'executors'))
    parts.push(counted(cluster.failedTasks, 'failed task', 'failed tasks'))
  }
  return parts.join(', ')
}

function counted(n: number, one: string, many: string): string {
  return `${n.toLocaleString('en-US')} ${n === 1 ? one : many}`
}
