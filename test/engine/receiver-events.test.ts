import { expect, test } from 'vitest'
import { manual, run } from './support.js'

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

test('events say when a receiver waits for memory and when it goes on', async () => {
  const { ssc } = manual({ threads: 1, spare: false, receiverBufferBytes: 1024 })
  const texts = ssc.pushStream<string>('texts')
  texts.foreachRDD(async (rdd) => void (await rdd.count()))
  const events: string[] = []
  ssc.on('receiverPaused', ({ name }) => events.push(`${name} paused`))
  ssc.on('receiverResumed', ({ name }) => events.push(`${name} resumed`))
  await ssc.start()
  texts.push('short')
  expect(events).toEqual([])
  const room = texts.push('x'.repeat(2000))
  expect(events).toEqual(['texts paused'])
  await run(ssc, 1)
  await room
  expect(events).toEqual(['texts paused', 'texts resumed'])
  await ssc.stop()
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
  expect(result).toMatchObject({ recordsNotProcessed: 2 })
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
