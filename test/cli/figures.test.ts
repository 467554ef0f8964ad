import type { BatchInfo } from 'millrace'
import { expect, test } from 'vitest'
import { Figures, formatTotals } from '#build/cli/figures.js'
import { formatRow } from '#build/cli/views/line-view.js'

const info = (time: number, processingDelay: number, more: Partial<BatchInfo> = {}): BatchInfo => ({
  time,
  submittedAt: time,
  startedAt: time,
  endedAt: time + processingDelay,
  schedulingDelay: 0,
  processingDelay,
  totalDelay: processingDelay,
  records: 10,
  inputs: [],
  outputs: [],
  ...more,
})

test('no batch: no processing time', () => {
  expect(formatTotals(new Figures().totals())).toBe('0 batches, 0 records, 0 threads lost')
})

test('batches, records and percentiles add up', () => {
  const figures = new Figures()
  for (let i = 1; i <= 100; i++) figures.batch(info(i * 1000, i))
  expect(figures.totals()).toEqual({ batches: 100, records: 1000, p50: 50, p99: 99, threadsLost: 0 })
  expect(formatTotals(figures.totals())).toBe(
    '100 batches, 1,000 records, processing p50 50 ms, p99 99 ms, 0 threads lost',
  )
})

test('with a Spark master there are executors and their failed tasks instead of threads', () => {
  const figures = new Figures()
  const executor = {
    id: '1',
    address: 'a:1',
    cores: 2,
    tasks: 0,
    completed: 9,
    failed: 2,
    processes: 2,
    endedProcesses: 0,
    storedBytes: 0,
  }
  figures.executors({ ui: undefined, executors: [] })
  expect(formatTotals(figures.totals())).toBe('0 batches, 0 records')
  figures.executors({ ui: undefined, executors: [executor, { ...executor, id: '2', failed: 0 }] })
  expect(formatTotals(figures.totals())).toBe('0 batches, 0 records, 2 executors, 2 failed tasks')
})

test('a thread that is lost counts in the next batch; one that ends with the context never', () => {
  const figures = new Figures()
  figures.threadLost('terminated')
  figures.threadLost('out-of-memory')
  expect(figures.batch(info(1000, 1)).threadsLost).toBe(2)
  figures.threadLost('closed')
  expect(figures.batch(info(2000, 1)).threadsLost).toBe(0)
  expect(figures.totals().threadsLost).toBe(2)
})

test('a batch too quick to measure, and one whose output failed', () => {
  const figures = new Figures()
  const output = { id: 0, label: 'print', startedAt: 0, endedAt: 0 }
  const failed = { ...output, id: 1, label: 'output(n)', error: new Error('no') }
  const row = figures.batch(info(1000, 0, { outputs: [output, failed] }))
  expect(formatRow(row)).toBe(
    '1970-01-01T00:00:01.000Z records=10 scheduling=0ms processing=0ms total=0ms lost=0 failed=output(n)',
  )
  expect(figures.totals().p50).toBe(1)
})
