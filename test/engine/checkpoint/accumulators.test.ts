import { readdirSync } from 'node:fs'
import { type DStream, type StreamingContext, withEnv } from 'millrace'
import { describe, expect, test } from 'vitest'
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

test('named accumulators have all additions of outputs that completed, once', async () => {
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
  // The checkpoint is of batch 2, and the output of batch 3 had completed: it does not run again.
  expect(after()).toEqual([6, [1, 2, 3], 3, 0])
  await run(second.ssc, 1)
  expect(after()).toEqual([10, [1, 2, 3, 4], 4, 4])
})

describe('additions of transformations, whose results later batches need', () => {
  const sum = (values: number[], total: number | undefined) => values.reduce((a, b) => a + b, total ?? 0)
  const add = (a: number, b: number) => a + b
  const SHAPES: Record<string, (pairs: DStream<[string, number]>) => DStream<unknown>> = {
    state: (pairs) => pairs.updateStateByKey(sum),
    window: (pairs) => pairs.reduceByKeyAndWindow(add, '3s', '1s'),
    'window with a longer slide': (pairs) => pairs.reduceByKeyAndWindow(add, '3s', '2s'),
    'window of a window': (pairs) => pairs.window('2s', '1s').window('2s', '1s'),
    'inverse window': (pairs) => pairs.reduceByKeyAndWindow(add, '3s', '1s', { inverse: (a, b) => a - b }),
    'state of a window': (pairs) => pairs.window('3s', '1s').updateStateByKey(sum),
  }

  /** Counts each record where it is mapped, and where two outputs read it. */
  function counted(ssc: StreamingContext, shape: string, atSecond: (time: number) => void = () => {}) {
    const [mapped, first, second] = ['mapped', 'first', 'second'].map((name) => ssc.context.longAccumulator(name))
    const pairs = known(ssc, (i) => [i, i]).map(
      withEnv({ mapped }, (n: number): [string, number] => {
        mapped!.add(1)
        return ['key', n]
      }),
    )
    const result = SHAPES[shape]!(pairs)
    result.foreachRDD((rdd) => rdd.foreach(withEnv({ first }, () => first!.add(1))))
    result.foreachRDD(async (rdd, time) => {
      atSecond(time)
      await rdd.foreach(withEnv({ second }, () => second!.add(1)))
    })
    return () => [mapped!.value, first!.value, second!.value]
  }

  const BATCHES = 8
  test.each(Object.keys(SHAPES).flatMap((shape) => [3, 4, 5].map((last) => [shape, last] as const)))(
    '%s: a process that dies in batch %i, and one that follows, count as one does',
    async (shape, last) => {
      const whole = manual(0)
      const expected = counted(whole.ssc, shape)
      await whole.ssc.start()
      await run(whole.ssc, BATCHES)

      const [between, inside] = [directory(), directory()]
      const at = directory()
      const first = manual(0, { checkpointDir: at, checkpointInterval: '3s' })
      // The first output of the batch has completed, and the second has not.
      counted(first.ssc, shape, (time) => void (time === last * 1000 && asAfterKill(at, inside)))
      await first.ssc.start()
      await run(first.ssc, last)
      asAfterKill(at, between)

      for (const left of readdirSync(inside).length > 0 ? [between, inside] : [between]) {
        const second = manual(last * 1000, { checkpointDir: left, checkpointInterval: '3s' })
        const values = counted(second.ssc, shape)
        await second.ssc.start()
        await second.ssc.awaitIdle()
        await run(second.ssc, BATCHES - last)
        expect(values()).toEqual(expected())
      }
    },
  )
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
