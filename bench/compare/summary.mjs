import { isDeepStrictEqual } from 'node:util'
import { median, quantile, ratios, spread } from '../stats.mjs'
import { isMillrace } from './ids.mjs'

/** Above this number of foreign cores during a turn, its time depends more on other processes than on the work. */
export const FOREIGN_LIMIT = 0.2

/**
 * Summarises a workload. The reference is the first contender of Millrace that succeeded; ratios are computed within
 * each round, so that disturbances affect both sides. The `answer` of all others must equal the reference's.
 */
export function summarise(workload, { bytes, records }, entries) {
  const reference = entries.find((entry) => isMillrace(entry.id) && entry.failure === undefined)
  const rows = entries.map((entry) => row(entry, reference, { bytes, records }))
  return {
    name: workload.name,
    title: workload.title,
    unit: workload.unit,
    bytes,
    records,
    reference: reference?.id,
    rows,
  }
}

function row(entry, reference, { bytes, records }) {
  const { id, title, version } = entry
  if (entry.failure !== undefined) return { id, title, version, failure: entry.failure }
  const rounds = entry.turns.map(({ ms }) => median(ms))
  const ms = spread(rounds)
  const all = entry.turns.flatMap((turn) => turn.ms)
  return {
    id,
    title,
    version,
    ms,
    rounds,
    iterations: all.length,
    p99Ms: quantile(all, 0.99),
    slowestMs: Math.max(...all),
    recordsPerSecond: (records / ms.median) * 1000,
    mbPerSecond: bytes === undefined ? undefined : bytes / ms.median / 1000,
    ratio:
      reference &&
      ratios(
        rounds,
        reference.turns.map((turn) => median(turn.ms)),
      ),
    cpuMs: median(entry.turns.map((turn) => turn.cpuMs / turn.ms.length)),
    coresUsed: median(entry.turns.map((turn) => turn.cpuMs / turn.wallMs)),
    foreignCores: Math.max(0, ...entry.turns.map((turn) => turn.foreignCores).filter(Number.isFinite)),
    noisy: entry.turns.some((turn) => turn.foreignCores > FOREIGN_LIMIT),
    peakRssMb: entry.peakRssMb,
    firstResultMs: entry.firstMs,
    coldMs: entry.coldMs,
    answer: entry.turns.at(-1).answer,
    correct: reference === undefined ? undefined : sameAnswers(entry, reference),
    ladder: ladderOf(entry.turns),
  }
}

/**
 * Returns whether all answers of all turns equal the reference's last one; undefined for a workload without an answer.
 */
function sameAnswers(entry, reference) {
  const expected = reference.turns.at(-1).answer
  // No answer to compare. JSON leaves out an undefined one.
  if (expected === null || expected === undefined) return undefined
  return entry.turns.every(({ answer }) => isDeepStrictEqual(answer, expected))
}

/** Returns the steps of an interval ladder, each with the medians of all turns. */
function ladderOf(turns) {
  if (turns[0].ladder === undefined) return undefined
  return turns[0].ladder.map((step, i) => {
    // A system that fell behind does not run shorter intervals.
    const steps = turns.map(({ ladder }) => ladder[i]).filter(({ batches }) => batches > 0)
    if (steps.length === 0) return { interval: step.interval, batches: 0, stable: false }
    const of = (pick) => median(steps.map(pick))
    const pair = (name) => ({ p50: of((s) => s[name].p50), p99: of((s) => s[name].p99) })
    return {
      interval: step.interval,
      batches: of((s) => s.batches),
      processing: pair('processing'),
      scheduling: pair('scheduling'),
      arrivalToOutput: pair('arrivalToOutput'),
      stable: steps.filter((s) => s.stable).length * 2 > turns.length,
    }
  })
}
