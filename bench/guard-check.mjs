import { figure, table } from './report.mjs'

/*
 * Compares ratios with those of the baseline. A ratio is a cost: the need of the first contender as a multiple of the
 * second's. So less is better, and a ratio fails if it exceeds the baseline's by more than its margin, a factor.
 */

const FAILURES = new Set(['worse', 'missing'])
const SAYS = {
  ok: 'ok',
  worse: 'WORSE',
  missing: 'MISSING: not measured',
  better: 'better: store with --update',
  new: 'new: store with --update',
  skipped: 'not measured',
}

/** Returns the state of one measured ratio. `baseline` is undefined if the baseline does not contain it. */
export function holds(ratio, baseline, margin) {
  return baseline === undefined || ratio <= baseline * margin
}

/**
 * Judges each ratio.
 *
 * - `measured`: `{ name, margin, ratio }`, or with `skipped`, a reason, instead of a ratio
 * - `baseline`: ratios by name; those that were neither measured nor skipped are missing
 */
export function judge(measured, baseline) {
  const verdicts = measured.map(({ name, margin, ratio, skipped }) => {
    const base = baseline[name]
    const limit = base === undefined ? undefined : base * margin
    if (skipped !== undefined) return { name, verdict: 'skipped', base, limit, skipped }
    if (base === undefined) return { name, verdict: 'new', ratio }
    const times = ratio / base
    // NaN, from a failed measurement, is within no limit.
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

/** Formats the results as a table, worst first. */
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
  return table(['cost of the first in the second', 'here', 'baseline', 'at most', 'here / baseline', 'result'], rows)
}

/** Returns the measurement with the lower cost; one that failed or was skipped is not the better one. */
export function better(first, second) {
  return second.ratio <= first.ratio || Number.isNaN(first.ratio) ? second : first
}

/** Returns the middle of an odd number of measurements; those that failed count as the highest. */
export function middle(runs) {
  const cost = ({ ratio }) => (Number.isNaN(ratio) ? Number.POSITIVE_INFINITY : ratio)
  return [...runs].sort((a, b) => (cost(a) < cost(b) ? -1 : 1))[runs.length >> 1]
}

/**
 * Returns the baseline's ratios after a run: one for each of `names`. Ratios that were not measured keep their figure.
 */
export function updated(measured, baseline, names) {
  const ratios = { ...baseline }
  for (const { name, ratio } of measured) if (ratio > 0) ratios[name] = Number(ratio.toPrecision(3))
  return Object.fromEntries(names.filter((name) => name in ratios).map((name) => [name, ratios[name]]))
}
