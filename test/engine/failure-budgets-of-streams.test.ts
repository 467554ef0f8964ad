import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type StreamingContext, type StreamingOptions, withEnv } from 'millrace'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { manual, run } from './support.js'

declare const armed: Int32Array

let open: StreamingContext | undefined
afterEach(async () => open?.stop().catch(() => {}))

const failure = { code: 'ERR_MILLRACE_TASK_FAILED', cause: { code: 'ERR_MILLRACE_THREAD_LOST', reason: 'exit' } }

/** Keeps state whose function ends its thread as soon as `arm` is called; returns how the stream ends. */
async function kept(options: Partial<StreamingOptions> = {}) {
  const { ssc } = manual({ maxFailures: 3, parallelism: 2, stateSnapshotInterval: 4, ...options })
  open = ssc
  const word = new Int32Array(new SharedArrayBuffer(4))
  const input = ssc.pushStream<[string, number]>('pairs')
  input
    .updateStateByKey<number>(
      withEnv({ armed: word }, (values: number[], n = 0) => {
        if (Atomics.load(armed, 0) === 1) process.exit(1)
        return n + values.length
      }),
    )
    .foreachRDD(async (rdd) => void (await rdd.count()))
  let lost = 0
  ssc.on('threadLost', ({ reason }) => void (reason === 'exit' && lost++))
  await ssc.start()
  const ended = ssc.awaitTermination()
  ended.catch(() => {})
  const batches = (n: number) =>
    run(ssc, n, async (i) => {
      await input.pushAll(['a', 'b'].map((key) => [key, i]))
    })
  return { ssc, batches, ended, lost: () => lost, arm: () => Atomics.store(word, 0, 1) }
}

test('a state function that ends its thread fails its batch', async () => {
  const { batches, ended, lost, arm } = await kept()
  await batches(6)
  arm()
  await Promise.allSettled([batches(1), ended])
  await expect(ended).rejects.toMatchObject(failure)
  expect(lost()).toBeGreaterThanOrEqual(3)
  expect(lost()).toBeLessThanOrEqual(6)
})

test('a state function that ends its thread while lost state is replayed fails its batch', async () => {
  const { ssc, batches, ended, lost, arm } = await kept({ threads: 1, spare: false })
  await batches(6)
  arm()
  await Promise.all(
    localEngineOf(ssc)
      .pool!.threads()
      .map(({ worker }) => worker.terminate()),
  )
  await Promise.allSettled([batches(1), ended])
  await expect(ended).rejects.toMatchObject(failure)
  expect(lost()).toBeLessThanOrEqual(6)
})

test('a state function that ends its thread in a batch that writes a checkpoint fails the batch', async () => {
  const checkpointDir = await mkdtemp(join(tmpdir(), 'millrace-'))
  onTestFinished(() => rm(checkpointDir, { recursive: true, force: true }))
  const { batches, ended, lost, arm } = await kept({ checkpointDir, checkpointInterval: 1000 })
  await batches(3)
  arm()
  await Promise.allSettled([batches(1), ended])
  await expect(ended).rejects.toMatchObject(failure)
  expect(lost()).toBeLessThanOrEqual(6)
})

test('threads that end themselves while others take over their blocks fail the job', async () => {
  const { ssc, lost } = await kept({ threads: 3 })
  const passes = new Int32Array(new SharedArrayBuffer(4))
  const { context } = ssc
  const data = context.range(0, 60, 1, 6).cache()
  await data.count()
  const poison = data.map(
    withEnv({ armed: passes }, (n: number) => {
      Atomics.add(armed, 0, 1)
      return n % 10 === 3 ? process.exit(1) : n
    }),
  )
  await expect(poison.collect()).rejects.toMatchObject(failure)
  expect(lost()).toBeLessThanOrEqual(24)
  expect(await data.count()).toBe(60)
})
