import { expect, it } from 'vitest'
import { digest, fnv1a } from '../../bench/compare/digest.mjs'
import { htmlReport } from '../../bench/compare/html.mjs'
import { judgeMarks } from '../../bench/compare/judging.mjs'
import { summarise } from '../../bench/compare/summary.mjs'
import { textTable } from '../../bench/compare/text.mjs'
import { logScale, short, ticks } from '../../bench/plot/scales.mjs'

const turn = (ms: number[], answer: unknown, foreignCores = 0) => ({ ms, answer, foreignCores, cpuMs: 20, wallMs: 10 })
const entry = (id: string, turns: unknown[], more = {}) => ({
  id,
  title: id,
  turns,
  peakRssMb: 9,
  firstMs: 7,
  coldMs: 5,
  ...more,
})
const workload = { name: 'w', title: 'A <workload>', unit: 'lines' }
const volume = { bytes: 2e6, records: 1000 }

const summary = () =>
  summarise(workload, volume, [
    entry('millrace:a', [turn([10, 12, 11], { total: 1 }), turn([20], { total: 1 })]),
    entry('other', [turn([22], { total: 1 }), turn([20], { total: 2 }, 0.5)]),
    entry('third', [turn([5], { total: 1 }), turn([40], { total: 1 })]),
    entry('broken', [], { failure: 'it <broke>' }),
  ])

it('takes ratios within each round and medians over the rounds', () => {
  const { rows, reference } = summary()
  expect(reference).toBe('millrace:a')
  expect(rows[0]).toMatchObject({ ms: { median: 15.5, min: 11, max: 20 }, iterations: 4, slowestMs: 20, coresUsed: 2 })
  expect(rows[1]).toMatchObject({ ratio: { median: 1.5, min: 1, max: 2 }, mbPerSecond: 2e6 / 21 / 1000 })
  expect(rows[1]!.recordsPerSecond).toBeCloseTo(1000 / 0.021)
})

it('marks an answer that differs in any turn as wrong, and a turn beside others as noisy', () => {
  const { rows } = summary()
  expect(rows.map(({ correct }) => correct)).toEqual([true, false, true, undefined])
  expect(rows.map(({ noisy }) => noisy)).toEqual([false, true, false, undefined])
  const text = textTable(summary())
  expect(text).toMatch(/^other .* 0\.50 \(!\) +WRONG$/m)
  expect(text).toMatch(/^broken .*failed$/m)
  expect(text).toContain('broken: it <broke>')
})

it('does not call a workload without an answer checked', () => {
  for (const none of [null, undefined]) {
    const entries = [entry('millrace', [turn([1], none)]), entry('other', [turn([1], none)])]
    expect(summarise(workload, volume, entries).rows.map(({ correct }) => correct)).toEqual([undefined, undefined])
  }
})

it('compares with Millrace on Spark where no thread runs', () => {
  const entries = [
    entry('millrace-spark:closures', [turn([10], { total: 1 })]),
    entry('spark:file', [turn([30], { total: 2 })]),
  ]
  const { rows, reference } = summarise(workload, volume, entries)
  expect(reference).toBe('millrace-spark:closures')
  expect(rows.map(({ correct }) => correct)).toEqual([true, false])
  expect(rows[1]).toMatchObject({ ratio: { median: 3 } })
})

it('compares with nobody if Millrace itself failed', () => {
  const entries = [entry('millrace', [], { failure: 'gone' }), entry('other', [turn([1], 1)])]
  const { rows, reference } = summarise(workload, volume, entries)
  expect(reference).toBeUndefined()
  expect(rows[1]).toMatchObject({ ratio: undefined, correct: undefined })
  expect(textTable(summarise(workload, volume, entries))).toContain('not checked')
})

it('shows steps of a ladder that were not tried', () => {
  const delays = { p50: 1, p99: 2 }
  const tried = {
    interval: 10,
    batches: 5,
    stable: true,
    processing: delays,
    scheduling: delays,
    arrivalToOutput: delays,
  }
  const ladder = [tried, { interval: 5, batches: 0, stable: false }]
  const rows = summarise(workload, volume, [entry('millrace', [{ ...turn([1], {}), ladder }])]).rows
  expect(rows[0]!.ladder).toMatchObject([
    { interval: 10, stable: true, scheduling: delays },
    { interval: 5, batches: 0, stable: false },
  ])
})

it('makes a page in which nothing of the text is taken for markup', () => {
  const html = htmlReport({
    at: '2026-01-02T03:04:05.000Z',
    minutes: 1,
    machine: { cpu: 'a <cpu>', cores: 2, memoryGiB: 4, node: 'v20', platform: 'linux' },
    options: { threads: 2, rounds: 2, bytes: 1e6 },
    versions: { other: '1.2' },
    skipped: { absent: 'no <tool>' },
    workloads: [summary()],
    marks: judgeMarks([{ ...summary(), name: 'startup' }]),
  })
  expect(html).toContain('a &lt;cpu&gt;')
  expect(html).toContain('absent was skipped: no &lt;tool&gt;')
  expect(html).toContain('it &lt;broke&gt;')
  expect(html).toContain('<circle class="dot wrong"')
  expect(html).toContain('<td class="bad">not known: millrace took no part</td>')
  expect(html).not.toMatch(/NaN|undefined/)
})

it('scales by ratios', () => {
  const x = logScale([1, 100, Number.NaN], 0, 200)
  expect([1, 10, 100].map(x)).toEqual([0, 100, 200])
  expect(logScale([7, 7], 0, 200)(7)).toBe(100)
  expect(ticks(3, 60)).toEqual([5, 10, 20, 50])
  expect([0.5, 1234, 5.6e6].map(short)).toEqual(['0.5', '1.23k', '5.6M'])
})

it('has a hash that the order of the pairs does not change, but any count does', () => {
  expect(fnv1a('foobar')).toBe(0xbf9cf968)
  const pairs: [string, number][] = [
    ['a', 1],
    ['ü', 2 ** 40],
  ]
  expect(digest(pairs)).toEqual(digest([...pairs].reverse()))
  expect(digest(pairs)).not.toEqual(digest([pairs[0]!, ['ü', 2 ** 40 + 1]]))
  expect(digest([])).toEqual({ keys: 0, total: 0, hash: 0 })
})
