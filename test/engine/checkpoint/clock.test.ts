import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type EngineEvents, StreamingContext } from 'millrace'
import { expect, test } from 'vitest'
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
  await second.clock.advance(2000)
  await second.ssc.awaitIdle()
  // The clock shows 500 ms: the next batch is due within a second.
  expect(second.steps).toEqual([{ reason: 'behind', by: HOUR + 2000, next: HOUR + 3000, offset: HOUR + 2000 }])
  expect(second.log.filter((text) => text.includes('behind the last batch'))).toHaveLength(1)
  expect(second.sums).toEqual([
    [HOUR + 3000, [3]],
    [HOUR + 4000, [3]],
  ])
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
