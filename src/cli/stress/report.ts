import { toJson } from '../../values/json.js'
import type { Difference } from './compare.js'
import type { Totals } from './counts.js'
import type { Phase, Quantiles, Timeline } from './measures.js'
import type { Mode } from './modes.js'
import type { PipelineName } from './pipelines.js'
import { type Setup, USUAL_SETUP } from './setup.js'

export interface StressConfig extends Setup {
  readonly pipeline: PipelineName
  readonly mode: Mode
  readonly seed: number
  readonly threads: number
  readonly rate: number
  /** Ms. */
  readonly batchInterval: number
  /** Ms. */
  readonly duration: number
  readonly killsPerSecond: number
}

/** The result of a run of one pipeline. */
export interface StressReport extends StressConfig, Totals {
  readonly batches: number
  readonly batchesDue: number
  readonly records: number
  readonly wrongBatches: number
  readonly lostRecords: number
  readonly duplicatedRecords: number
  readonly recoveryMs: Quantiles | undefined
  readonly quiet: Phase
  readonly underKills: Phase
  readonly timeline: Timeline
  readonly firstDifference: Difference | undefined
  /** Why the run ended early, if it did. */
  readonly failure: string | undefined
}

/** Returns whether every batch arrived and was right. */
export function passed({
  batches,
  batchesDue,
  wrongBatches,
  lostRecords,
  duplicatedRecords,
  failure,
}: StressReport): boolean {
  const faults = wrongBatches + lostRecords + duplicatedRecords
  return faults === 0 && batches === batchesDue && failure === undefined
}

export function titleOf(config: StressConfig): string {
  const { pipeline, mode, threads, batchInterval, rate, seed } = config
  const setup = setupOptions(config).join(' ')
  return `stress ${pipeline}: mode=${mode} seed=${seed} threads=${threads}, a batch every ${batchInterval} ms, ${whole(rate)} records a second${setup && `; ${setup}`}`
}

/** Returns the options that repeat a run. */
export function repeat(config: StressConfig): string {
  const { pipeline, mode, seed, threads, rate, batchInterval, duration, killsPerSecond } = config
  const setup = setupOptions(config).map((option) => ` ${option}`)
  return `millrace stress --pipeline ${pipeline} --mode ${mode} --seed ${seed} --threads ${threads} --rate ${rate} --batch-interval ${batchInterval}ms --duration ${duration}ms --kills-per-second ${killsPerSecond}${setup.join('')}`
}

/** Returns the options that differ from the defaults. */
function setupOptions({ replicas, replication, speculation, memoryLimit, snapshotInterval }: Setup): string[] {
  const options: string[] = []
  if (replicas !== USUAL_SETUP.replicas) options.push(`--replicas ${replicas}`)
  if (replication !== USUAL_SETUP.replication) options.push(`--replication ${replication}`)
  if (speculation !== USUAL_SETUP.speculation) options.push('--speculation')
  if (memoryLimit !== USUAL_SETUP.memoryLimit) options.push(`--memory-limit ${memoryLimit}`)
  if (snapshotInterval !== USUAL_SETUP.snapshotInterval) options.push(`--snapshot-interval ${snapshotInterval}`)
  return options
}

export function asText(report: StressReport): string {
  const rows = figures(report)
  const width = Math.max(...rows.map(([name]) => name.length))
  const lines = rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`)
  return [titleOf(report), ...lines, ...faults(report), `  ${passed(report) ? 'passed' : 'FAILED'}`].join('\n')
}

/** Returns each figure with its label. */
export function figures(report: StressReport): readonly (readonly [name: string, text: string])[] {
  const { quiet, underKills, batches, batchesDue } = report
  const lost = Object.entries(report.threadsLost).map(([reason, n]) => `${n} ${reason}`)
  return [
    ['batches', batches === batchesDue ? whole(batches) : `${whole(batches)} of ${whole(batchesDue)}`],
    ['records', whole(report.records)],
    ['kills', `${report.kills} by mode ${report.mode}, of ${report.threadsKilled} threads`],
    ['threads lost', lost.join(', ') || '0'],
    ['tasks retried', whole(report.tasksRetried)],
    ['blocks lost', `${whole(report.blocksLost)}, ${whole(report.blocksRecomputed)} recomputed when they were read`],
    ['blocks taken over', `${whole(report.blocksReplicated)} by another owner`],
    ['state', `${whole(report.statePartitionsRebuilt)} partitions rebuilt`],
    ['wrong batches', whole(report.wrongBatches)],
    ['lost records', whole(report.lostRecords)],
    ['duplicated records', whole(report.duplicatedRecords)],
    ['recovery', spread(report.recoveryMs)],
    ['latency', `quiet ${spread(quiet.latencyMs)}; with kills ${spread(underKills.latencyMs)}`],
    ['throughput', `quiet ${speed(quiet.throughput)}; with kills ${speed(underKills.throughput)}`],
  ]
}

export function asJson(report: StressReport): string {
  const { timeline: _, ...figures } = report
  return toJson({ ...figures, passed: passed(report) })
}

/** Reports a run whose process ended. It has no figures, and does not count as passed. */
export function abortedAsText(config: StressConfig, why: string): string {
  return [titleOf(config), `  repeat with  ${repeat(config)}`, `  aborted      ${why}`, '  FAILED'].join('\n')
}

export function abortedAsJson(config: StressConfig, why: string): string {
  return toJson({ ...config, aborted: why, passed: false })
}

function faults(report: StressReport): string[] {
  const { failure, firstDifference: first } = report
  if (passed(report)) return []
  const lines = [`  repeat with  ${repeat(report)}`]
  if (failure) lines.push(`  ended early  ${failure}`)
  if (first) {
    lines.push(
      `  first difference in batch ${first.batch}, output ${first.output}, key ${first.key}:`,
      `    expected  ${shown(first.expected)}`,
      `    got       ${shown(first.got)}`,
    )
  }
  return lines
}

const MOST_SHOWN = 10

function shown(texts: readonly string[]): string {
  if (texts.length === 0) return '(nothing)'
  return (
    texts.slice(0, MOST_SHOWN).join(' ') + (texts.length > MOST_SHOWN ? ` and ${texts.length - MOST_SHOWN} more` : '')
  )
}

function whole(n: number): string {
  return Math.round(n).toLocaleString('en-US')
}

function spread(quantiles: Quantiles | undefined): string {
  if (!quantiles) return 'none'
  const { p50, p99, max } = quantiles
  return `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, max ${max.toFixed(1)} ms`
}

function speed(throughput: number | undefined): string {
  return throughput === undefined ? 'none' : `${whole(throughput)} records/s of busy time`
}
