import type { Aborted } from '../in-process-of-its-own.js'
import { MODES } from '../modes.js'
import { isAborted } from '../play.js'
import { figures, passed, repeat, type StressConfig, type StressReport, titleOf } from '../report.js'
import { batchChart, recoveryChart } from './charts.js'
import { escaped } from './svg.js'

export interface DrawnRun {
  readonly config: StressConfig
  readonly outcome: StressReport | Aborted
}

const HUES: readonly string[] = ['#c0392b', '#d35400', '#8e44ad', '#2471a3', '#b7950b', '#148f77', '#af1e6b', '#5d6d7e']

const STYLE = `
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
svg { width: 100%; height: auto; }
svg text { font-size: 11px; fill: currentColor; }
.grid { stroke: currentColor; opacity: .15; }
.batches { fill: none; stroke: currentColor; stroke-width: 1.2; }
.kill { opacity: .6; }
.key { display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 1em; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: .15rem 1.5rem .15rem 0; vertical-align: top; font-weight: normal; }
th { opacity: .7; }
.failed { color: #c0392b; font-weight: bold; }
${MODES.map((mode, i) => `.${mode} { stroke: ${HUES[i]}; fill: ${HUES[i]}; background: ${HUES[i]}; }`).join('\n')}
`

/** Returns one page for all runs. It contains no scripts, and loads nothing. */
export function drawPage(runs: readonly DrawnRun[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>millrace stress</title>
<style>${STYLE}</style>
</head>
<body>
<h1>millrace stress</h1>
${runs.map(section).join('\n')}
</body>
</html>
`
}

function section({ config, outcome }: DrawnRun): string {
  const outcomeText = !isAborted(outcome) && passed(outcome) ? '<p>passed</p>' : '<p class="failed">FAILED</p>'
  const body = isAborted(outcome)
    ? `<p>${escaped(outcome.aborted)}</p>`
    : `<p>Time of each batch, from when it was due to its completion. Kills:<span class="key ${config.mode}"></span>${config.mode}</p>
${batchChart(outcome)}
<p>Recovery: from a kill, or from when the next batch was due if that was later, to the first batch complete after it.</p>
${recoveryChart(outcome)}
${table(outcome)}`
  return `<section>
<h2>${escaped(config.pipeline)}</h2>
<p>${escaped(titleOf(config))}<br><code>${escaped(repeat(config))}</code></p>
${outcomeText}
${body}
</section>`
}

function table(report: StressReport): string {
  const rows = figures(report).map(([name, text]) => `<tr><th>${escaped(name)}</th><td>${escaped(text)}</td></tr>`)
  const { failure, firstDifference: first } = report
  if (failure) rows.push(`<tr><th>ended early</th><td class="failed">${escaped(failure)}</td></tr>`)
  if (first) {
    const where = `batch ${first.batch}, output ${first.output}, key ${first.key}`
    const what = `expected ${first.expected.join(' ') || '(nothing)'}, got ${first.got.join(' ') || '(nothing)'}`
    rows.push(`<tr><th>first difference</th><td class="failed">${escaped(`${where}: ${what}`)}</td></tr>`)
  }
  return `<table>\n${rows.join('\n')}\n</table>`
}
