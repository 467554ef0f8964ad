import { figure, table } from '../report.mjs'

export const MARK_HEADS = ['mark', 'measured', 'asked', 'here', '', 'other Node', '']

/** Returns a row of texts for each mark for which the run has figures. */
export function markRows(marks) {
  return marks
    .filter(({ elsewhere }) => elsewhere === undefined)
    .map(({ what, mark, workload, of, than, unit, atLeast, atMost, here, lts }) => [
      `${what}: ${mark}`,
      [`${workload}, ${of}`, here.than ?? than.join(', ')].filter((text) => text !== '').join(' / '),
      `${atLeast === undefined ? 'at most' : 'at least'} ${atLeast ?? atMost} ${unit}`,
      ...[here, lts].flatMap((verdict) => [valueText(verdict), verdictText(verdict)]),
    ])
}

function valueText({ value, noisy }) {
  if (value === undefined) return '-'
  const range = value.min === value.max ? '' : ` (${figure(value.min)}-${figure(value.max)})`
  return `${figure(value.median)}${range}${noisy ? ' (!)' : ''}`
}

export function verdictText({ unknown, reached, missedBy }) {
  if (unknown !== undefined) return `not known: ${unknown}`
  return reached ? 'reached' : `missed by ${figure(missedBy * 100)} %`
}

/** Lists the benchmarks that measure the other marks. */
export function elsewhereText(marks) {
  const by = new Map()
  for (const { what, mark, elsewhere } of marks) {
    if (elsewhere !== undefined) by.set(elsewhere, [...(by.get(elsewhere) ?? []), `${what}: ${mark}`])
  }
  return [...by].map(([bench, names]) => `npm run bench -- ${bench} has: ${names.join('; ')}`)
}

/** Returns the reason why a run with these options decides no mark, or undefined. */
export function smallText({ quick, threads }) {
  if (quick) return 'With --quick the data is small and fixed costs show: these results are not meaningful.'
  return threads === 2 ? undefined : `The marks are for 2 threads, not for ${threads}.`
}

/** Returns the marks for the terminal, or nothing if the run has no figures for any. */
export function textMarks(marks, options) {
  const rows = markRows(marks)
  if (rows.length === 0) return ''
  return ['marks', smallText(options), table(MARK_HEADS, rows), ...elsewhereText(marks)]
    .filter((line) => line !== undefined)
    .join('\n')
}
