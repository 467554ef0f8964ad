import type { StreamingOptions } from 'millrace'
import { expect, test } from 'vitest'
import { asAfterKill, scratch } from '../checkpoint/support.js'
import { opened } from '../driver-thread-support.js'
import { inLog, logNames } from './support.js'

const { directory, manual } = scratch()

const logged = (at: string, from: number, options?: Partial<StreamingOptions>) => inLog(manual, at, from, options)

/** Which promises have settled, in order. */
function noted(...promises: readonly [string, Promise<unknown>][]): string[] {
  const settled: string[] = []
  for (const [name, promise] of promises)
    promise.then(
      () => settled.push(name),
      (error: Error) => settled.push(`${name}: ${error.message}`),
    )
  return settled
}

test("C12: what is 'logged' survives the process, before any batch has it, and belongs to the first new one", async () => {
  const at = directory()
  const first = logged(at, 0)
  await first.ssc.start()
  await first.words.push('a', { until: 'logged' })
  await first.words.pushAll(['b', 'c'], { until: 'logged' })
  const second = logged(asAfterKill(at, directory()), 500)
  await second.ssc.start()
  await second.words.push('d')
  await second.clock.advance(1000)
  await second.ssc.awaitIdle()
  expect(second.batches).toEqual([[1000, ['a', 'b', 'c', 'd']]])
})

test("'accepted' does not wait for a batch or a file, 'processed' waits for the batch, and with checkpoints for one", async () => {
  const at = directory()
  const { ssc, clock, words } = logged(at, 0, { checkpointInterval: '2s' })
  await ssc.start()
  await words.push('a', { until: 'accepted' })
  const settled = noted(['b', words.push('b', { until: 'processed' })])
  await clock.advance(1000)
  await ssc.awaitIdle()
  expect(settled).toEqual([])
  await clock.advance(1000)
  await ssc.awaitIdle()
  expect(settled).toEqual(['b'])
})

test("without checkpoints 'processed' is the end of the batch, and 'logged' is refused", async () => {
  const { ssc, clock } = manual(0)
  const words = ssc.pushStream<string>('words')
  const out: string[] = []
  words.foreachRDD(async (rdd) => void out.push(...(await rdd.collect())))
  const early = noted(
    ['a', words.push('a', { until: 'logged' })],
    ['b', words.push('b', { until: 'processed' })],
    ['c', words.push('c', { until: 'accepted' })],
  )
  await ssc.start()
  await expect(words.push('d', { until: 'logged' })).rejects.toMatchObject({ code: 'ERR_MILLRACE_STATE' })
  expect(early).toEqual(['c', expect.stringContaining("a: push to words got until: 'logged'")])
  await clock.advance(1000)
  await ssc.awaitIdle()
  expect(early[2]).toBe('b')
  expect(out).toEqual(['a', 'b', 'c'])
})

test('values that wait for the start are in the log once it is there, in order', async () => {
  const at = directory()
  const { ssc, words } = logged(at, 0)
  const settled = noted(
    ['a', words.push('a', { until: 'logged' })],
    ['b', words.pushAll(['b', 'c'], { until: 'logged' })],
  )
  await ssc.start()
  await words.push('d', { until: 'logged' })
  expect(settled).toEqual(['a', 'b'])
  expect(logNames(at)).toHaveLength(1)
})

test('a stop rejects what is not processed, and says whether the next start processes it', async () => {
  const at = directory()
  const { ssc, words } = logged(at, 0)
  await ssc.start()
  const settled = noted(['a', words.push('a', { until: 'processed' })])
  await ssc.stop()
  expect(settled).toEqual([expect.stringMatching(/^a: .*in the write-ahead log.*do not send it again/)])
  await expect(words.push('b', { until: 'accepted' })).rejects.toMatchObject({ code: 'ERR_MILLRACE_STATE' })
  const other = manual(0)
  const numbers = other.ssc.pushStream<number>('numbers')
  numbers.print()
  await other.ssc.start()
  const lost = noted(['1', numbers.push(1, { until: 'processed' })])
  await other.ssc.stop()
  expect(lost).toEqual([expect.stringContaining('must be sent again')])
})

test('a call that waits is never dropped silently, and the option must be one that exists', async () => {
  const { ssc } = manual(0, { receiverBufferBytes: 1024 })
  const words = ssc.pushStream<string>('words', { onFull: 'drop' })
  words.print()
  await ssc.start()
  words.push('x'.repeat(2000))
  words.push('y')
  await expect(words.push('z', { until: 'accepted' })).rejects.toMatchObject({ code: 'ERR_MILLRACE_BUFFER_FULL' })
  await expect(words.pushAll(['z'], { until: 'processed' })).rejects.toMatchObject({ code: 'ERR_MILLRACE_BUFFER_FULL' })
  expect(() => words.push('z', { until: 'sometime' as never })).toThrow("must be 'accepted', 'logged' or 'processed'")
  expect(() => words.pushAll(['z'], { untill: 'logged' } as never)).toThrow("unknown option 'untill'")
  await words.pushAll([], { until: 'processed' })
})

test('records that look like the option are records, in every other place', async () => {
  const { ssc, clock } = manual(0, { parallelism: 1 })
  const stream = ssc.pushStream<object>('objects')
  const out: object[] = []
  stream.foreachRDD(async (rdd) => void out.push(...(await rdd.collect())))
  await ssc.start()
  const record = { until: 'logged' }
  await stream.push(record)
  await stream.push(record, record, record)
  await stream.pushAll([record, record])
  await clock.advance(1000)
  await ssc.awaitIdle()
  expect(out).toEqual(Array(6).fill(record))
})

test('an iterable calls back with what is in the log', async () => {
  const at = directory()
  const { ssc } = manual(0, { checkpointDir: at, checkpointInterval: '1h', writeAheadLog: true })
  const acknowledged: string[] = []
  let all!: () => void
  const done = new Promise<void>((resolve) => {
    all = resolve
  })
  const onAcknowledged = (records: readonly string[]) => {
    acknowledged.push(...records)
    if (acknowledged.length === 3) all()
  }
  ssc.fromIterable(['a', 'b', 'c'], { chunk: 2, onAcknowledged }).foreachRDD(() => {})
  await ssc.start()
  await done
  expect(acknowledged).toEqual(['a', 'b', 'c'])
  const second = manual(500, { checkpointDir: asAfterKill(at, directory()), writeAheadLog: true, parallelism: 1 })
  const out: string[] = []
  second.ssc.fromIterable<string>([]).foreachRDD(async (rdd) => void out.push(...(await rdd.collect())))
  await second.ssc.start()
  await second.clock.advance(1000)
  await second.ssc.awaitIdle()
  expect(out).toEqual(['a', 'b', 'c'])
})

test('a receiver with ackAfter processed is not in the log: its service sends again what was not acknowledged', async () => {
  const at = directory()
  const settled: string[] = []
  const source = {
    kind: 'receiver',
    name: 'reliable',
    codec: 'records',
    ackAfter: 'processed',
    create: () => ({
      start: async (sink: { records(values: unknown[], receipt: object): void }) =>
        sink.records(['x'], { ack: () => settled.push('ack') }),
      stop: async () => {},
    }),
  } as const
  const run = (dir: string, from: number) => {
    const of = manual(from, { checkpointDir: dir, checkpointInterval: '1h', writeAheadLog: true })
    const out: unknown[] = []
    of.ssc.input(source as never).foreachRDD(async (rdd) => void out.push(...(await rdd.collect())), { inMemory: true })
    return { ...of, out }
  }
  const first = run(at, 0)
  await first.ssc.start()
  await first.clock.advance(1000)
  await first.ssc.awaitIdle()
  expect(settled).toEqual([])
  const second = run(asAfterKill(at, directory()), 1500)
  await second.ssc.start()
  await second.clock.advance(1000)
  await second.ssc.awaitIdle()
  expect(second.out).toEqual(['x'])
})

test.each(['host', 'thread'] as const)('driver %s: a push waits until its values are so far', async (driver) => {
  const at = directory()
  const checkpointDir = at
  const options = { checkpointDir, checkpointInterval: '1s', writeAheadLog: true, threads: 1 }
  const { ssc, clock } = await opened('pushed.mjs', driver, options)
  const pairs = ssc.pushHandle<[string, number]>('pairs')
  const early = noted(['early', pairs.push(['a', 1], { until: 'logged' })])
  await ssc.start()
  await pairs.pushAll(Array(3).fill(['b', 2]), { until: 'logged' })
  expect(early).toEqual(['early'])
  const processed = noted(['done', pairs.push(['c', 3], { until: 'processed' })])
  await pairs.push(['d', 4], { until: 'accepted' })
  expect(processed).toEqual([])
  await clock.advance(1000)
  await ssc.awaitIdle()
  await pairs.push(['e', 5], { until: 'logged' })
  expect(processed).toEqual(['done'])
  await ssc.stop()
  await expect(pairs.push(['f', 6], { until: 'accepted' })).rejects.toMatchObject({ code: 'ERR_MILLRACE_STATE' })
})
