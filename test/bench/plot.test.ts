import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { panelPlot } from '../../bench/plot/panels.mjs'
import { peersPlot } from '../../bench/plot/peers.mjs'
import { plot } from '../../bench/plot.mjs'

const machine = { cores: 2, node: 'v20.20.2' }
const spreadOf = (rounds: readonly number[]) => ({
  median: rounds[1],
  min: Math.min(...rounds),
  max: Math.max(...rounds),
})
const row = (id: string, rounds: readonly number[], more = {}) => ({
  id,
  rounds,
  ms: spreadOf(rounds),
  correct: true,
  ...more,
})
const wordcount = {
  name: 'wordcount',
  rows: [
    row('millrace:builtins', [10, 10, 20]),
    row('millrace:closures', [40, 40, 40]),
    row('millrace-lts:builtins', [1, 1, 1]),
    row('spark', [100, 100, 200]),
    row('spark:file', [50, 50, 100]),
    row('duckdb', [5, 5, 10], { noisy: true }),
    row('duckdb:columns', [2, 2, 4]),
    row('polars', [30, 30, 30], { correct: false }),
    { id: 'flink', failure: 'no answer' },
  ],
}
const report = (workloads: readonly object[]) => ({
  bench: 'compare',
  at: '2026-11-30T00:00:00.000Z',
  machine,
  workloads,
})

describe('the plot of peers', () => {
  it('has a dot for the fastest form of each peer, in rounds of this Node, without failures and wrong answers', () => {
    const svg = peersPlot(report([wordcount]))
    const dots = [...svg.matchAll(/<g><title>([^<]*)<\/title>/g)].map(([, text]) => text)
    expect(dots).toEqual([
      'Spark DStreams: 5 times',
      'DuckDB: 0.5 times, while other processes ran',
      'DuckDB, columns in memory: 0.2 times',
    ])
  })

  it('leaves out workloads without a peer, and has none of none', () => {
    const alone = { name: 'sort', rows: [row('millrace', [1, 1, 1])] }
    expect(peersPlot(report([wordcount, alone]))).not.toContain('sort')
    expect(() => peersPlot(report([alone]))).toThrow('no workload')
  })
})

describe('panels', () => {
  const panel = {
    title: 'a < b',
    marks: [{ at: 0, text: '1' }],
    points: [
      { at: 0, value: 0 },
      { at: 1, value: 10 },
    ],
  }

  it('begin at 0 and end above the greatest value', () => {
    const svg = panelPlot('title', [panel])
    expect(svg).toContain('points="70.0,150.0 700.0,50.0"')
    expect(svg).toContain('a &lt; b')
  })

  it('stand beside each other', () => {
    const svg = panelPlot('title', [panel, panel, panel], { columns: 2, height: 100 })
    const starts = [...svg.matchAll(/points="([\d.]+),([\d.]+) /g)].map(([, x, y]) => [Number(x), Number(y)])
    expect(starts).toEqual([
      [70, 140],
      [440, 140],
      [70, 286],
    ])
  })
})

describe('the command', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plot-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const file = (content: string) => {
    const path = join(folder, 'run.json')
    writeFileSync(path, content)
    return path
  }

  it('draws a recorded run beside it, or where it is asked to', () => {
    const run = file(JSON.stringify(report([wordcount])))
    const said: string[] = []
    plot([run], (text: string) => said.push(text))
    plot([run, '--out', join(folder, 'images/peers.svg')], (text: string) => said.push(text))
    expect(said).toEqual(['run.svg', 'images/peers.svg'].map((name) => `written to ${join(folder, name)}`))
    expect(readFileSync(join(folder, 'run.svg'), 'utf8')).toBe(readFileSync(join(folder, 'images/peers.svg'), 'utf8'))
  })

  it.each([
    ['no file', [], 'Name one file'],
    ['a file that is missing', ['nowhere.json'], 'nowhere.json cannot be read as JSON'],
    ['two files', ['a.json', 'b.json'], 'Name one file'],
  ])('refuses %s', (_what, words, message) => {
    expect(() => plot(words, () => {})).toThrow(message)
  })

  it('refuses a file without a run, and a run without a plot', () => {
    expect(() => plot([file('{')], () => {})).toThrow('cannot be read as JSON')
    expect(() => plot([file('{"bench":"log"}')], () => {})).toThrow(
      "is a run of 'log'. There are plots of compare, growth.",
    )
  })
})

it.each([
  ['reference-growth.json', 'growth.svg'],
  ['reference-peers.json', 'peers.svg'],
])('the docs have the plot of %s', (run, image) => {
  const out = join(mkdtempSync(join(tmpdir(), 'plot-')), image)
  try {
    plot([fileURLToPath(new URL(`../../bench/results/${run}`, import.meta.url)), '--out', out], () => {})
    const shown = new URL(`../../docs/images/${image}`, import.meta.url)
    expect(readFileSync(out, 'utf8')).toBe(readFileSync(shown, 'utf8'))
  } finally {
    rmSync(dirname(out), { recursive: true })
  }
})
