import { expect, test } from 'vitest'
import { ManualClock, StreamingContext, type StreamingContextOptions } from '#build/index.js'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

function context(options: Partial<StreamingContextOptions> = {}) {
  const clock = new ManualClock(0)
  const ssc = new StreamingContext({ batchInterval: 1000, threads: 1, spare: false, clock, logger: quiet, ...options })
  const batch = async () => {
    await clock.advance(1000)
    await ssc.awaitIdle()
  }
  return { ssc, batch }
}

const cycle: Record<string, unknown> = {}
cycle.self = cycle
const bad = { user: { url: new URL('http://a/') } }

test('push refuses a record that is not data, takes none of the call, and goes on', async () => {
  const { ssc, batch } = context()
  const input = ssc.pushStream<unknown>('orders')
  const got: unknown[] = []
  input.foreachRDD(async (rdd) => void got.push(...(await rdd.collect())))
  const refusal = expect.objectContaining({
    code: 'ERR_MILLRACE_DATA',
    details: expect.objectContaining({ path: '[1].user.url' }),
  })
  expect(() => input.push(1, bad)).toThrow(refusal)
  await ssc.start()
  expect(() => input.push(2, bad)).toThrow('orders takes none of these 2 records: [1].user.url is a URL. Use its href.')
  expect(() => input.pushAll([cycle])).toThrow('orders does not take this record: [0].self leads back to itself')
  input.push(3)
  await batch()
  await ssc.stop()
  expect(got).toEqual([3])
})

test('a pushed record is the record of that moment', async () => {
  const { ssc, batch } = context()
  const input = ssc.pushStream<{ n: number }>('orders')
  const got: unknown[] = []
  input.foreachRDD(async (rdd) => void got.push(...(await rdd.collect())))
  const early = { n: 1 }
  input.push(early)
  early.n = 10
  await ssc.start()
  const late = { n: 2 }
  input.push(late)
  late.n = 20
  await batch()
  await ssc.stop()
  expect(got).toEqual([{ n: 1 }, { n: 2 }])
})

test('an iterable skips it with a receiverError and starves no other input', async () => {
  const { ssc, batch } = context()
  const got: unknown[] = []
  const errors: { name: string; message: string }[] = []
  ssc
    .fromIterable<unknown>([1, bad, 2, cycle, 3], { name: 'feed' })
    .foreachRDD(async (rdd) => void got.push(...(await rdd.collect())))
  const other = ssc.pushStream('other')
  other.foreachRDD(async (rdd) => void got.push(...(await rdd.collect())))
  ssc.on('receiverError', (event) => void errors.push(event))
  await ssc.start()
  other.push('a')
  await batch()
  await ssc.stop()
  expect(got).toEqual([1, 2, 3, 'a'])
  expect(errors.map(({ name, message }) => [name, message])).toEqual([
    ['feed', '2 of 5 records were skipped: A record cannot be encoded: [1].user.url is a URL. Use its href.'],
  ])
})

test("an iterable with onRecordError: 'fail' ends there, with what came before", async () => {
  const { ssc, batch } = context()
  const got: unknown[] = []
  const errors: string[] = []
  ssc
    .fromIterable<unknown>([1, bad, 2], { name: 'feed', onRecordError: 'fail' })
    .foreachRDD(async (rdd) => void got.push(...(await rdd.collect())))
  ssc.on('receiverError', ({ message }) => void errors.push(message))
  await ssc.start()
  await batch()
  await ssc.stop()
  expect(got).toEqual([1])
  expect(errors).toEqual(['feed has ended: feed does not take this record: [0].user.url is a URL. Use its href.'])
  expect(() => ssc.fromIterable([], { onRecordError: 'stop' as never })).toThrow(
    "onRecordError is the string \"stop\"; give 'skip' or 'fail'.",
  )
})

test('a receiver of the user skips it too', async () => {
  const { ssc, batch } = context()
  const got: unknown[] = []
  const errors: string[] = []
  ssc
    .input({
      kind: 'receiver',
      name: 'own',
      codec: 'records',
      create: () => ({
        start: async (sink) => sink.records([1, Symbol('x'), 2]),
        stop: async () => {},
      }),
    })
    .foreachRDD(async (rdd) => void got.push(...(await rdd.collect())))
  ssc.on('receiverError', ({ message }) => void errors.push(message))
  await ssc.start()
  await batch()
  await ssc.stop()
  expect(got).toEqual([1, 2])
  expect(errors).toEqual([
    '1 of 3 records was skipped: A record cannot be encoded: [1] is a symbol. Use its description.',
  ])
})
