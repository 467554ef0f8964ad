import { figure, table } from './report.mjs'

/*
 * Ratios against those of the baseline. A ratio is a cost: how many times as much the first contender needs as the
 * second. So less is better, and a ratio fails where it exceeds the baseline's by more than its margin, a factor.
 */

const FAILURES = new Set(['worse', 'missing'])
const SAYS = {
  ok: 'ok',
  worse: 'WORSE',
  missing: 'MISSING: nothing measures it',
  better: 'better: take over with --update',
  new: 'new: take over with --update',
  skipped: 'not measured',
}

/** Whether one measured ratio holds. `baseline` is undefined where the baseline does not know it. */
export function holds(ratio, baseline, margin) {
  return baseline === undefined || ratio <= baseline * margin
}

/**
 * A verdict on each ratio.
 *
 * - `measured`: `{ name, margin, ratio }`, or with `skipped`, a reason, instead of a ratio
 * - `baseline`: ratios by name; those that nobody measured, and nobody skipped, are missing
 */
export function judge(measured, baseline) {
  const verdicts = measured.map(({ name, margin, ratio, skipped }) => {
    const base = baseline[name]
    const limit = base === undefined ? undefined : base * margin
    if (skipped !== undefined) return { name, verdict: 'skipped', base, limit, skipped }
    if (base === undefined) return { name, verdict: 'new', ratio }
    const times = ratio / base
    // NaN, of a measurement that went wrong, is within no limit.
    const verdict = !holds(ratio, base, margin) ? 'worse' : times * margin < 1 ? 'better' : 'ok'
    return { name, verdict, ratio, base, limit, times }
  })
  const known = new Set(measured.map(({ name }) => name))
  const missing = Object.keys(baseline).filter((name) => !known.has(name))
  return [...verdicts, ...missing.map((name) => ({ name, verdict: 'missing', base: baseline[name] }))]
}

export function failures(verdicts) {
  return verdicts.filter(({ verdict }) => FAILURES.has(verdict))
}

/** The verdicts as a table, worst first. */
export function verdictTable(verdicts) {
  const rank = ({ verdict, times }) => (FAILURES.has(verdict) ? 1e6 : 0) + (Number.isFinite(times) ? times : 0)
  const rows = [...verdicts]
    .sort((a, b) => rank(b) - rank(a))
    .map(({ name, verdict, ratio, base, limit, times, skipped }) => [
      name,
      figure(ratio),
      figure(base),
      figure(limit),
      figure(times),
      skipped === undefined ? SAYS[verdict] : `${SAYS[verdict]}: ${skipped}`,
    ])
  return table(['cost of the first in the second', 'here', 'baseline', 'at most', 'here / baseline', 'verdict'], rows)
}

/** Of two measurements of a ratio the one with the lower cost; one that went wrong, or was skipped, is not the better. */
export function better(first, second) {
  return second.ratio <= first.ratio || Number.isNaN(first.ratio) ? second : first
}

/** Of an odd number of measurements of a ratio the one in the middle; those that went wrong count as the highest. */
export function middle(runs) {
  const cost = ({ ratio }) => (Number.isNaN(ratio) ? Number.POSITIVE_INFINITY : ratio)
  return [...runs].sort((a, b) => (cost(a) < cost(b) ? -1 : 1))[runs.length >> 1]
}

/** The baseline's ratios after a run: one for each of `names`. What was not measured keeps its figure, if it has one. */
export function updated(measured, baseline, names) {
  const ratios = { ...baseline }
  for (const { name, ratio } of measured) if (ratio > 0) ratios[name] = Number(ratio.toPrecision(3))
  return Object.fromEntries(names.filter((name) => name in ratios).map((name) => [name, ratios[name]]))
}
