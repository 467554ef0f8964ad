import type { StreamingControl } from '../engine/streaming/streaming-control.js'
import { ArgumentError } from '../errors.js'
import { checkNames } from '../ops/option-names.js'
import { describe } from '../values/describe.js'

export interface StatsReportOptions {
  /** Number of last batches that a report covers. Default 10. */
  readonly batches?: number
  /** Whether to report the run times of each stage's tasks too. Default false. */
  readonly stages?: boolean
  /** Receives each report, which may have several lines. Default: writes to stdout. */
  readonly write?: (report: string) => void
}

const SHOWN = [0, 5, 10, 25, 50, 75, 90, 95, 100]

/**
 * Writes the distribution of the delays of the last batches at the end of each batch, as Spark's StatsReportListener
 * does: count, mean, standard deviation and percentiles of total delay and processing time. Returns a function that
 * ends the reports.
 *
 * ```ts
 * const { statsReport } = await import('millrace/metrics')
 * const end = statsReport(ssc, { batches: 20 })
 * end()
 * // Total delay: (count: 20, mean: 12.4 ms, stdev: 2.1 ms, max: 18.0 ms, min: 9.0 ms)
 * // Total delay: 0%: 9.0 5%: 9.0 10%: 10.0 25%: 11.0 50%: 12.0 75%: 14.0 90%: 15.0 95%: 16.0 100%: 18.0
 * ```
 *
 * @throws ArgumentError for an invalid option.
 */
export function statsReport(streams: Pick<StreamingControl, 'on'>, options: StatsReportOptions = {}): () => void {
  checkNames(options, ['batches', 'stages', 'write'], 'statsReport')
  const { batches = 10, stages = false, write = writeLine } = options
  if (!Number.isInteger(batches) || batches < 1) {
    throw new ArgumentError(`statsReport: batches is ${describe(batches)}; it must be a whole number from 1 on.`, {
      batches,
    })
  }
  if (typeof write !== 'function')
    throw new ArgumentError(`statsReport: write is ${describe(write)}; it must be a function that takes a text.`)
  const totals: number[] = []
  const processing: number[] = []
  const removals = [
    streams.on('batchCompleted', ({ totalDelay = 0, processingDelay = 0 }) => {
      append(totals, totalDelay, batches)
      append(processing, processingDelay, batches)
      write(`${distribution('Total delay', totals)}\n${distribution('Processing time', processing)}`)
    }),
  ]
  if (stages) removals.push(...reportStages(streams, write))
  return () => {
    for (const remove of removals) remove()
  }
}

function reportStages(streams: Pick<StreamingControl, 'on'>, write: (report: string) => void): (() => void)[] {
  const runTimes = new Map<number, number[]>()
  return [
    streams.on('taskEnded', ({ stage, ms, status }) => {
      if (status !== 'succeeded') return
      const times = runTimes.get(stage)
      if (times) times.push(ms)
      else runTimes.set(stage, [ms])
    }),
    streams.on('stageCompleted', ({ id: stage, kind, label, ms }) => {
      const times = runTimes.get(stage)
      runTimes.delete(stage)
      if (times) write(`${distribution(`Stage ${stage} (${kind} of ${label}, ${ms.toFixed(1)} ms): tasks`, times)}`)
    }),
  ]
}

function writeLine(report: string): void {
  process.stdout.write(`${report}\n`)
}

function append(values: number[], value: number, most: number): void {
  values.push(value)
  if (values.length > most) values.shift()
}

function distribution(name: string, values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b)
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length
  const stdev = Math.sqrt(sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / sorted.length)
  const at = (percent: number) => sorted[Math.min(sorted.length - 1, Math.floor((percent / 100) * sorted.length))]!
  const summary = [
    `count: ${sorted.length}`,
    `mean: ${mean.toFixed(1)} ms`,
    `stdev: ${stdev.toFixed(1)} ms`,
    `max: ${at(100).toFixed(1)} ms`,
    `min: ${at(0).toFixed(1)} ms`,
  ]
  const percentiles = SHOWN.map((percent) => `${percent}%: ${at(percent).toFixed(1)}`)
  return `${name}: (${summary.join(', ')})\n${name}: ${percentiles.join(' ')}`
}
