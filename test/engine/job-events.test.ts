import type { JobInfo, StreamsStatus } from 'millrace'
import { afterEach, expect, test } from 'vitest'
import { DRIVERS, opened, stopAll } from './driver-thread-support.js'
import { manual } from './support.js'

afterEach(stopAll)

test('a job reports its stages, and the output that started it', async () => {
  const { ssc, clock } = manual({ threads: 2, parallelism: 4, spare: false })
  await using _ssc = ssc
  const jobs: JobInfo[] = []
  ssc.on('jobCompleted', (job) => jobs.push(job))
  const words = ssc.queueStream([['a', 'b', 'a', 'c']])
  words
    .map((word) => [word, 1] as [string, number])
    .reduceByKey((a, b) => a + b)
    .output('counts')
  words.count().output('count')
  await ssc.start()
  await clock.advance(1000)
  await ssc.awaitIdle()
  expect(jobs.map(({ batchTime, output }) => ({ batchTime, output }))).toEqual([
    { batchTime: 1000, output: 0 },
    { batchTime: 1000, output: 1 },
  ])
  const [map, reduce] = [...jobs[0]!.stages].sort((a, b) => a.kind.localeCompare(b.kind))
  expect(map).toMatchObject({ kind: 'map', finished: map!.tasks, extraAttempts: 0, records: 4 })
  expect(map!.runMs!.min).toBeLessThanOrEqual(map!.runMs!.max)
  expect(reduce).toMatchObject({ kind: 'result', tasks: 4, finished: 4 })
})

test('a failed job reports its error and the tasks that did not finish', async () => {
  const { ssc, clock } = manual({ threads: 1, spare: false, onBatchError: 'skip', maxFailures: 1 })
  await using _ssc = ssc
  const jobs: JobInfo[] = []
  ssc.on('jobCompleted', (job) => jobs.push(job))
  ssc
    .queueStream([[1]])
    .map(() => {
      throw new Error('broken')
    })
    .output('none')
  await ssc.start()
  await clock.advance(1000)
  await ssc.awaitIdle()
  expect(jobs).toHaveLength(1)
  expect(jobs[0]!.error?.message).toContain('broken')
  expect(jobs[0]!.stages[0]).toMatchObject({ finished: 0, runMs: undefined })
})

test.each(DRIVERS)('status and jobs are the same with the driver in the %s', async (driver) => {
  const { ssc, clock } = await opened('queue.mjs', driver)
  const jobs: JobInfo[] = []
  ssc.on('jobCompleted', (job) => jobs.push(job))
  await ssc.start()
  await clock.advance(1000)
  await ssc.awaitIdle()
  const status: StreamsStatus = await ssc.status()
  expect(status).toMatchObject({ state: 'ACTIVE', now: 1000, batchInterval: 1000 })
  expect(status.threads.filter(({ slot }) => slot >= 0)).toHaveLength(2)
  expect(status.threads.every(({ activeMs }) => activeMs >= 0)).toBe(true)
  expect(status.memory.limit).toBeGreaterThan(0)
  expect(status.options).toMatchObject({ threads: 2, maxFailures: 4 })
  expect(status.streams[0]).toMatchObject({ id: 0, parents: [], source: { kind: 'local' } })
  expect(jobs.length).toBeGreaterThan(0)
})

test('the status has the sizes of state and of persisted datasets', async () => {
  const { ssc, clock } = manual({ threads: 2, spare: false, stateSnapshotInterval: 1 })
  await using _ssc = ssc
  const pairs = ssc.queueStream([['a', 'b', 'c'].map((key) => [key, 1] as [string, number])]).persist()
  pairs.updateStateByKey<number>((values, old = 0) => old + values.length).output('state')
  await ssc.start()
  await clock.advance(1000)
  await ssc.awaitIdle()
  const { states, memory } = await ssc.status()
  expect(states).toMatchObject([{ version: 1000, snapshot: 1000, keys: 3, partitions: 2 }])
  expect(states[0]!.bytes).toBeGreaterThan(0)
  expect(memory.state).toBe(states[0]!.bytes)
})
