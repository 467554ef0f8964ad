import { expect, test, vi } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import {
  DataError,
  ManualClock,
  MemoryLimitError,
  StreamingContext,
  type StreamingContextOptions,
} from '#build/index.js'

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
    "onRecordError is \"stop\"; it must be 'skip' or 'fail'.",
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

test("a queue with onRecordError: 'fail' fails the batch that holds it", async () => {
  const { ssc, batch } = context({ maxFailures: 1 })
  ssc.queueStream<unknown>([[1, bad]], { onRecordError: 'fail' }).output('all')
  const ended = ssc.awaitTermination()
  ended.catch(() => undefined)
  await ssc.start()
  await batch().catch(() => undefined)
  await expect(ended).rejects.toThrow('queue takes none of these 2 records: [1].user.url is a URL. Use its href.')
  expect(() => ssc.queueStream([], { onRecordError: 'stop' as never })).toThrow(
    'onRecordError is "stop"; it must be \'skip\'',
  )
})

test('the batch counts the skipped records of each input', async () => {
  const { ssc, batch } = context()
  const start = async (sink: { records(values: unknown[]): void }) => sink.records([1, Symbol('x'), bad])
  ssc
    .input({ kind: 'receiver', name: 'own', codec: 'records', create: () => ({ start, stop: async () => {} }) })
    .union(ssc.fromIterable<unknown>([bad, 2], { name: 'feed' }))
    .union(ssc.queueStream<unknown>([[bad, bad, 3, bad]]))
    .union(ssc.queueStream<unknown>([[4]]))
    .output('all')
  const inputs: (readonly [string, number | undefined, number | undefined])[] = []
  ssc.on('batchCompleted', (info) => {
    for (const { name, records, skipped } of info.inputs) inputs.push([name, records, skipped])
  })
  await ssc.start()
  await batch()
  await batch()
  await ssc.stop()
  expect(inputs).toEqual([
    ['own', 1, 2],
    ['feed', 1, 1],
    ['queue', 1, 3],
    ['queue', 1, undefined],
    ['own', 0, undefined],
    ['feed', 0, undefined],
    ['queue', 0, undefined],
    ['queue', 0, undefined],
  ])
})

/** Objects whose fields cannot be read, or are something else each time. */
const revoked = Proxy.revocable({}, {})
revoked.revoke()
const unreadable: Record<string, () => unknown> = {
  'a getter that throws': () => ({
    at: {
      get x() {
        throw new Error('boo')
      },
    },
  }),
  'a Proxy that throws': () =>
    new Proxy(
      {},
      {
        ownKeys() {
          throw new Error('boo')
        },
      },
    ),
  'a revoked Proxy': () => revoked.proxy,
  'a getter that throws null': () => ({
    get x() {
      throw null
    },
  }),
}

test.each(Object.entries(unreadable))('%s is refused as no data, and costs no other record', async (_, make) => {
  const { ssc, batch } = context()
  const got: unknown[] = []
  const errors: string[] = []
  const pushed = ssc.pushStream<unknown>('pushed')
  pushed
    .union(ssc.fromIterable<unknown>([1, make(), 2], { name: 'feed' }))
    .union(ssc.queueStream<unknown>([[3, make(), 4]]))
    .foreachRDD(async (rdd) => void got.push(...(await rdd.collect())))
  ssc.on('receiverError', ({ message }) => void errors.push(message))
  await ssc.start()
  expect(() => pushed.push(0, make())).toThrow(DataError)
  pushed.push(5)
  await batch()
  await ssc.stop()
  expect(got.sort()).toEqual([1, 2, 3, 4, 5])
  expect(errors).toHaveLength(2)
  for (const message of errors)
    expect(message).toMatch(/skipped: A record cannot be encoded: \[1\].* cannot be read \(/)
})

test.each([1, 2, 3])('a field that is data for %i reads only costs no other record', async (reads) => {
  const { ssc, batch } = context()
  let read = 0
  const changing = {
    get x() {
      return read++ < reads ? 1 : Promise.resolve(1)
    },
  }
  const pushed = ssc.pushStream<unknown>('pushed')
  const got: unknown[] = []
  pushed.foreachRDD(async (rdd) => void got.push(...(await rdd.collect())))
  await ssc.start()
  pushed.push(1, changing, 2)
  await batch()
  pushed.push(3)
  await batch()
  await ssc.stop()
  expect(got.filter((record) => typeof record === 'number')).toEqual([1, 2, 3])
})

test('data that cannot be sealed waits for the next batch, and other inputs continue', async () => {
  const { ssc, batch } = context()
  const got: Record<string, unknown[]> = { a: [], b: [] }
  const inputs = ['a', 'b'].map((name) => {
    const input = ssc.pushStream<number>(name)
    input.foreachRDD(async (rdd) => void got[name]!.push(await rdd.collect()))
    return input
  })
  const reports: string[] = []
  ssc.on('receiverError', ({ name, message }) => reports.push(`${name}: ${message}`))
  await ssc.start()
  const { driver } = localEngineOf(ssc)
  const write = vi.spyOn(driver, 'write')
  write.mockImplementationOnce(() => {
    throw new MemoryLimitError('no memory', {})
  })
  for (const [i, input] of inputs.entries()) input.push(i)
  await batch()
  expect(reports).toEqual(['a: received data cannot be sealed and stays for the next batch'])
  await batch()
  write.mockRestore()
  await ssc.stop()
  expect(got).toEqual({ a: [[], [0]], b: [[1], []] })
})
