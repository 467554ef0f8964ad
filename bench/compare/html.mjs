import { dotPlot } from '../plot/dots.mjs'
import { escaped, short } from '../plot/scales.mjs'
import { figure } from '../report.mjs'
import { isMillrace } from './ids.mjs'
import { elsewhereText, MARK_HEADS, markRows, smallText } from './marks-table.mjs'
import { FOREIGN_LIMIT } from './summary.mjs'
import { figuresOf, verdict } from './text.mjs'

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #667085; --line: #e2e6ec; --page: #fff; --ours: #0b7a75; --theirs: #7a869a; --bad: #c2410c }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #98a2b3; --line: #2c3440; --page: #12161c; --ours: #4fd1c5; --theirs: #8b98ad; --bad: #fb923c } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); max-width: 1040px; margin: 2rem auto; padding: 0 1rem }
h2 { margin-top: 2.5rem } h3 { font-size: 1rem; color: var(--soft); font-weight: 500; margin: 1rem 0 .3rem }
svg { width: 100%; max-width: 860px; height: auto; font: 12px system-ui, sans-serif }
.grid { stroke: var(--line) } .mark { stroke: var(--ink); stroke-dasharray: 3 3 } .tick { fill: var(--soft); text-anchor: middle }
.label { fill: var(--ink); text-anchor: end } .value { fill: var(--soft) }
.range { stroke-width: 3; stroke: var(--theirs); opacity: .6 } .dot { fill: var(--theirs) }
.ours.range { stroke: var(--ours) } .ours.dot { fill: var(--ours) } .wrong.dot { fill: var(--bad) }
.scroll { overflow-x: auto } table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; white-space: nowrap }
th, td { text-align: right; padding: .2rem .6rem; border-bottom: 1px solid var(--line) } th:first-child, td:first-child { text-align: left }
th { color: var(--soft); font-weight: 500 } .bad { color: var(--bad) } .note { color: var(--soft); font-size: 13px }
`

/** Returns a page without external resources. */
export function htmlReport(report) {
  const { at, minutes, machine, options, versions, skipped, workloads, marks } = report
  const facts = [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB`,
    `Node ${machine.node}, ${machine.platform}`,
    `${options.threads} threads, ${options.rounds} rounds, ${short(options.bytes)}B of text`,
    `${at.slice(0, 16).replace('T', ' ')} UTC, ${minutes.toFixed(1)} minutes`,
  ]
  const peers = Object.entries(versions).map(([name, version]) => `${name} ${version ?? ''}`.trim())
  const missing = Object.entries(skipped).map(
    ([name, why]) => `<p class="bad">${escaped(name)} was skipped: ${escaped(why)}</p>`,
  )
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Millrace and its peers</title><style>${STYLE}</style></head>
<body><h1>Millrace and its peers</h1>
<p>${facts.map(escaped).join('<br>')}</p>
<p class="note">${peers.map(escaped).join(' · ')}</p>${missing.join('')}
<p class="note">Contenders are started and warmed up once, then take turns; the order moves on by one each round. A dot is
the median of the rounds, its line goes from the least to the greatest. Ratios are taken within each round. A figure marked
(!) was measured while other processes used more than ${FOREIGN_LIMIT} cores: it is a pessimistic bound.</p>
${marksSection(marks, options)}
${workloads.map(section).join('\n')}
</body></html>
`
}

function marksSection(marks, options) {
  const body = markRows(marks).map((cells) => {
    const kind = (cell) => (/^(missed|not known)/.test(cell) ? ' class="bad"' : '')
    return `<tr>${cells.map((cell) => `<td${kind(cell)}>${escaped(cell)}</td>`).join('')}</tr>`
  })
  if (body.length === 0) return ''
  const head = MARK_HEADS.map((text) => `<th>${text}</th>`).join('')
  const rest = elsewhereText(marks).map(escaped).join('<br>')
  const small = smallText(options)
  const warning = small === undefined ? '' : `<p class="bad">${escaped(small)}</p>`
  return `<section><h2>Marks</h2>${warning}<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div><p class="note">${rest}</p></section>`
}

function section(workload) {
  const { name, title, unit, rows, reference } = workload
  const good = rows.filter(({ failure }) => failure === undefined)
  const rate = (ms) => (workload.records / ms) * 1000
  const isTime = name === 'startup' || name === 'intervals'
  const plots = []
  if (good.length > 0) {
    const figures = good.map((row) => ({
      label: row.id,
      kind: kindOf(row),
      ...(isTime ? { value: row.ms.median, low: row.ms.min, high: row.ms.max } : rates(row, rate)),
      text: `${isTime ? `${figure(row.ms.median)} ms` : `${short(rate(row.ms.median))} ${unit}/s`}${row.noisy ? ' (!)' : ''}`,
    }))
    plots.push(`<h3>${isTime ? 'Milliseconds: less is better' : `${escaped(unit)} a second: more is better`}</h3>`)
    plots.push(dotPlot(figures, { unit: isTime ? 'ms' : `${unit}/s` }))
  }
  const others = good.filter(({ id, ratio }) => id !== reference && ratio !== undefined)
  if (others.length > 0) {
    const ratios = others.map((row) => ({
      label: row.id,
      kind: kindOf(row),
      value: row.ratio.median,
      low: row.ratio.min,
      high: row.ratio.max,
      text: `× ${figure(row.ratio.median)}`,
    }))
    plots.push(`<h3>Time taken, as a multiple of ${escaped(reference)}: right of the line Millrace is faster</h3>`)
    plots.push(dotPlot(ratios, { unit: '×', mark: 1 }))
  }
  return `<section><h2>${escaped(name)}</h2><p>${escaped(title)}.</p>${plots.join('')}${rowTable(workload)}${good.map(ladder).join('')}</section>`
}

const rates = ({ ms }, rate) => ({ value: rate(ms.median), low: rate(ms.max), high: rate(ms.min) })

function kindOf({ id, correct }) {
  if (correct === false) return 'wrong'
  return isMillrace(id) ? 'ours' : 'theirs'
}

const HEADS = [
  '',
  'median ms',
  'min',
  'max',
  'records/s',
  'MB/s',
  'Millrace is faster by',
  'cores',
  'peak RSS MB',
  'first result ms',
  'foreign cores',
  'answer',
]

function rowTable({ rows, reference }) {
  const body = rows.map((row) => {
    const name = `<td title="${escaped(row.title)}">${escaped(row.id)}</td>`
    if (row.failure !== undefined) return `<tr>${name}<td class="bad" colspan="11">${escaped(row.failure)}</td></tr>`
    const cells = [
      figure(row.ms.median),
      figure(row.ms.min),
      figure(row.ms.max),
      short(row.recordsPerSecond),
      ...figuresOf(row, reference),
    ]
    const right = `<td class="${row.correct === false ? 'bad' : ''}">${verdict(row)}</td>`
    return `<tr>${name}${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}${right}</tr>`
  })
  const head = HEADS.map((text) => `<th>${text}</th>`).join('')
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>`
}

function ladder({ id, ladder }) {
  if (ladder === undefined) return ''
  const body = ladder.map((step) => {
    const cells = ['processing', 'scheduling', 'arrivalToOutput'].flatMap((name) =>
      ['p50', 'p99'].map((q) => (step[name] ? figure(step[name][q]) : '-')),
    )
    const verdict = step.stable ? 'stable' : step.batches === 0 ? 'not tried' : 'unstable'
    return `<tr><td>${escaped(id)}, ${step.interval} ms</td>${cells.map((cell) => `<td>${cell}</td>`).join('')}<td>${verdict}</td></tr>`
  })
  const heads = [
    'interval',
    'processing ms p50',
    'p99',
    'scheduling ms p50',
    'p99',
    'arrival to output ms p50',
    'p99',
    '',
  ]
  return `<div class="scroll"><table><thead><tr>${heads.map((text) => `<th>${text}</th>`).join('')}</tr></thead><tbody>${body.join('')}</tbody></table></div>`
}
