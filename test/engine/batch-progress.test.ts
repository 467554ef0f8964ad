import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BatchProgress, StreamingContext } from 'millrace'
import { afterEach, expect, test } from 'vitest'
import { manual, run } from './support.js'

const open: { stop(): Promise<unknown> }[] = []
const directories: string[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.stop()
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true })
})

function watched(options: Parameters<typeof manual>[0] = {}) {
  const { ssc, clock } = manual({ spare: false, ...options })
  open.push(ssc)
  const progress: BatchProgress[] = []
  ssc.on('batchProgress', (batch) => void progress.push(batch))
  return { ssc, clock, progress }
}

test('states rates, inputs, outputs and phases', async () => {
  const { ssc, progress } = watched({ batchInterval: 2000 })
  const words = ssc.queueStream([['a', 'b', 'c', 'd'], ['e']])
  ssc.queueStream([[1, 2]]).foreachRDD(async (rdd) => void (await rdd.count()))
  words.foreachRDD(async (rdd) => void (await rdd.count()))
  await ssc.start()
  await run(ssc, 2)
  const [first, second] = progress as [BatchProgress, BatchProgress]
  expect(progress).toHaveLength(2)
  // Six records in the 2 s before the batch.
  expect([first.time, first.status, first.records, first.inputRate]).toEqual([2000, 'succeeded', 6, 3])
  expect(second.inputRate).toBe(0.5)
  expect(first.inputs.map(({ stream, records, inputRate }) => [stream, records, inputRate])).toEqual([
    [0, 4, 2],
    [1, 2, 1],
  ])
  // The manual clock stands still, so a batch counts as 1 ms.
  expect([first.processingRate, first.processingDelay]).toEqual([6000, 0])
  expect(first.outputs.map(({ id, error }) => [id, error])).toEqual([
    [0, undefined],
    [1, undefined],
  ])
  expect(Object.keys(first.phases)).toEqual(['allocate', 'plan', 'run', 'commit', 'checkpoint'])
  for (const ms of Object.values(first.phases)) expect(ms).toBeGreaterThanOrEqual(0)
  expect(first.phases.run).toBeGreaterThan(0)
  expect([first.watermark, first.eventTime, first.state, first.waiting, first.deadLetters]).toEqual([
    undefined,
    [],
    [],
    0,
    0,
  ])
})

test('counts the keys of each state, and its changes in the batch', async () => {
  const { ssc, progress } = watched()
  const counts = ssc
    .queueStream([['a', 'b', 'c'], ['a'], [], ['b']])
    .map((word) => [word, 1] as [string, number])
    .updateStateByKey((values: number[], sum: number | undefined) =>
      values.length === 0 && (sum ?? 0) > 1 ? undefined : (sum ?? 0) + values.length,
    )
  counts.foreachRDD(async (rdd) => void (await rdd.count()))
  await ssc.start()
  await run(ssc, 3)
  const sizes = progress.map(({ state }) => state.map(({ name, keys, updated }) => [name.split('#')[0], keys, updated]))
  expect(sizes).toEqual([
    [['updateStateByKey', 3, 3]],
    // 'a' became 2.
    [['updateStateByKey', 3, 1]],
    // 'a' had no value, so it was removed.
    [['updateStateByKey', 2, 1]],
  ])
})

test('has the watermark, and the late records of each operator', async () => {
  const { ssc, progress } = watched()
  ssc
    .queueStream([[[1000, 'a'] as const], [[9000, 'b'] as const], [[100, 'c'] as const]])
    .withTimestamps(([time]) => time, { maxOutOfOrder: 0 })
    .tumbling('1s')
    .count()
    .foreachRDD(async (rdd) => void (await rdd.count()))
  await ssc.start()
  await run(ssc, 3)
  expect(progress.map(({ watermark }) => watermark)).toEqual([undefined, 1000, 9000])
  expect(progress[2]!.eventTime.some(({ late }) => late === 1)).toBe(true)
})

test('tells apart batches that succeeded, were skipped and stopped the streams', async () => {
  const { ssc, progress } = watched({ onBatchError: 'skip' })
  ssc.queueStream([[1], [2]]).foreachRDD((_, time) => {
    if (time === 1000) throw new Error('no')
  })
  await ssc.start()
  await run(ssc, 2)
  expect(progress.map(({ status, outputs }) => [status, outputs[0]!.error !== undefined])).toEqual([
    ['skipped', true],
    ['succeeded', false],
  ])
  const stopping = watched()
  stopping.ssc.queueStream([[1]]).foreachRDD(() => {
    throw new Error('no')
  })
  await stopping.ssc.start()
  await run(stopping.ssc, 1).catch(() => {})
  expect(stopping.progress.map(({ status }) => status)).toEqual(['failed'])
})

test('shows the checkpoint as a phase of the batches that have one', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'progress-'))
  directories.push(directory)
  const { ssc, progress } = watched({ checkpointDir: directory, checkpointInterval: 2000 })
  const words = ssc.pushStream<string>('words')
  words.countByValue().foreachRDD(async (rdd) => void (await rdd.count()))
  await ssc.start()
  await run(ssc, 4, () => void words.push('a'))
  const [one, two] = progress.map(({ phases }) => phases.checkpoint) as [number, number]
  expect(one).toBe(0)
  expect(two).toBeGreaterThan(0)
  expect(progress[0]!.phases.commit).toBeGreaterThan(0)
})

test('reaches the host of a driver thread, only while it listens', async () => {
  const module = new URL('driver-pipelines/queue.mjs', import.meta.url)
  const { clock } = manual()
  const handle = await StreamingContext.fromPipeline(module, {
    batchInterval: 1000,
    threads: 1,
    spare: false,
    clock,
    driver: 'thread',
  })
  open.push(handle)
  const progress: BatchProgress[] = []
  const remove = handle.on('batchProgress', (batch) => void progress.push(batch))
  await handle.start()
  await clock.advance(1000)
  await handle.awaitIdle()
  expect(progress.map(({ time, status }) => [time, status])).toEqual([[1000, 'succeeded']])
  remove()
  const tasks: unknown[] = []
  handle.listen({ taskEnded: (task) => void tasks.push(task) })
  await clock.advance(1000)
  await handle.awaitIdle()
  expect(tasks.length).toBeGreaterThan(0)
  expect(progress).toHaveLength(1)
})
