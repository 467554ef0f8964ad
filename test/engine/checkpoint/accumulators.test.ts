import { type StreamingContext, withEnv } from 'millrace'
import { expect, test } from 'vitest'
import { run } from '../support.js'
import { asAfterKill, known, scratch } from './support.js'

const { directory, manual } = scratch()

function counting(ssc: StreamingContext) {
  const sum = ssc.context.longAccumulator('sum')
  const seen = ssc.context.collectionAccumulator<number>('seen')
  const most = ssc.context.accumulator(0, (max: number, n: number) => Math.max(max, n), 'most')
  const unnamed = ssc.context.longAccumulator()
  known(ssc, (i) => [i]).foreachRDD((rdd) =>
    rdd.foreach(
      withEnv({ sum, seen, most, unnamed }, (n) => {
        sum.add(n)
        seen.add(n)
        most.add(n)
        unnamed.add(n)
      }),
    ),
  )
  return () => [sum.value, seen.value, most.value, unnamed.value]
}

test('named accumulators have the value of the checkpoint, without the additions of outputs that completed since', async () => {
  const at = directory()
  const first = manual(0, { checkpointDir: at, checkpointInterval: 2000 })
  const before = counting(first.ssc)
  await first.ssc.start()
  await run(first.ssc, 3)
  expect(before()).toEqual([6, [1, 2, 3], 3, 6])
  const second = manual(3000, { checkpointDir: asAfterKill(at, directory()) })
  const after = counting(second.ssc)
  await second.ssc.start()
  await second.ssc.awaitIdle()
  await run(second.ssc, 1)
  // The checkpoint is of batch 2, and the output of batch 3 had completed: it does not run again.
  expect(after()).toEqual([7, [1, 2, 4], 4, 4])
})

test('the value of an accumulator that is created later, or not at all, waits', async () => {
  const at = directory()
  const start = async (from: number) => {
    const { ssc } = manual(from, { checkpointDir: at })
    known(ssc, (i) => [i]).foreachRDD(() => {})
    await ssc.start()
    await run(ssc, 1)
    return ssc
  }
  const first = await start(0)
  first.context.longAccumulator('late').add(7)
  await first.stop({ graceful: true })
  await (await start(2000)).stop()
  const third = await start(3000)
  expect(third.context.longAccumulator('late').value).toBe(7)
  expect(() => third.context.longAccumulator('late')).toThrow('The accumulator "late" exists already')
  expect(() => third.context.longAccumulator('')).toThrow('it must be a text that is not empty')
})
