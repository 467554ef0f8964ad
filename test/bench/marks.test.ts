import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { onLts, withLts } from '../../bench/compare/ids.mjs'
import { judgeMarks } from '../../bench/compare/judging.mjs'
import { MARKS } from '../../bench/compare/marks.mjs'
import { markdownMarks } from '../../bench/compare/marks-markdown.mjs'
import { textMarks } from '../../bench/compare/marks-table.mjs'
import { WORKLOADS } from '../../bench/compare/workloads.mjs'
import { marks } from '../../bench/marks.mjs'
import { PEERS } from '../../bench/peers/registry.mjs'

const row = (id: string, rounds: number[], more = {}) => {
  const [median] = rounds.toSorted((a, b) => a - b).slice(rounds.length >> 1)
  return { id, rounds, ms: { median, min: Math.min(...rounds), max: Math.max(...rounds) }, correct: true, ...more }
}
type Judged = { what: string; mark: string; here: object; lts: object }
const judged = (workload: string, rows: object[], mark: string): Judged[] =>
  judgeMarks([{ name: workload, rows }]).filter((each: Judged) => each.mark === mark)

const result = (name: string) => fileURLToPath(new URL(`../../bench/results/${name}`, import.meta.url))
const recorded = () =>
  readdirSync(result('.'))
    .filter((name) => /^reference-.*\.json$/.test(name))
    .map(result)
    .filter((file) => JSON.parse(readFileSync(file, 'utf8')).bench === 'compare')
    .sort()

describe('a mark', () => {
  it('is reached by the median of the ratios of each round', () => {
    const rows = [row('millrace:closures', [10, 10, 10]), row('spark', [80, 75, 200])]
    const [{ here, lts }] = judged('wordcount', rows, '8 × Spark DStreams') as [Judged]
    expect(here).toMatchObject({ reached: true, missedBy: 0, value: { median: 8, min: 7.5, max: 20 } })
    expect(lts).toEqual({ unknown: 'millrace-lts:closures took no part' })
  })

  it('that is missed says by how much of what is asked', () => {
    const rows = [row('millrace:closures', [10]), row('spark', [64])]
    const [{ here }] = judged('wordcount', rows, '8 × Spark DStreams') as [Judged]
    expect(here).toMatchObject({ reached: false, missedBy: expect.closeTo(0.2) })
    const [{ here: start }] = judged('startup', [row('millrace', [650])], 'under 0.5 s (Spark: 4.6 s)') as [Judged]
    expect(start).toMatchObject({ reached: false, missedBy: expect.closeTo(0.3) })
  })

  it('beside several is decided by the hardest, and by none if one is missing', () => {
    const mark = '2 × the better of polars and DuckDB'
    const rows = [row('millrace:builtins', [10]), row('polars', [50]), row('duckdb', [18])]
    expect(judged('wordcount', rows, mark)[0]!.here).toMatchObject({ than: 'duckdb', reached: false })
    expect(judged('wordcount', rows.slice(0, 2), mark)[0]!.here).toEqual({ unknown: 'duckdb took no part' })
  })

  it('is not reached with a wrong answer, nor beside one, nor by a contender that failed', () => {
    const mark = '5 × Spark DStreams from memory'
    const here = (ours: object, spark: object) =>
      judged(
        'grep',
        [
          { ...row('millrace:closures', [1]), ...ours },
          { ...row('spark', [9]), ...spark },
        ],
        mark,
      )[0]!.here
    expect(here({}, {})).toMatchObject({ reached: true })
    expect(here({ correct: false }, {})).toEqual({ unknown: 'millrace:closures answered WRONG' })
    expect(here({}, { correct: false })).toEqual({ unknown: 'spark answered WRONG' })
    expect(here({}, { failure: 'gone' })).toEqual({ unknown: 'spark failed' })
  })

  it('of memory and processor time is a share of the other; where there is no figure nothing is known', () => {
    const rows = (peakRssMb: number) => [row('millrace', [1], { peakRssMb: 300 }), row('spark', [1], { peakRssMb })]
    const mark = "at most a quarter of Spark's"
    expect(judged('state-map', rows(1200), mark)[0]!.here).toMatchObject({ reached: true, value: { median: 0.25 } })
    expect(judged('state-map', rows(600), mark)[0]!.here).toMatchObject({ reached: false, missedBy: 1 })
    expect(judged('state-map', rows(Number.NaN), mark)[0]!.here).toEqual({ unknown: 'no figure' })
  })

  it('of the slowest batches takes the slowest of few, the 99th percentile of many', () => {
    const at = (iterations: number) =>
      judged(
        'state-map',
        [row('millrace', [10], { iterations, slowestMs: 40, p99Ms: 20 })],
        'p99 within 2.5 × the median',
      )[0]!.here
    expect([at(99), at(100)]).toMatchObject([
      { reached: false, value: { median: 4 } },
      { reached: true, value: { median: 2 } },
    ])
  })

  it('is also taken on the other Node, beside the loop on that one', () => {
    const rows = ['millrace:closures', 'node', 'millrace-lts:closures', 'node-lts'].map((id, i) =>
      row(id, [1], { cpuMs: [12, 10, 14, 10][i] }),
    )
    const mark = 'at most 1.25 × the time of a hand-written loop, per core'
    const [{ here, lts }] = judged('grep', rows, mark) as [Judged]
    expect(here).toMatchObject({ than: 'node', reached: true })
    expect(lts).toMatchObject({ than: 'node-lts', reached: false, missedBy: expect.closeTo(0.12) })
  })
})

describe('the marks', () => {
  const page = readFileSync(new URL('../../docs/internals/performance.md', import.meta.url), 'utf8')
  const tables = page.split('\n\n').filter((part) => part.startsWith('|'))

  it('of the recorded runs are the table of docs/internals/performance.md', () => {
    const printed: string[] = []
    marks(recorded(), (text: string) => printed.push(text))
    expect(tables.find((table) => table.startsWith('| Workload | Mark |'))).toBe(printed.join('\n'))
  })

  it('of other benchmarks have a figure there, in its words', () => {
    const rows = tables.find((table) => table.startsWith('| Figure | Mark |'))!.split('\n')
    const named = rows.map((row) => row.split(' | ').slice(0, 2).join(': ').replace('| ', ''))
    const elsewhere = MARKS.filter((mark: { elsewhere?: string }) => mark.elsewhere !== undefined)
    expect(named).toEqual(
      expect.arrayContaining(elsewhere.map(({ what, mark }: { what: string; mark: string }) => `${what}: ${mark}`)),
    )
  })

  it('are printed of runs of compare only', () => {
    expect(() => marks([], () => {})).toThrow('Name the recorded runs')
    expect(() => marks(['/missing.json'], () => {})).toThrow('/missing.json cannot be read as JSON')
    expect(() => marks([result('reference-growth.json')], () => {})).toThrow("is a run of 'growth'")
  })

  it('of several measures are one row, with the greatest distance of those that miss', () => {
    const rows = [row('millrace', [1], { peakRssMb: 50 }), row('spark', [9], { peakRssMb: 100 })]
    const other = [row('millrace', [1], { peakRssMb: 30 }), row('spark', [12], { peakRssMb: 100 })]
    const workloads = [
      { name: 'state-update', rows },
      { name: 'join', rows: other },
    ]
    expect(markdownMarks(judgeMarks(workloads))).toContain(
      "| Peak RSS | at most a quarter of Spark's | state-update **0.50**, join **0.30** | missed by up to 100 % |",
    )
  })

  it('ask for contenders that take part in their workloads, here and on the other Node', () => {
    for (const { measures = [] } of MARKS) {
      for (const { workload, of, than } of measures) {
        const { contenders } = WORKLOADS.find(({ name }: { name: string }) => name === workload)!
        expect(contenders).toEqual(expect.arrayContaining([of, ...than, onLts(of) ?? of]))
      }
    }
  })

  it('are shown with what decided, and where those are that are measured elsewhere', () => {
    const rows = [row('millrace:closures', [10]), row('spark', [64], { noisy: true })]
    const lines = textMarks(judgeMarks([{ name: 'wordcount', rows }]), { threads: 2 }).split('\n')
    expect(lines.find((line: string) => line.startsWith('Word count, closures'))!.split(/\s{2,}/)).toEqual([
      'Word count, closures: 8 × Spark DStreams',
      'wordcount, millrace:closures / spark',
      'at least 8 ×',
      '6.40 (!)',
      'missed by 20.0 %',
      '-',
      'not known: millrace-lts:closures took no part',
    ])
    expect(lines).toContainEqual(expect.stringMatching(/^npm run bench -- guard has: 2 threads: 1.8 × one; /))
    expect(textMarks(judgeMarks([{ name: 'topk', rows }]), { threads: 2 })).toBe('')
  })

  it('are for full data and two threads: anything else says that it decides nothing', () => {
    const judged = judgeMarks([{ name: 'startup', rows: [row('millrace', [1])] }])
    expect(textMarks(judged, { threads: 2 })).toMatch(/^marks\nmark /)
    expect(textMarks(judged, { threads: 2, quick: true })).toContain('these results are not meaningful')
    expect(textMarks(judged, { threads: 3 })).toContain('The marks are for 2 threads, not for 3.')
  })
})

describe('contenders', () => {
  it('of the other Node follow the last one of the same kind', () => {
    expect(withLts(['millrace:a', 'millrace:b', 'node', 'spark'])).toEqual([
      ...['millrace:a', 'millrace:b', 'millrace-lts:a', 'millrace-lts:b', 'node', 'node-lts', 'spark'],
    ])
    expect(withLts(['millrace', 'spark'])).toEqual(['millrace', 'millrace-lts', 'spark'])
  })

  it('all have a peer', () => {
    const peers = WORKLOADS.flatMap(({ contenders }: { contenders: string[] }) => contenders).map(
      (id) => id.split(':')[0],
    )
    expect(Object.keys(PEERS)).toEqual(expect.arrayContaining(peers))
  })
})
