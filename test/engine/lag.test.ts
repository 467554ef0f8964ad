import { expect, test } from 'vitest'
import { manual } from './support.js'

/** A stream whose batches end as often as `release` is called. */
async function slow(batchInterval: number) {
  const { ssc, clock, log } = manual({ batchInterval, threads: 1, spare: false })
  const waiting: (() => void)[] = []
  ssc.queueStream([], { default: [1] }).foreachRDD(() => new Promise<void>((resolve) => waiting.push(resolve)))
  const events: unknown[] = []
  ssc.on('lagging', (event) => events.push(event))
  ssc.on('caughtUp', (event) => events.push(event))
  await ssc.start()
  const release = async (batches: number) => {
    for (let i = 0; i < batches; i++) {
      await expect.poll(() => waiting.length).toBe(1)
      waiting.pop()!()
    }
  }
  return { ssc, clock, log, events, release }
}

test('batches that fall behind are reported once, with what takes longest, and once when it is over', async () => {
  const { ssc, clock, log, events, release } = await slow(1000)
  await using _ssc = ssc
  await clock.advance(1000)
  await release(1)
  await ssc.awaitIdle()
  await clock.advance(10_000)
  expect(events).toEqual([])
  await clock.advance(5_000)
  expect(events).toEqual([
    { time: 2000, behind: 10_000, batches: 11, reason: expect.stringMatching(/batch 2000 ms is at foreachRDD.*took/) },
  ])
  expect(log).toEqual([expect.stringContaining('batches are 10000 ms behind, 11 wait or run: batch 2000 ms is at')])
  await release(15)
  await ssc.awaitIdle()
  expect(events.slice(1)).toEqual([{ time: 15_000 }])
  expect(log.slice(1)).toEqual([expect.stringContaining('caught up')])
  await clock.advance(20_000)
  expect(events).toHaveLength(3)
  await release(20)
})

test('with long intervals it takes five of them', async () => {
  const { ssc, clock, events, release } = await slow(60_000)
  await using _ssc = ssc
  await clock.advance(5 * 60_000)
  expect(events).toEqual([])
  await clock.advance(60_000)
  expect(events).toMatchObject([{ behind: 300_000, batches: 6, reason: 'batch 60000 ms is at foreachRDD' }])
  await release(6)
})
