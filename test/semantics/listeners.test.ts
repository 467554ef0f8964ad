import { type BatchInfo, ManualClock, StreamingContext } from 'millrace'
import { expect, test } from 'vitest'

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

function context() {
  const clock = new ManualClock(0)
  const ssc = new StreamingContext({ batchInterval: 1000, threads: 2, spare: false, clock })
  return { ssc, clock }
}

test('N8: batches, and the outputs of a batch, run one after another in order', async () => {
  const { ssc, clock } = context()
  await using _ssc = ssc
  const order: string[] = []
  const stream = ssc.queueStream([[1], [2], [3]])
  for (const name of ['a', 'b']) {
    stream.foreachRDD(async (rdd, time) => {
      order.push(`${name}${time / 1000} begins`)
      await rdd.count()
      await nextTurn()
      order.push(`${name}${time / 1000} ends`)
    })
  }
  await ssc.start()
  // All three batches are due before the first one runs.
  await clock.advance(3000)
  await ssc.awaitIdle()
  const expected = [1, 2, 3].flatMap((batch) =>
    ['a', 'b'].flatMap((name) => [`${name}${batch} begins`, `${name}${batch} ends`]),
  )
  expect(order).toEqual(expected)
})

test('N7: a batch has the records of each of its inputs, and of no other batch', async () => {
  const { ssc, clock } = context()
  await using _ssc = ssc
  const list = (n: number) => Array.from({ length: n }, (_, i) => i)
  const first = ssc.queueStream([list(100), [], list(7)])
  const second = ssc.queueStream([list(300), list(2)])
  first.union(second).foreachRDD((rdd) => rdd.count())
  const infos: BatchInfo[] = []
  ssc.on('batchCompleted', (info) => void infos.push(info))
  await ssc.start()
  await clock.advance(3000)
  await ssc.awaitIdle()
  expect(infos.map(({ inputs }) => inputs.map(({ records }) => records))).toEqual([
    [100, 300],
    [0, 2],
    [7, 0],
  ])
})

test('N4: no event reaches a listener after the stop', async () => {
  const { ssc, clock } = context()
  const events: string[] = []
  for (const name of ['batchSubmitted', 'batchStarted', 'batchCompleted', 'threadLost', 'streamingStopped'] as const)
    ssc.on(name, () => void events.push(name))
  ssc.queueStream([[1], [2]]).foreachRDD((rdd) => rdd.count())
  await ssc.start()
  await clock.advance(1000)
  await ssc.stop()
  const seen = [...events]
  await clock.advance(5000)
  for (let turn = 0; turn < 20; turn++) await nextTurn()
  expect(events).toEqual(seen)
  expect(seen.filter((name) => name === 'threadLost')).toEqual([])
})
