import type { EngineEvents, InputSource, StreamingContext } from 'millrace'
import { expect, test } from 'vitest'
import { asAfterKill, known, type Manual, scratch } from './support.js'

const { directory, manual } = scratch()

type Recovered = EngineEvents['recovered']

async function ticks({ ssc, clock }: Manual, n: number): Promise<void> {
  for (let i = 0; i < n; i++) {
    await clock.advance(1000)
    await ssc.awaitIdle()
  }
}

/** Lines of a direct source that has no position: nothing says what it gave. */
function forgetful(): InputSource<string> {
  const create = () => ({ open: async () => {}, next: async () => ({ partitions: [] }), close: async () => {} })
  return { kind: 'direct', name: 'forgetful', create }
}

/** A receiver whose service sends again the records that are not processed. */
const reliable: InputSource<string> = {
  kind: 'receiver',
  name: 'reliable',
  codec: 'records',
  ackAfter: 'processed',
  create: () => ({ start: async (sink) => sink.records(['x'], { ack: () => {} }), stop: async () => {} }),
}

function build(ssc: StreamingContext) {
  const [a, b] = [ssc.pushStream<string>('a'), ssc.pushStream<string>('b')]
  const others = [ssc.input(forgetful()), ssc.input(reliable), known(ssc, (i) => [`${i}`])]
  for (const stream of [a, b, ...others]) stream.foreachRDD(() => {})
  return { a, b }
}

async function recovered(of: Manual): Promise<Recovered> {
  const events: Recovered[] = []
  of.ssc.on('recovered', (event) => events.push(event))
  build(of.ssc)
  await of.ssc.start()
  await of.ssc.awaitIdle()
  expect(events).toHaveLength(1)
  return events[0]!
}

test('recovered says how many records of each source were lost, as far as batches had counted them', async () => {
  const at = directory()
  const first = manual(0, { checkpointDir: at, checkpointInterval: '1m' })
  const { a, b } = build(first.ssc)
  await first.ssc.start()
  await a.pushAll(['1', '2', '3'])
  await ticks(first, 1)
  await a.pushAll(['4', '5'])
  await b.push('6')
  await ticks(first, 1)
  // In the memory of the process that dies; no batch has counted it.
  await a.push('7')
  const lost = [
    { stream: 0, name: 'a', records: 5, countedUntil: 2000 },
    { stream: 1, name: 'b', records: 1, countedUntil: 2000 },
    { stream: 2, name: 'forgetful', records: 'unknown', countedUntil: 2000 },
  ]
  const second = manual(2000, { checkpointDir: asAfterKill(at, directory()), checkpointInterval: '1m' })
  const event = await recovered(second)
  expect(event.lost).toEqual(lost)
  const [said] = second.log.filter((text) => text.includes('Lost since then'))
  expect(said).toContain('a (5 records up to batch 2000 ms, and an unknown number after it)')
  expect(said).toContain('forgetful (an unknown number of records)')
})

test('a second restart from the same checkpoint counts what both processes had', async () => {
  const at = directory()
  const first = manual(0, { checkpointDir: at, checkpointInterval: '1m' })
  const { a } = build(first.ssc)
  await first.ssc.start()
  await a.pushAll(['1', '2', '3'])
  await ticks(first, 1)
  const left = asAfterKill(at, directory())
  const second = manual(1000, { checkpointDir: left, checkpointInterval: '1m' })
  const again = build(second.ssc)
  await second.ssc.start()
  await second.ssc.awaitIdle()
  await again.a.pushAll(['4', '5'])
  await ticks(second, 1)
  const third = manual(2000, { checkpointDir: asAfterKill(left, directory()), checkpointInterval: '1m' })
  expect((await recovered(third)).lost).toContainEqual({ stream: 0, name: 'a', records: 5, countedUntil: 2000 })
})

test('nothing is lost after a graceful stop', async () => {
  const at = directory()
  const first = manual(0, { checkpointDir: at })
  const { a } = build(first.ssc)
  await first.ssc.start()
  await a.push('1')
  await first.ssc.stop({ graceful: true })
  const second = manual(1000, { checkpointDir: at })
  expect((await recovered(second)).lost).toEqual([])
  expect(second.log.filter((text) => /lost/i.test(text))).toEqual([])
})
