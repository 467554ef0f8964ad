import type { NoticesDropped } from 'millrace'
import { afterEach, describe, expect, test } from 'vitest'
import { unpackDetails } from '#build/engine/driver-thread/details-wire.js'
import { Notices } from '#build/engine/driver-thread/notices.js'
import { sharedWord, stopAll, threaded, until } from './driver-thread-support.js'

afterEach(stopAll)

const MIB = 1_048_576

function sent(limit?: number) {
  const messages: { type: string; name?: string; event?: unknown; dropped?: unknown }[] = []
  return { messages, notices: new Notices((message) => messages.push(message as never), limit) }
}
const letters = (time: number, count: number, text = '') =>
  ({
    time,
    count,
    counts: { 'map#1': count },
    letters: [{ operation: 'map#1', record: text || time }],
  }) as never

describe('notices', () => {
  test('above the limit later ones are counted; half must be read before they are reported', () => {
    const { messages, notices } = sent(4)
    for (let time = 0; time < 10; time++) {
      notices.event('caughtUp', { time })
      notices.print(time, ['a'])
      notices.log('warn', 'text', undefined)
    }
    expect(messages.map(({ type }) => type)).toEqual(['event', 'print', 'log', 'event'])
    notices.read(1)
    notices.event('caughtUp', { time: 10 })
    expect(messages.length).toBe(4)
    notices.read(1)
    expect(messages.slice(4)).toEqual([{ type: 'dropped', dropped: { events: { caughtUp: 9 }, logs: 9, prints: 9 } }])
    notices.event('caughtUp', { time: 11 })
    notices.read(3)
    expect(messages.slice(5).map(({ type }) => type)).toEqual(['event'])
  })

  test('bytes are bounded too', () => {
    const { messages, notices } = sent()
    for (let time = 0; time < 100; time++) notices.print(time, ['x'.repeat(MIB)])
    expect(messages.length).toBe(64)
    notices.read(40)
    expect(messages.at(-1)).toMatchObject({ dropped: { prints: 36 } })
  })

  test('dead letters of the gap are joined, in count and in the newest letters that fit', () => {
    const { messages, notices } = sent(1)
    notices.print(0, [])
    notices.event('deadLetters', letters(1, 2))
    notices.event('deadLetters', letters(2, 3))
    notices.read(1)
    expect(messages.slice(1)).toMatchObject([{ type: 'event', name: 'deadLetters' }])
    notices.read(1)
    const many = sent(1)
    many.notices.print(0, [])
    for (let time = 1; time <= 80; time++) many.notices.event('deadLetters', letters(time, 1, 'x'.repeat(MIB)))
    many.notices.flush()
    const event = unpackDetails(many.messages.at(-1)?.event) as { count: number; letters: unknown[] }
    expect([event.count, event.letters.length]).toEqual([80, 63])
  })
})

test('a host that is blocked: batches run on, the gap is reported, and counts of dead letters stay exact', async () => {
  const batches = 90
  const done = sharedWord()
  const { ssc, clock, log } = await threaded('notices.mjs', { params: { batches, bytes: MIB, done } })
  const gaps: NoticesDropped[] = []
  ssc.on('noticesDropped', (gap) => gaps.push(gap))
  const completed: number[] = []
  ssc.on('batchCompleted', ({ time }) => completed.push(time))
  await ssc.start()
  const advanced = clock.advance(batches * 1000)
  await until(() => Atomics.load(done, 0) > 0)
  for (let n = 0; n < batches; n = Atomics.load(done, 0)) Atomics.wait(done, 0, n)
  await advanced
  await ssc.awaitIdle()
  await ssc.stop()
  const missed = gaps.reduce((sum, { events }) => sum + (events.batchCompleted ?? 0), 0)
  expect(missed).toBeGreaterThan(0)
  expect(completed.length + missed).toBe(batches)
  expect(ssc.deadLetters.count).toBe(batches)
  expect(log.filter(({ message }) => message.includes('was blocked')).length).toBe(gaps.length)
})
