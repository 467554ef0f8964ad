import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { METRICS, type MetricDefinition } from '#build/metrics/definitions.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const text = (path: string) => readFileSync(ROOT + path, 'utf8')

interface Panel {
  readonly title: string
  readonly type: string
  readonly targets?: readonly { readonly expr: string }[]
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
}
const dashboard = JSON.parse(text('dashboards/grafana.json')) as { readonly panels: readonly Panel[] }
const alerts = text('dashboards/alerts.yml')
const queries = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
/** The rules, with the lines of a folded query joined. */
const rules = [...alerts.matchAll(/expr: (?:\|\n((?: {10}.*\n)+)|(.*)\n)/g)].map(([, folded, line]) => folded ?? line!)

const definitions: Readonly<Record<string, MetricDefinition>> = METRICS

/** The metrics of a query, with the labels that select or group them. */
function uses(query: string): { readonly name: string; readonly labels: readonly string[] }[] {
  return [...query.matchAll(/millrace_(\w+)(?:\{([^}]*)\})?/g)].map(([, name, selectors = '']) => ({
    name: name!,
    labels: [...selectors.matchAll(/(\w+)(?:=|!)/g)].map((label) => label[1]!),
  }))
}

function definitionOf(name: string): MetricDefinition | undefined {
  return definitions[name] ?? definitions[name.replace(/_(bucket|sum|count)$/, '')]
}

test.each([...queries, ...rules])('%s names metrics and labels that exist', (query) => {
  const used = uses(query)
  expect(used.length).toBeGreaterThan(0)
  for (const { name, labels } of used) {
    const definition = definitionOf(name)
    expect(definition, name).toBeDefined()
    const isHistogram = definition!.kind === 'histogram'
    expect(/_(bucket|sum|count)$/.test(name), `${name} of a histogram`).toBe(isHistogram)
    for (const label of labels) expect(['instance', ...(definition!.labels ?? [])], name).toContain(label)
  }
  const grouped = [...query.matchAll(/(?:by|on) \(([^)]*)\)/g)].flatMap(([, list]) => list!.split(', '))
  const known = new Set(used.flatMap(({ name }) => definitionOf(name)!.labels ?? []))
  for (const label of grouped) if (!['instance', 'le'].includes(label)) expect([...known]).toContain(label)
  // Quotes and brackets are closed.
  for (const [opening, closing] of ['()', '{}', '[]'])
    expect(query.split(opening!).length, query).toBe(query.split(closing!).length)
  // A counter has no meaning without its rate.
  for (const { name } of used) if (name.endsWith('_total')) expect(query).toMatch(/rate|increase/)
})

test('the dashboard shows every metric', () => {
  const shown = new Set(queries.flatMap(uses).map(({ name }) => name.replace(/_(bucket|sum|count)$/, '')))
  const absent = Object.keys(METRICS).filter((name) => !shown.has(name))
  // The stat panel shows the age of the last checkpoint; the time of the last batch is for alerts of one's own.
  expect(absent).toEqual(['batch_last_time_seconds'])
})

test('no two panels overlap', () => {
  const cells = new Map<string, string>()
  for (const { title, gridPos } of dashboard.panels) {
    const { x, y, w, h } = gridPos
    expect(x + w, title).toBeLessThanOrEqual(24)
    for (let column = x; column < x + w; column++)
      for (let line = y; line < y + h; line++) {
        expect(cells.get(`${column}/${line}`), title).toBe(undefined)
        cells.set(`${column}/${line}`, title)
      }
  }
})

test('every rule has a severity, a summary and an action', () => {
  const blocks = alerts.split('- alert: ').slice(1)
  expect(blocks).toHaveLength(rules.length)
  for (const block of blocks) {
    expect(block).toMatch(/severity: (page|warn)\n/)
    expect(block).toMatch(/summary: \S/)
    expect(block).toMatch(/action: \S/)
  }
})

test('the guide lists every metric, with its labels', () => {
  const rows = [...text('docs/guide/monitoring.md').matchAll(/^\| `millrace_(\w+)(?:\{([^}]*)\})?` \| (\w+) \|/gm)]
  const listed = rows.map(([, name, labels = '', kind]) => [name, labels.split(', ').join(), kind])
  const wanted = Object.entries(definitions).map(([name, { labels = [], kind }]) => [name, labels.join(), kind])
  expect(listed.sort()).toEqual(wanted.sort())
})
