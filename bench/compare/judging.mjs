import { onLts } from './ids.mjs'
import { MARKS } from './marks.mjs'

/**
 * Returns a judgement of each mark whose workloads were run, on this Node and on the other one: `{ what, mark,
 * workload, of, than, unit, atLeast or atMost, here, lts }`, or with `elsewhere` alone. A judgement is `{ value, than,
 * reached, missedBy, noisy }`, where `missedBy` is a share of the target, or `{ unknown }` with the reason.
 */
export function judgeMarks(workloads) {
  return MARKS.flatMap(({ what, mark, elsewhere, measures = [] }) => {
    if (elsewhere !== undefined) return [{ what, mark, elsewhere }]
    return measures.flatMap((measure) => {
      const rows = workloads.find(({ name }) => name === measure.workload)?.rows
      if (rows === undefined) return []
      const { figure: _, ...said } = measure
      const lts =
        onLts(measure.of) === undefined ? { unknown: 'it runs on one Node' } : judge(elsewhereRun(measure), rows)
      return [{ what, mark, ...said, here: judge(measure, rows), lts }]
    })
  })
}

function elsewhereRun(measure) {
  return { ...measure, of: onLts(measure.of), than: measure.than.map((id) => onLts(id) ?? id) }
}

function judge({ of, than, atLeast, atMost, figure }, rows) {
  const row = (id) => rows.find((row) => row.id === id)
  const unfit = [of, ...than].map((id) => unfitness(id, row(id))).find((why) => why !== undefined)
  if (unfit !== undefined) return { unknown: unfit }
  const figures = (than.length === 0 ? [undefined] : than).map((id) => ({ than: id, value: figure(row(of), row(id)) }))
  if (figures.some(({ value }) => !Number.isFinite(value.median))) return { unknown: 'no figure' }
  // The distance to the target, as a share of it: negative if the figure exceeds the target.
  const short = ({ median }) => (atLeast === undefined ? median / atMost - 1 : 1 - median / atLeast)
  const hardest = figures.reduce((a, b) => (short(b.value) > short(a.value) ? b : a))
  const missedBy = Math.max(0, short(hardest.value))
  return { ...hardest, reached: missedBy === 0, missedBy, noisy: [of, ...than].some((id) => row(id).noisy) }
}

function unfitness(id, row) {
  if (row === undefined) return `${id} took no part`
  if (row.failure !== undefined) return `${id} failed`
  return row.correct === false ? `${id} answered WRONG` : undefined
}
