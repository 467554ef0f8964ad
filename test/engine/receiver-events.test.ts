import { expect, test } from 'vitest'
import { manual } from './support.js'

test('events say when a receiver starts and stops', async () => {
  const { ssc } = manual({ threads: 1, spare: false })
  ssc.pushStream<number>('numbers').foreachRDD(() => {})
  const events: unknown[] = []
  ssc.on('receiverStarted', ({ name }) => events.push(['started', name]))
  ssc.on('receiverStopped', ({ name }) => events.push(['stopped', name]))
  await ssc.start()
  expect(events).toEqual([['started', 'numbers']])
  await ssc.stop()
  expect(events).toEqual([
    ['started', 'numbers'],
    ['stopped', 'numbers'],
  ])
})

test('events say when the streams start and stop, and what the stop gave up', async () => {
  const { ssc } = manual({ threads: 1, spare: false })
  const numbers = ssc.pushStream<number>('numbers')
  numbers.foreachRDD(() => {})
  const events: unknown[] = []
  ssc.on('streamingStarted', (event) => events.push(event))
  ssc.on('streamingStopped', (event) => events.push(event))
  await ssc.start()
  expect(events).toEqual([{ batchInterval: 1000 }])
  numbers.push(1, 2)
  const result = await ssc.stop()
  expect(result).toMatchObject({ recordsGivenUp: 2 })
  expect(events.slice(1)).toEqual([result])
})

test('threadLost carries the error, which says why', async () => {
  const { ssc } = manual({ threads: 1, spare: false, maxFailures: 1 })
  await using _ssc = ssc
  const lost: unknown[] = []
  ssc.on('threadLost', (event) => lost.push(event))
  await ssc.context
    .range(1)
    .foreach(() => process.exit(7))
    .catch(() => undefined)
  expect(lost).toMatchObject([{ reason: 'exit', error: { code: 'ERR_MILLRACE_THREAD_LOST', reason: 'exit' } }])
})
