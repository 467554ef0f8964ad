import { type BatchInfo, type DeadLetterBatch, withEnv } from 'millrace'
import { expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { gather, manual, run } from './support.js'

const LETTER = { onRecordError: 'dead-letter' } as const
const even = (x: number): number => {
  if (x % 2) throw new RangeError(`odd: ${x}`)
  return x
}
const input = [[1, 2, 3, 4], [6, 8], [5], [7, 9, 10]]

test('a batch tells what it gave up, in its own event and in batchCompleted', async () => {
  const { ssc } = manual({ parallelism: 2 })
  await using _ = ssc
  const told: DeadLetterBatch[] = []
  const completed: BatchInfo[] = []
  ssc.on('deadLetters', (batch) => told.push(batch))
  ssc.on('batchCompleted', (batch) => completed.push(batch))
  ssc
    .queueStream([...input])
    .map(even, LETTER)
    .output('even')
  await ssc.start()
  await run(ssc, 4)
  const batches = gather<number>(ssc, 'even')
  await ssc.stop()
  expect((await batches).map(({ records }) => records)).toEqual([[2, 4], [6, 8], [], [10]])
  expect(completed.map(({ deadLetters }) => deadLetters)).toEqual([2, 0, 1, 2])
  expect(told.map(({ time, count, letters }) => [time, count, letters.map(({ record }) => record)])).toEqual([
    [1000, 2, [1, 3]],
    [3000, 1, [5]],
    [4000, 2, [7, 9]],
  ])
  expect(told[0]!.letters[0]).toMatchObject({
    time: 1000,
    operation: 'map#1',
    partition: 0,
    record: 1,
    error: { name: 'RangeError', message: 'odd: 1' },
  })
  expect(ssc.deadLetters.count).toBe(5)
  expect([...ssc.deadLetters.counts]).toEqual([['map#1', 5]])
  expect(ssc.deadLetters.latest.map(({ time, record }) => [time, record])).toEqual([
    [1000, 1],
    [1000, 3],
    [3000, 5],
    [4000, 7],
    [4000, 9],
  ])
})

test('several outputs, windows and a transform over one stream count its records once', async () => {
  const { ssc } = manual()
  await using _ = ssc
  const given = ssc.queueStream([...input]).map(even, LETTER)
  given.foreachRDD((rdd) => rdd.count())
  given.foreachRDD((rdd) => rdd.collect())
  given.window('2s', '1s').foreachRDD((rdd) => rdd.count())
  given
    .transform((rdd) =>
      rdd.filter(
        (x) => {
          if (x === 4) throw new Error('four')
          return true
        },
        { onRecordError: 'skip' },
      ),
    )
    .foreachRDD((rdd) => rdd.count())
  await ssc.start()
  await run(ssc, 4)
  expect([...ssc.deadLetters.counts]).toEqual([
    ['filter', 1],
    ['map#1', 5],
  ])
})

test('what a failed batch gave up counts, and the step that failed is named', async () => {
  const { ssc } = manual({ onBatchError: 'skip', maxFailures: 1 })
  await using _ = ssc
  ssc
    .queueStream([...input])
    .map(even, LETTER)
    .repartition(1)
    .map((x) => {
      if (x === 6) throw new Error('six')
      return x
    })
    .output('even')
  await ssc.start()
  await run(ssc, 4)
  expect(ssc.skippedBatches).toEqual([2000])
  expect(ssc.deadLetters.count).toBe(5)
})

test('the same records are given up when threads die', async () => {
  const letters = async (kill: boolean) => {
    const { ssc } = manual({ threads: 2, parallelism: 3, deadLetterLimit: 10 })
    await using _ = ssc
    const told: unknown[] = []
    ssc.on('deadLetters', ({ time, counts, letters }) =>
      told.push({
        time,
        counts,
        letters: letters.map(({ error: { stack: _, ...error }, ...rest }) => ({ ...rest, error })),
      }),
    )
    ssc
      .queueStream(Array.from({ length: 6 }, (_, batch) => Array.from({ length: 50 }, (_, i) => batch * 31 + i)))
      .map(even, LETTER)
      .mapAsync(
        withEnv({}, async (x) => {
          if (x % 3 === 0) throw new Error('three')
          return [x % 7, 1] as [number, number]
        }),
        { onRecordError: 'dead-letter' },
      )
      .reduceByKeyAndWindow((a, b) => a + b, '3s', '1s')
      .foreachRDD((rdd) => rdd.collect())
    if (kill)
      ssc.on('batchStarted', ({ time }) => {
        const threads = localEngineOf(ssc).pool!.ready()
        void threads[(time / 1000) % threads.length]?.worker.terminate()
      })
    await ssc.start()
    await run(ssc, 6)
    return told
  }
  const calm = await letters(false)
  expect(calm).toHaveLength(6)
  expect(await letters(true)).toEqual(calm)
})
