import { textTable } from '../text-table.js'
import type { BenchRun } from './measure.js'

/** The medians of a number of threads over its rounds. Times are in ms. */
export interface BenchRow {
  readonly threads: number
  readonly batches: number
  readonly records: number
  /** Records a second while batches were processed: what the pipeline could take. Undefined without records. */
  readonly capacity: number | undefined
  /** The lowest and the highest capacity of the rounds. */
  readonly capacityRange: readonly [number, number] | undefined
  readonly processingP50: number
  readonly processingP99: number
  readonly totalP99: number
  /** Processing time of a batch by its interval. Above 1, batches wait longer and longer. */
  readonly load: number
  readonly keepsUp: boolean
}

/** Summarizes the runs, one row for each number of threads, in the order in which these occur. */
export function benchRows(runs: readonly BenchRun[], batchInterval: number): BenchRow[] {
  const counts = [...new Set(runs.map(({ threads }) => threads))]
  return counts.map((threads) =>
    row(
      threads,
      runs.filter((run) => run.threads === threads),
      batchInterval,
    ),
  )
}

function row(threads: number, runs: readonly BenchRun[], batchInterval: number): BenchRow {
  const capacities = runs
    .filter(({ records, busy }) => records > 0 && busy > 0)
    .map(({ records, busy }) => (records / busy) * 1000)
  const load = median(runs.map(({ busy, batches }) => (batches === 0 ? 0 : busy / batches / batchInterval)))
  return {
    threads,
    batches: runs.reduce((sum, { batches }) => sum + batches, 0),
    records: runs.reduce((sum, { records }) => sum + records, 0),
    capacity: capacities.length === 0 ? undefined : median(capacities),
    capacityRange: capacities.length === 0 ? undefined : [Math.min(...capacities), Math.max(...capacities)],
    processingP50: median(runs.map(({ processing }) => quantile(processing, 0.5))),
    processingP99: median(runs.map(({ processing }) => quantile(processing, 0.99))),
    totalP99: median(runs.map(({ total }) => quantile(total, 0.99))),
    load,
    keepsUp: load < 1 && median(runs.map(({ lastWait }) => lastWait)) < batchInterval,
  }
}

/** Formats the rows as a table. The ratios are to the first row. */
export function benchText(rows: readonly BenchRow[]): string {
  const base = rows[0]?.capacity
  const headings = [
    'threads',
    'batches',
    'records',
    'records/s',
    'lowest-highest',
    'ratio',
    'p50',
    'p99',
    'total p99',
    'load',
    'keeps up',
  ]
  const cells = rows.map((each) => [
    String(each.threads),
    whole(each.batches),
    whole(each.records),
    each.capacity === undefined ? '-' : whole(each.capacity),
    each.capacityRange === undefined ? '-' : each.capacityRange.map(whole).join('-'),
    each.capacity === undefined || base === undefined ? '-' : (each.capacity / base).toFixed(2),
    `${decimal(each.processingP50)} ms`,
    `${decimal(each.processingP99)} ms`,
    `${decimal(each.totalP99)} ms`,
    `${Math.round(each.load * 100)} %`,
    each.keepsUp ? 'yes' : 'no',
  ])
  return textTable(headings, cells)
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

function decimal(value: number): string {
  return value < 10 ? value.toFixed(1) : whole(value)
}
