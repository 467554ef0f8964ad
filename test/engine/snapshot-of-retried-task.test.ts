import { ManualClock, StreamingContext } from 'millrace'
import { expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'

declare global {
  var thrownOnce: boolean | undefined
}

/** A snapshot that a failed task wrote never reaches the driver: its next attempt must write the same changes again. */
test('an increment holds what changed, also when the task fails after it wrote one and is tried again', async () => {
  const clock = new ManualClock(0)
  const ssc = new StreamingContext({ batchInterval: 1000, threads: 1, clock, stateSnapshotInterval: 2 })
  const many = Array.from({ length: 100 }, (_, i): [string, number] => [`k${i}`, 1])
  const one = (key: string): [string, number][] => [[key, 1]]
  // Snapshots: a full one in batch 2, an increment (of batches 3 and 4) in batch 4.
  ssc
    .queueStream([many, one('k1'), one('k1'), one('k2'), one('k3')])
    .reduceByKeyAndWindow((a, b) => a + b, '100s', '1s', { inverse: (a, b) => a - b })
    .map((pair) => {
      if (pair[0] === 'k2' && pair[1] === 2 && !globalThis.thrownOnce) {
        globalThis.thrownOnce = true
        throw new Error('once')
      }
      return pair
    })
    .output('totals')
  let retries = 0
  ssc.on('taskRetried', () => retries++)
  await ssc.start()
  const tick = async () => {
    await clock.advance(1000)
    await ssc.awaitIdle()
  }
  for (let batch = 1; batch <= 4; batch++) await tick()
  expect(retries).toBe(1)
  const pool = localEngineOf(ssc).pool!
  await pool.whenStrong()
  await pool.terminate(pool.ready()[0]!)
  await tick()
  await ssc.stop()
  let last = new Map<string, number>()
  for await (const { records } of ssc.output<[string, number]>('totals')) last = new Map(records)
  expect(['k0', 'k1', 'k2', 'k3'].map((key) => last.get(key))).toEqual([1, 3, 2, 2])
})
