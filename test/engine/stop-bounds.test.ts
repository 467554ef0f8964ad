import { threadId } from 'node:worker_threads'
import { type InputSource, StateError, type StopOptions, type StopResult, StreamingContext } from 'millrace'
import { expect, test } from 'vitest'
import { until } from './driver-thread-support.js'
import { manual, run } from './support.js'

const QUIET = { debug() {}, info() {}, warn() {}, error() {} }
const never = () => new Promise<never>(() => {})

/** A receiver that brings `records` when it starts. */
function receiver(records: readonly number[], stop: () => Promise<void>, start = async () => {}): InputSource<number> {
  return {
    kind: 'receiver',
    name: 'stubborn',
    codec: 'records',
    create: () => ({
      start: async (sink) => {
        sink.records([...records])
        await start()
      },
      stop,
    }),
  }
}

const HOWS: [string, StopOptions][] = [
  ['graceful', { graceful: true, timeout: 100 }],
  ['not graceful', { timeout: 100 }],
  ['streams only', { stopContext: false, timeout: 100 }],
]

test.each(HOWS)(
  '%s: a receiver whose stop never resolves is named, and what it brought is not lost silently',
  async (_, how) => {
    const { ssc, log } = manual({ threads: 1, spare: false })
    await using _ssc = ssc
    let counted = 0
    ssc.input(receiver([1, 2, 3], never)).foreachRDD(async (rdd) => {
      counted += await rdd.count()
    })
    await ssc.start()
    const result = await ssc.stop(how)
    expect(result).toMatchObject({ ended: true, complete: false, inputsNotStopped: ['stubborn'] })
    expect(counted + result.recordsNotProcessed).toBe(3)
    expect(log.join()).toContain('inputs that did not stop: stubborn')
    if (how.graceful) await expect(ssc.awaitTermination()).rejects.toThrow(/inputs that did not stop: stubborn/)
    else await ssc.awaitTermination()
  },
)

test.each(HOWS)(
  '%s: an output operation that never ends is named, with its batch and those behind it',
  async (_, how) => {
    const { ssc, clock } = manual({ threads: 1, spare: false })
    await using _ssc = ssc
    const input = ssc.pushStream<number>('in')
    input.foreachRDD(never)
    await ssc.start()
    input.push(1, 2)
    await clock.advance(1000)
    input.push(3)
    await clock.advance(1000)
    const result = await ssc.stop(how)
    expect(result.outputsNotEnded).toEqual([expect.stringContaining('foreachRDD')])
    expect(result.batchesNotProcessed.slice(0, 2)).toEqual([1000, 2000])
    expect(result.recordsNotProcessed).toBe(3)
  },
)

test.each(HOWS)('%s: an output that nobody reads does not hold the stop up, and can still be read', async (_, how) => {
  const { ssc, clock, log } = manual({ threads: 1, spare: false, batchInterval: 10 })
  await using _ssc = ssc
  ssc.queueStream([], { default: [1] }).output('out')
  await ssc.start()
  await clock.advance(3000)
  await until(() => log.some((line) => line.includes('without a reader')))
  const result = await ssc.stop(how)
  expect(result.unread.out).toBeGreaterThanOrEqual(256)
  expect(result.complete).toBe(false)
  let read = 0
  await (async () => {
    for await (const _batch of ssc.output('out')) read++
  })().catch((error: unknown) => expect(error).toBeInstanceOf(StateError))
  expect(read).toBeGreaterThanOrEqual(result.unread.out!)
})

test('a batch that is given up has its jobs cancelled: the context goes on', async () => {
  const { ssc, clock } = manual({ threads: 1, spare: false })
  await using _ssc = ssc
  const outcomes: unknown[] = []
  let ran: Promise<unknown> | undefined
  ssc.queueStream([[1]]).foreachRDD((rdd) => {
    ran = rdd
      .mapAsync(
        (_, { signal }) =>
          new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      )
      .count()
      .catch((error: unknown) => outcomes.push((error as { code?: string }).code))
    return ran
  })
  await ssc.start()
  await clock.advance(1000)
  await ssc.stop({ stopContext: false, timeout: 50 })
  await ran
  expect(outcomes).toEqual(['ERR_MILLRACE_JOB_CANCELLED'])
  expect(await ssc.context.range(4).count()).toBe(4)
})

test('start() under way: a receiver that never starts holds neither start nor stop up', async () => {
  const { ssc } = manual({ threads: 1, spare: false })
  ssc.input(receiver([1], async () => {}, never)).foreachRDD(() => {})
  const started = ssc.start().then(
    () => 'started',
    (error: unknown) => error,
  )
  await new Promise((resolve) => ssc.on('threadReady', resolve))
  const result = await ssc.stop({ timeout: 200 })
  expect(result.ended).toBe(true)
  expect(await started).toMatchObject({ code: 'ERR_MILLRACE_STATE' })
})

test('start() under way: threads that never boot hold neither start nor stop up', async () => {
  const module = new URL('./driver-pipelines/boots-never.mjs', import.meta.url)
  const options = { batchInterval: 1000, threads: 1, spare: false, params: { driver: threadId } }
  const ssc = await StreamingContext.fromPipeline(module, options)
  const started = expect(ssc.start()).rejects.toMatchObject({ code: 'ERR_MILLRACE_STATE' })
  const counted = expect(ssc.context.range(3).count()).rejects.toThrow('The context is stopped')
  // The threads would be replaced after two minutes.
  expect(await ssc.stop({ timeout: 200 })).toMatchObject({ ended: true })
  await Promise.all([started, counted])
})

test('a receiver whose start never settles: the others and the batches go on, with a warning', async () => {
  const { ssc, clock, log } = manual({ threads: 1, spare: false })
  await using _ssc = ssc
  const counts: number[] = []
  ssc.input(receiver([1, 2], async () => {}, never)).foreachRDD(async (rdd) => {
    counts.push(await rdd.count())
  })
  await ssc.start()
  expect(log).toEqual([expect.stringContaining('stubborn: has not started within 3000 ms')])
  await clock.advance(1000)
  await ssc.awaitIdle()
  // What it brings is used all the same.
  expect(counts).toEqual([2])
})

test('a later stop joins the first, and shortens it by a timeout of its own', async () => {
  const { ssc, clock } = manual({ threads: 1, spare: false })
  ssc.queueStream([[1]]).foreachRDD(never)
  await ssc.start()
  await clock.advance(1000)
  const first = ssc.stop({ graceful: true, timeout: '1h' })
  const second = await ssc.stop({ timeout: 1 })
  expect(second).toEqual(await first)
  expect(second.batchesNotProcessed).toContain(1000)
})

test('a call inside a batch resolves at once and says that the end is still to come', async () => {
  const { ssc } = manual({ threads: 1, spare: false })
  const results: StopResult[] = []
  ssc.queueStream([[1]]).foreachRDD(async () => {
    results.push(await ssc.stop())
  })
  await ssc.start()
  await run(ssc, 1)
  await ssc.awaitTermination()
  expect(results).toEqual([expect.objectContaining({ ended: false })])
})

test('everything processed: complete, nothing given up', async () => {
  const { ssc } = manual({ threads: 1, spare: false })
  const input = ssc.pushStream<number>('in')
  input.foreachRDD(async (rdd) => {
    await rdd.count()
  })
  await ssc.start()
  input.push(1, 2, 3)
  expect(await ssc.stop({ graceful: true, timeout: '1h' })).toMatchObject({
    ended: true,
    complete: true,
    recordsNotProcessed: 0,
    batchesNotProcessed: [],
  })
})

test('a stop that is not graceful counts what it gives up', async () => {
  const { ssc } = manual({ threads: 1, spare: false })
  const input = ssc.pushStream<number>('in')
  input.foreachRDD(() => {})
  await ssc.start()
  input.push(1, 2, 3)
  expect(await ssc.stop()).toMatchObject({ complete: false, recordsNotProcessed: 3 })
})

test('values pushed to a context that is never started: a graceful stop says that they are lost', async () => {
  const { ssc } = manual({ threads: 1, spare: false })
  const input = ssc.pushStream<number>('in')
  input.foreachRDD(() => {})
  input.push(1, 2)
  expect(await ssc.stop({ graceful: true })).toMatchObject({ complete: false, recordsNotProcessed: 2 })
  await expect(ssc.awaitTermination()).rejects.toThrow(/received records not processed: 2/)
  expect(() => input.push(3)).toThrow(/its context is stopped/)
})

test('a push during and after a stop is refused', async () => {
  const { ssc } = manual({ threads: 1, spare: false })
  const input = ssc.pushStream<number>('in')
  input.foreachRDD(() => {})
  await ssc.start()
  const stopped = ssc.stop({ graceful: true })
  expect(() => input.push(1)).toThrow(StateError)
  await stopped
  expect(() => input.pushAll([1])).toThrow(StateError)
  expect(() => input.push()).toThrow(StateError)
})

test('values that waited for room when a graceful stop came are in the last batch', async () => {
  const { ssc } = manual({ threads: 1, spare: false, receiverBufferBytes: 1024 })
  const input = ssc.pushStream<number>('in')
  let counted = 0
  input.foreachRDD(async (rdd) => {
    counted += await rdd.count()
  })
  input.pushAll(Array.from({ length: 60_000 }, (_, i) => i))
  await ssc.start()
  expect(await ssc.stop({ graceful: true, timeout: '1h' })).toMatchObject({ complete: true })
  expect(counted).toBe(60_000)
})

test('two push streams of one name are refused when the second is made', () => {
  const ssc = new StreamingContext({ batchInterval: 1000, threads: 1 })
  ssc.pushStream('orders')
  expect(() => ssc.pushStream('orders')).toThrow(/already has a pushStream of that name/)
  for (const name of [undefined, '', 1])
    expect(() => ssc.pushStream(name as never)).toThrow(/its first argument is the name of the stream/)
})

test('an unknown option of stop() is refused, and nothing stops', async () => {
  const { ssc } = manual({ threads: 1, spare: false })
  await using _ssc = ssc
  ssc.queueStream([[1]]).foreachRDD(() => {})
  await ssc.start()
  expect(() => ssc.stop({ gracefull: true } as never)).toThrow("stop(): unknown option 'gracefull'")
  expect(ssc.state).toBe('ACTIVE')
})

test('a direct source that never opens is reported, and stop() ends the start that waits for it', async () => {
  const { ssc, log } = manual({ threads: 1, spare: false })
  await using _ssc = ssc
  const stuck: InputSource<string> = {
    kind: 'direct',
    name: 'stuck',
    create: () => ({ open: never, next: never, close: async () => {} }),
  }
  ssc.input(stuck).foreachRDD((rdd) => rdd.count())
  const started = ssc.start()
  const refused = expect(started).rejects.toThrow(StateError)
  await until(() => log.join().includes('stuck: has not opened within 3000 ms; start() waits for it'))
  expect(await ssc.stop({ timeout: 100 })).toMatchObject({ ended: true })
  await refused
})

test('outputs that block the host for longer than a batch leave it turns between batches', async () => {
  await using ssc = new StreamingContext({ batchInterval: 5, threads: 1, spare: false, logger: QUIET })
  let turns = 0
  const seen: number[] = []
  ssc.queueStream([]).foreachRDD(() => {
    const until = performance.now() + 30
    while (performance.now() < until);
    seen.push(turns)
    setImmediate(() => turns++)
  })
  await ssc.start()
  await until(() => seen.length >= 6)
  // Six batches fall due while the first one blocks.
  expect(turns).toBeGreaterThanOrEqual(4)
  expect(new Set(seen.slice(0, 6)).size).toBeGreaterThanOrEqual(4)
})
