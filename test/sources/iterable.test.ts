import { PassThrough, Readable } from 'node:stream'
import { ReadableStream } from 'node:stream/web'
import { expect, test } from 'vitest'
import { ArgumentError, StateError } from '#build/errors.js'
import { iterableSource } from '#build/sources/iterable.js'
import { FakeSink } from './fake-sink.js'

const range = (count: number) => Array.from({ length: count }, (_, i) => i)

async function* later(count: number) {
  for (let i = 0; i < count; i++) {
    await Promise.resolve()
    yield i
  }
}

const inputs: readonly [string, () => Parameters<typeof iterableSource<number>>[0]][] = [
  ['an array', () => range(1000)],
  ['a set', () => new Set(range(1000))],
  ['an async generator', () => later(1000)],
  ['a Readable', () => Readable.from(range(1000))],
  ['a ReadableStream', () => ReadableStream.from(range(1000))],
]

test.each(inputs)('%s: all records in order, in chunks, then a quiet end', async (_, make) => {
  const sink = new FakeSink()
  const receiver = iterableSource(make(), { chunk: 100 }).create()
  await receiver.start(sink)
  await sink.until(() => sink.values.length === 1000)
  await receiver.stop()
  expect(sink.values).toEqual(range(1000))
  expect(Math.max(...sink.calls.map((call) => call.length))).toBeLessThanOrEqual(100)
  expect(sink.reports).toEqual([])
})

test('what is there in a turn is handed on without waiting for a full chunk', async () => {
  let go = () => {}
  const gate = new Promise<void>((resolve) => {
    go = resolve
  })
  async function* slow() {
    yield 1
    yield 2
    await gate
    yield 3
  }
  const sink = new FakeSink()
  await iterableSource(slow()).create().start(sink)
  await sink.until(() => sink.calls.length === 1)
  go()
  await sink.until(() => sink.calls.length === 2)
  expect(sink.calls).toEqual([[1, 2], [3]])
})

test.each([
  ['a sync', false],
  ['an async', true],
])('%s iterable is pulled no faster than the sink takes it', async (_, async) => {
  let pulled = 0
  function* counted() {
    for (; pulled < 10; ) yield pulled++
  }
  async function* countedLater() {
    yield* counted()
  }
  const sink = new FakeSink()
  sink.blockEach = true
  const receiver = iterableSource<number>(async ? countedLater() : counted(), { chunk: 2 }).create()
  await receiver.start(sink)
  for (let calls = 1; calls <= 5; calls++) {
    await sink.until(() => sink.calls.length === calls)
    await new Promise((resolve) => setImmediate(resolve))
    expect(pulled).toBe(calls * 2)
    sink.release()
  }
  await receiver.stop()
})

test.each([
  ['sync', false],
  ['async', true],
])('an endless %s generator leaves the event loop alone, and is closed by stop', async (_, async) => {
  let closed = 0
  function* endless() {
    try {
      for (let i = 0; ; i++) yield i
    } finally {
      closed++
    }
  }
  async function* endlessLater() {
    yield* endless()
  }
  const sink = new FakeSink()
  const receiver = iterableSource(async ? endlessLater() : endless()).create()
  await receiver.start(sink)
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setTimeout(resolve, 0))
  await receiver.stop()
  const { length } = sink.calls
  expect(length).toBeGreaterThan(1)
  expect(closed).toBe(1)
  await new Promise((resolve) => setImmediate(resolve))
  expect(sink.calls).toHaveLength(length)
})

test('stop does not wait for a read that never ends', async () => {
  let cancelled: unknown = 'no'
  const stream = new ReadableStream({
    cancel: () => {
      cancelled = 'yes'
    },
  })
  const readable = new PassThrough({ objectMode: true })
  const stuck = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<never>(() => {}),
      return: () => new Promise<never>(() => {}),
    }),
  }
  for (const input of [stream, readable, stuck]) {
    const sink = new FakeSink()
    const receiver = iterableSource(input).create()
    await receiver.start(sink)
    await receiver.stop()
    await receiver.stop()
    expect(sink.reports).toEqual([])
  }
  expect(cancelled).toBe('yes')
  expect(readable.destroyed).toBe(true)
})

test.each(['sync', 'async', 'stream'])(
  'an error of a %s iterable is reported once, after what came before it',
  async (kind) => {
    const fault = new Error('out of paper')
    function* failing() {
      yield 1
      yield 2
      throw fault
    }
    async function* failingLater() {
      yield* failing()
    }
    const inputs = { sync: failing, async: failingLater, stream: () => ReadableStream.from(failingLater()) }
    const sink = new FakeSink()
    const receiver = iterableSource<number>(inputs[kind as 'sync'](), { name: 'printer' }).create()
    await receiver.start(sink)
    await sink.until(() => sink.reports.length > 0)
    await receiver.stop()
    expect(sink.values).toEqual([1, 2])
    expect(sink.reports).toEqual([{ message: 'printer has ended: out of paper', cause: fault }])
  },
)

test('an error while closing is reported', async () => {
  const broken = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<never>(() => {}),
      return: () => Promise.reject(new Error('jammed')),
    }),
  }
  const sink = new FakeSink()
  const receiver = iterableSource(broken).create()
  await receiver.start(sink)
  await receiver.stop()
  expect(sink.reports.map((report) => report.message)).toEqual(['iterable could not be closed: jammed'])
})

test('iterators and streams can be read once, collections often', async () => {
  for (const once of [range(3).values(), later(3), Readable.from(range(3)), ReadableStream.from(range(3))]) {
    const source = iterableSource<number>(once)
    const [first, second] = [source.create(), source.create()]
    await first.start(new FakeSink())
    await first.stop()
    await expect(second.start(new FakeSink())).rejects.toThrow(StateError)
    expect(() => source.create()).toThrow(/cannot be read twice/)
  }
  const source = iterableSource(range(3))
  for (let i = 0; i < 2; i++) {
    const sink = new FakeSink()
    const receiver = source.create()
    await receiver.start(sink)
    expect(sink.values).toEqual([0, 1, 2])
    await receiver.stop()
  }
})

test('arguments are checked', () => {
  expect(() => iterableSource('text' as unknown as Iterable<string>)).toThrow(ArgumentError)
  expect(() => iterableSource({} as unknown as Iterable<string>)).toThrow(/must be an Iterable/)
  expect(() => iterableSource([], { chunk: 0 })).toThrow(/chunk is 0/)
})
