import { ArgumentError, type StreamingOptions } from 'millrace'
import { expect, test } from 'vitest'
import { pauseAfter } from '#build/engine/streaming/output-retries.js'
import { manual, run } from './support.js'

function failing(times: number, options: Partial<StreamingOptions>) {
  const made = manual({ threads: 1, spare: false, ...options })
  const calls: { time: number; rdd: unknown; records: unknown }[] = []
  made.ssc.queueStream([[1, 2], [3]]).foreachRDD(async (rdd, time) => {
    calls.push({ time, rdd, records: await rdd.collect() })
    if (calls.length <= times) throw new Error('database is locked')
  })
  return { ...made, calls }
}

test('an output that fails runs again with the same batch time and dataset, and says so', async () => {
  const { ssc, calls } = failing(3, { outputRetries: { attempts: 5, delay: 1, maxDelay: 2 } })
  await using _ = ssc
  const retried: unknown[] = []
  ssc.on('outputRetried', ({ time, attempt, pause }) => retried.push([time, attempt, pause]))
  await ssc.start()
  await run(ssc, 2)
  expect(calls.map(({ time }) => time)).toEqual([1000, 1000, 1000, 1000, 2000])
  expect(new Set(calls.slice(0, 4).map(({ rdd }) => rdd)).size).toBe(1)
  expect(calls[3]!.records).toEqual([1, 2])
  expect(retried).toEqual([
    [1000, 1, 1],
    [1000, 2, 2],
    [1000, 3, 2],
  ])
})

test('when the attempts are used up, the batch fails with the last error', async () => {
  const { ssc, calls } = failing(9, { outputRetries: { attempts: 3, delay: 1 } })
  await ssc.start()
  const ended = expect(ssc.awaitTermination()).rejects.toThrow('database is locked')
  await (ssc.clock as { advance?(ms: number): Promise<void> }).advance!(1000)
  await ended
  expect(calls).toHaveLength(3)
})

test('a final error is not retried, whatever wraps it', async () => {
  const { ssc, clock } = manual({ threads: 1, spare: false, outputRetries: { attempts: 5, delay: 1 } })
  const refused = Object.assign(new Error('bad credentials'), { details: { final: true } })
  let calls = 0
  ssc.queueStream([[1]]).foreachRDD(() => {
    calls++
    throw new Error('cannot save', { cause: refused })
  })
  await ssc.start()
  const ended = expect(ssc.awaitTermination()).rejects.toThrow('cannot save')
  await clock.advance(1000)
  await ended
  expect(calls).toBe(1)
})

test('without a policy there is one attempt', async () => {
  const { ssc, calls } = failing(1, { onBatchError: 'skip' })
  await using _ = ssc
  await ssc.start()
  await run(ssc, 1)
  expect(calls).toHaveLength(1)
  expect(ssc.skippedBatches).toEqual([1000])
})

test('no attempt begins during a pause, and the pause ends with the stop', async () => {
  const { ssc, clock, calls } = failing(9, { outputRetries: { attempts: 3, delay: '1h', maxDelay: '1h' } })
  await ssc.start()
  const retried = new Promise((resolve) => ssc.on('outputRetried', resolve))
  await clock.advance(1000)
  await retried
  // A second attempt would end before this job does.
  await ssc.context.range(100).count()
  expect((await ssc.stop({ graceful: true, timeout: 50 })).batchesNotProcessed).toContain(1000)
  expect(calls).toHaveLength(1)
})

test('pauses double up to the longest', () => {
  const policy = { attempts: 9, delay: 100, maxDelay: 1000 }
  expect([1, 2, 3, 4, 5, 6].map((n) => pauseAfter(n, policy))).toEqual([100, 200, 400, 800, 1000, 1000])
})

test.each([{ attempts: 0 }, { attempts: 1.5 }, { attempts: 2, delay: -1 }, { tries: 3 }, 5])(
  'refuses %j',
  (outputRetries) => {
    expect(() => manual({ outputRetries: outputRetries as never })).toThrow(ArgumentError)
  },
)

test('a text where a number of bytes or MiB is due is refused, and quoted', () => {
  expect(() => manual({ receiverBufferBytes: '2048' as never })).toThrow('receiverBufferBytes is "2048"')
  expect(() => manual({ resourceLimits: { stackSizeMb: '4' as never } })).toThrow('stackSizeMb: "4"')
})
