import { expect, test } from 'vitest'
import type { BatchRow } from '#build/cli/figures.js'
import { renderTable } from '#build/cli/views/table.js'

const row = (time: number, more: Partial<BatchRow> = {}): BatchRow => ({
  time,
  records: 12345,
  schedulingDelay: 0,
  processingDelay: 8,
  totalDelay: 8,
  threadsLost: 0,
  failed: [],
  ...more,
})
const base = {
  title: 'millrace  words.js',
  rows: [row(1000), row(2000, { records: 7, schedulingDelay: 120, totalDelay: 128 })],
  totals: { batches: 2, records: 12352, p50: 8, p99: 8, threadsLost: 0 },
  batchInterval: 1000,
  width: 100,
  colour: false,
}
const ESCAPE = String.fromCharCode(27)

test('columns are aligned, numbers to the right', () => {
  expect(renderTable(base)).toEqual([
    'millrace  words.js',
    'batch (UTC)   records  scheduling  processing   total  lost',
    '00:00:01.000   12,345        0 ms        8 ms    8 ms     0',
    '00:00:02.000        7      120 ms        8 ms  128 ms     0',
    '2 batches, 12,352 records, processing p50 8 ms, p99 8 ms, 0 threads lost',
  ])
})

test('no batch yet: the headings stand alone', () => {
  const lines = renderTable({ ...base, rows: [] })
  expect(lines[1]).toBe('batch (UTC)  records  scheduling  processing  total  lost')
  expect(lines).toHaveLength(3)
})

test('no line is wider than the terminal, however it is coloured', () => {
  const rows = [row(1000, { failed: ['output(a-long-name)'] })]
  const plain = renderTable({ ...base, rows, width: 30 })
  expect(plain.map((line) => line.length)).toEqual([18, 30, 30, 30])
  expect(plain[2]).toBe('00:00:01.000   12,345        …')
  const sgr = new RegExp(`${ESCAPE}\\[\\d+m`, 'g')
  expect(renderTable({ ...base, rows, width: 30, colour: true }).map((line) => line.replace(sgr, ''))).toEqual(plain)
})

test.each([
  ['in time', {}, ''],
  ['slower than the interval', { processingDelay: 1001 }, `${ESCAPE}[33m`],
  ['with a thread lost', { threadsLost: 1 }, `${ESCAPE}[31m`],
  ['failed', { failed: ['print'], processingDelay: 1001 }, `${ESCAPE}[31m`],
])('the colour of a batch %s', (_, more, start) => {
  const line = renderTable({ ...base, rows: [row(1000, more)], colour: true })[2]!
  expect(line.slice(0, line.indexOf('00:00:01'))).toBe(start)
  expect(line.endsWith(`${ESCAPE}[0m`)).toBe(start !== '')
})

test('without colour there is no escape sequence', () => {
  const rows = [row(1000, { failed: ['print'] })]
  expect(renderTable({ ...base, rows }).join('')).not.toContain(ESCAPE)
})
