import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DirectSource, StreamingOptions } from 'millrace'
import { expect, onTestFinished, test } from 'vitest'
import { asAfterKill, type Manual, scratch } from './support.js'

const { directory, manual } = scratch()
const FAULTY = new URL('./faulty-files.mjs', import.meta.url).href
const READER = `export const numbers = { async *read({ from, to }) {
  for (let n = from; n < to; n++) yield [n]
} }`

interface Range {
  readonly from: number
  readonly to: number
}

/** The numbers below `end()`, each in one batch. */
function numbers(end: () => number): DirectSource<Range, number> {
  return {
    kind: 'direct',
    name: 'numbers',
    reader: { module: `data:text/javascript,${encodeURIComponent(READER)}`, export: 'numbers' },
    create: () => {
      let next = 0
      return {
        open: async (_zero, _interval, position) => {
          next = (position as number | undefined) ?? 0
        },
        next: async () => {
          const range = { from: next, to: end() }
          next = range.to
          return { partitions: range.from < range.to ? [range] : [] }
        },
        replay: (_time, { partitions }) => {
          for (const { to } of partitions) next = to
        },
        position: () => next,
        close: async () => {},
      }
    },
  }
}

/** Runs the numbers into a store that keeps the first result of each batch time, as sinks do. */
function run(at: string, from: number, store: Map<number, number[]>, options: Partial<StreamingOptions> = {}) {
  const source = { end: 0 }
  const of: Manual = manual(from, { checkpointDir: at, checkpointInterval: '1m', ...options })
  const batches = new Map<number, number[]>()
  of.ssc.input(numbers(() => source.end)).foreachRDD(
    async (rdd, time) => {
      const records = await rdd.collect()
      batches.set(time, records)
      if (!store.has(time)) store.set(time, records)
    },
    { inMemory: true },
  )
  const batch = async (end: number) => {
    source.end = end
    await of.clock.advance(of.ssc.batchInterval)
    await of.ssc.awaitIdle()
  }
  return { ...of, source, batches, batch }
}

test('a batch whose record could not be written, before one that was recorded: both have their input again', async () => {
  const at = directory()
  const control = join(directory(), 'control.json')
  onTestFinished(() => rmSync(control, { force: true }))
  const fileSystems = { faulty: { module: FAULTY, export: 'faultyFiles', options: { control } } }
  const first = run(`faulty://disk${at}`, 0, new Map(), { fileSystems })
  await first.ssc.start()
  await first.batch(2)
  writeFileSync(control, JSON.stringify({ operation: 'create', code: 'ENOSPC', of: '/entry-' }))
  await first.batch(4)
  rmSync(control)
  await first.batch(6)
  const second = run(asAfterKill(at, directory()), 3000, new Map())
  second.source.end = 9
  await second.ssc.start()
  await second.ssc.awaitIdle()
  await second.batch(9)
  expect([...second.batches]).toEqual([
    [1000, [0, 1]],
    [2000, [2, 3]],
    [3000, [4, 5]],
    [4000, [6, 7, 8]],
  ])
})

test.each([500, 2000])(
  'from 1 s to %i ms after a kill: batches that sinks may know have no input, so that nothing is lost',
  async (batchInterval) => {
    const at = directory()
    const store = new Map<number, number[]>()
    const first = run(at, 0, store)
    await first.ssc.start()
    for (const end of [2, 4, 6]) await first.batch(end)
    const second = run(asAfterKill(at, directory()), 3000, store, { batchInterval })
    second.source.end = 8
    await second.ssc.start()
    await second.ssc.awaitIdle()
    await second.batch(9)
    await second.batch(9)
    expect([...new Set([...store.values()].flat())].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    for (const [time, records] of second.batches) if (time <= 3000) expect(records).toEqual([])
  },
)
