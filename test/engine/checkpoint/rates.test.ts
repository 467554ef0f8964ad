import type { BatchInfo, StreamingOptions } from 'millrace'
import { expect, test } from 'vitest'
import { PidEstimator } from '#build/engine/receivers/pid-estimator.js'
import { asAfterKill, type Manual, scratch } from './support.js'

const { directory, manual } = scratch()

const options = { initialRate: 5000, minRate: 10 }

/** Two push streams; each batch takes half a second of the clock. */
function paced(at: number, checkpointDir: string, given: Partial<StreamingOptions> = {}) {
  const context = manual(at, { checkpointDir, backpressure: options, ...given })
  const { ssc, clock } = context
  const pushed = [ssc.pushStream<number>('a'), ssc.pushStream<number>('b')]
  const infos: BatchInfo[] = []
  ssc.on('batchCompleted', (info) => infos.push(info))
  for (const stream of pushed) stream.foreachRDD(() => clock.advance(250))
  return { ...context, at: checkpointDir, pushed, infos }
}

async function batches({ ssc, clock, pushed }: ReturnType<typeof paced>, counts: readonly number[]) {
  for (const count of counts) {
    const next = Math.floor(clock.now() / 1000 + 1) * 1000
    pushed[0]!.pushAll(Array(count).fill(1))
    pushed[1]!.pushAll(Array(3 * count).fill(1))
    await clock.advance(next - clock.now())
    await ssc.awaitIdle()
  }
}

const ratesOf = (info: BatchInfo) => info.inputs.map(({ rate }) => rate)

/** The rates of the batches, as estimators that never stopped compute them. */
function uninterrupted(infos: readonly BatchInfo[]): (number | undefined)[][] {
  const estimators = [0, 1].map(() => new PidEstimator({ batchMs: 1000, minRate: 10 }))
  const rates = [5000, 5000]
  return infos.map(({ endedAt, processingDelay, schedulingDelay, inputs }) => {
    return inputs.map(({ records }, i) => {
      const rate = estimators[i]!.compute(endedAt!, records!, processingDelay!, schedulingDelay!)
      rates[i] = rate ?? rates[i]!
      return rates[i]
    })
  })
}

test.each([
  ['killed', async (_: Manual, at: string) => asAfterKill(at, directory())],
  ['stopped', async ({ ssc }: Manual, at: string) => void (await ssc.stop({ graceful: true })) ?? at],
] as const)('a restarted context goes on with the rates of the one that was %s', async (_, end) => {
  const at = directory()
  const first = paced(0, at)
  await first.ssc.start()
  await batches(first, [200, 400, 300])
  const left = await end(first, at)
  const before = ratesOf(first.infos.at(-1)!)
  expect(before[0]).not.toBe(before[1])
  expect(before).not.toContain(5000)

  const second = paced(first.clock.now(), left)
  second.ssc.on('batchSubmitted', (info) => expect(info.inputs.map(({ rate }) => rate)).toEqual(before))
  await second.ssc.start()
  await batches(second, [1])
  const all = [...first.infos, ...second.infos]
  expect(all.map(ratesOf)).toEqual(uninterrupted(all))
})

test('the options of the new context bound the rate that the checkpoint has', async () => {
  const at = directory()
  const first = paced(0, at)
  await first.ssc.start()
  await batches(first, [200, 400, 300])
  const left = asAfterKill(at, directory())
  const second = paced(first.clock.now(), left, { backpressure: { minRate: 10, maxRate: 150 } })
  await second.ssc.start()
  await batches(second, [0])
  expect(ratesOf(second.infos[0]!)).toEqual([150, 150])
})

test('a checkpoint with rates serves a context without backpressure, and the other way round', async () => {
  const at = directory()
  const first = paced(0, at)
  await first.ssc.start()
  await batches(first, [200, 400])
  const second = paced(first.clock.now(), asAfterKill(at, directory()), { backpressure: false })
  await second.ssc.start()
  await batches(second, [1])
  expect(ratesOf(second.infos[0]!)).toEqual([undefined, undefined])
  await second.ssc.stop({ graceful: true })
  const third = paced(second.clock.now(), second.at)
  await third.ssc.start()
  await batches(third, [0])
  expect(ratesOf(third.infos[0]!)).toEqual([5000, 5000])
})
