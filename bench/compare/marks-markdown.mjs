import { figure } from '../report.mjs'
import { variantOf } from './ids.mjs'

/*
 * The marks of recorded runs as a table of docs/internals/performance.md. A mark with several measures, such as the
 * queries of Nexmark, is one row.
 */

const HEADS = ['Workload', 'Mark', 'Measured', 'Result']

/** Returns the rows of a Markdown table: its heads, and one for each mark of which these judgements have a figure. */
export function markdownMarks(judgements) {
  const marks = new Map()
  for (const judged of judgements) {
    if (judged.elsewhere !== undefined || judged.here.unknown !== undefined) continue
    const key = `${judged.what}: ${judged.mark}`
    marks.set(key, [...(marks.get(key) ?? []), judged])
  }
  const rows = [...marks.values()].map((measures) => {
    const [{ what, mark }] = measures
    return [what, mark, measures.map((one) => measured(one, measures)).join(', '), result(measures)]
  })
  return [HEADS, HEADS.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
}

function measured({ here: { value, reached, noisy }, ...measure }, all) {
  const number = `${figure(value.median)}${measure.unit === 'ms' ? ' ms' : ''}`
  const median = `${reached ? number : `**${number}**`}${noisy ? ' (!)' : ''}`
  if (all.length > 1) return `${nameOf(measure, all)} ${median}`
  return value.min === value.max ? median : `${median} (${figure(value.min)} to ${figure(value.max)})`
}

/** A measure by its workload, and by its variant if the workload has others. */
function nameOf({ workload, of }, all) {
  const name = workload.replace(/^nexmark-/, '').replace(/-100k$/, '')
  const variants = all.filter((other) => other.workload === workload)
  return variants.length > 1 ? `${name} (${variantOf(of)})` : name
}

function result(measures) {
  const missed = measures.filter(({ here }) => !here.reached)
  if (missed.length === 0) return 'reached'
  const by = Math.max(...missed.map(({ here }) => here.missedBy))
  return `missed by ${missed.length > 1 ? 'up to ' : ''}${figure(by * 100)} %`
}
