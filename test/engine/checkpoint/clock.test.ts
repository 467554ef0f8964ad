import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type EngineEvents, StreamingContext, type StreamingOptions } from 'millrace'
import { describe, expect, test } from 'vitest'
import { JumpingClock } from '../jumping-clock.js'
import { asAfterKill, known, listed, scratch } from './support.js'

const HOUR = 3_600_000
const BEGIN = 1_700_000_000_000
const { directory, manual } = scratch()

test('a checkpoint from the future: the context reports it once, and batches continue after it', async () => {
  const at = directory()
  const open = (now: number, checkpointDir: string) => {
    const { ssc, clock, log } = manual(now, { checkpointDir })
    const steps: EngineEvents['clockStepped'][] = []
    ssc.on('clockStepped', (step) => steps.push(step))
    const sums = listed(known(ssc, () => [1]).reduceByWindow((a, b) => a + b, 3000, 1000))
    return { ssc, clock, log, sums, steps }
  }
  const first = open(HOUR, at)
  await first.ssc.start()
  for (let batch = 0; batch < 2; batch++) {
    await first.clock.advance(1000)
    await first.ssc.awaitIdle()
  }

  const second = open(500, asAfterKill(at, directory()))
  await second.ssc.start()
  await second.clock.advance(3000)
  await second.ssc.awaitIdle()
  // The clock shows 500 ms: the next batch is due within two seconds.
  expect(second.steps).toEqual([{ reason: 'behind', by: HOUR + 1000, next: HOUR + 3000, offset: HOUR + 1000 }])
  expect(second.log.filter((text) => text.includes('behind the last batch'))).toHaveLength(1)
  expect(second.sums).toEqual([
    [HOUR + 3000, [3]],
    [HOUR + 4000, [3]],
  ])
})

describe('a start in the same interval as the graceful stop before', () => {
  /** Opens a context, collects the batches of its pushes, and the steps of the clock. */
  const opened = async (now: number, checkpointDir: string, options: Partial<StreamingOptions> = {}) => {
    const made = manual(now, { checkpointDir, ...options })
    const steps: unknown[] = []
    const lost: unknown[] = []
    made.ssc.on('clockStepped', (step) => steps.push(step))
    made.ssc.on('recovered', (recovered) => lost.push(...recovered.lost))
    const words = made.ssc.pushStream<string>('words')
    const seen = listed(words)
    await made.ssc.start()
    return { ...made, words, seen, steps, lost }
  }

  test('waits for the next tick, and reports no step of the clock', async () => {
    const at = directory()
    const first = await opened(0, at)
    await first.clock.advance(1500)
    await first.words.push('a')
    await first.ssc.stop({ graceful: true })
    expect(first.seen).toEqual([
      [1000, []],
      [2000, ['a']],
    ])

    const second = await opened(1600, at)
    await second.words.push('b')
    await second.clock.advance(1399)
    await second.ssc.awaitIdle()
    expect(second.seen).toEqual([])
    await second.clock.advance(1)
    await second.ssc.awaitIdle()
    expect(second.seen).toEqual([[3000, ['b']]])
    expect(second.steps).toEqual([])
  })

  test.each([{}, { writeAheadLog: true as const }])(
    'another stop takes no further batch without data, and a restart after it loses nothing %o',
    async (options) => {
      const at = directory()
      const first = await opened(500, at, options)
      await first.words.push('a')
      await first.ssc.stop({ graceful: true })
      const second = await opened(600, at, options)
      expect(await second.ssc.stop({ graceful: true })).toMatchObject({ complete: true })
      expect(second.seen).toEqual([])

      const third = await opened(700, at, options)
      await third.words.push('b')
      await third.clock.advance(1300)
      await third.ssc.awaitIdle()
      expect(third.seen).toEqual([[2000, ['b']]])
      expect([...second.steps, ...third.steps, ...third.lost]).toEqual([])
    },
  )

  test('another stop with data takes the next batch', async () => {
    const at = directory()
    const first = await opened(500, at)
    await first.ssc.stop({ graceful: true })
    const second = await opened(600, at)
    await second.words.push('b')
    await second.ssc.stop({ graceful: true })
    expect(second.seen).toEqual([[2000, ['b']]])
    const third = await opened(700, at)
    await third.clock.advance(1300)
    await third.ssc.awaitIdle()
    // Two batches were taken in one interval, so batch times stay one interval ahead of the clock.
    expect(third.seen).toEqual([[3000, []]])
    expect(third.steps).toEqual([{ reason: 'behind', by: 1000, next: 3000, offset: 1000 }])
  })

  test('by the system clock no tick is ahead of it', async () => {
    const at = directory()
    for (let i = 0; i < 3; i++) {
      const options = { batchInterval: 500, threads: 1, spare: false, checkpointDir: at } as const
      const ssc = new StreamingContext({ ...options, logger: { debug() {}, info() {}, warn() {}, error() {} } })
      const words = ssc.pushStream<string>('words')
      const batches = listed(words)
      const steps: unknown[] = []
      ssc.on('clockStepped', (step) => steps.push(step))
      const ahead = new Promise<number>((resolve) => {
        ssc.on('batchSubmitted', ({ time, submittedAt }) => resolve(time - submittedAt))
      })
      await ssc.start()
      await words.push('a')
      expect(await ahead).toBeLessThanOrEqual(0)
      await ssc.stop({ graceful: true })
      expect(batches.flatMap(([, records]) => records)).toEqual(['a'])
      expect(steps).toEqual([])
    }
  })
})

test('a restart with the clock an hour behind the checkpoint reads each new file once', async () => {
  const files = directory()
  const at = directory()
  const open = async (now: number, checkpointDir: string) => {
    const clock = new JumpingClock(now)
    const ssc = new StreamingContext({
      batchInterval: 1000,
      threads: 1,
      spare: false,
      clock,
      checkpointDir,
      logger: { debug() {}, info() {}, warn() {}, error() {} },
    })
    const seen: string[] = []
    ssc.textFileStream(files).foreachRDD(async (rdd) => void seen.push(...(await rdd.collect())))
    await ssc.start()
    const put = async (name: string) => {
      clock.jump(500)
      const path = join(files, name)
      writeFileSync(path, `${name}\n`)
      utimesSync(path, clock.now() / 1000, clock.now() / 1000)
      clock.jump(500)
      await ssc.awaitIdle()
    }
    return { ssc, seen, put }
  }
  const first = await open(BEGIN + HOUR, at)
  await first.put('before')
  expect(first.seen).toEqual(['before'])
  const left = asAfterKill(at, directory())
  await first.ssc.stop()

  const second = await open(BEGIN, left)
  for (const name of ['a', 'b', 'c']) await second.put(name)
  expect(second.seen).toEqual(['a', 'b', 'c'])
  await second.ssc.stop()
})
