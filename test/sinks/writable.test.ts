import { PassThrough, Writable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { Context, ManualClock, StreamingContext } from 'millrace'
import { afterEach, expect, test } from 'vitest'

const open: { stop(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const each of open.splice(0)) await each.stop()
})

const range = (n: number) => Array.from({ length: n }, (_, i) => i)

/** A stream of batches that is written to `target`, and `tick`, which runs the next batch. */
function write(
  batches: readonly (readonly unknown[])[],
  target: Writable | WritableStream,
  outputRetries?: { attempts: number },
) {
  const clock = new ManualClock()
  const ssc = new StreamingContext({ batchInterval: 1000, threads: 2, clock, outputRetries })
  open.push(ssc)
  ssc.queueStream([...batches] as number[][]).writeTo(target)
  const tick = async () => {
    await clock.advance(1000)
    await ssc.awaitIdle()
  }
  return { ssc, clock, tick }
}

/** Takes records slowly, and counts those that it has not taken yet. */
function slow(highWaterMark: number) {
  const records: unknown[] = []
  const waiting = { now: 0, most: 0 }
  const stream = new Writable({
    objectMode: true,
    highWaterMark,
    write: (record, _encoding, done) => {
      waiting.most = Math.max(waiting.most, stream.writableLength)
      setImmediate(() => {
        records.push(record)
        done()
      })
    },
  })
  return { stream, records, waiting }
}

test('a Writable in object mode gets the records in order, no faster than it takes them', async () => {
  const { stream, records, waiting } = slow(8)
  const { ssc, tick } = write([range(100), [100]], stream)
  await ssc.start()
  await tick()
  // The batch is complete when the stream has taken it.
  expect(records).toEqual(range(100))
  await tick()
  expect(records).toEqual(range(101))
  expect(waiting.most).toBeLessThanOrEqual(8)
  await ssc.stop()
  expect(stream.writableEnded).toBe(false)
  expect(stream.listenerCount('error')).toBe(0)
})

test('a WritableStream gets the records in order, no faster than it takes them', async () => {
  const records: number[] = []
  let inside = 0
  const target = new WritableStream<number>(
    {
      write: async (record) => {
        expect(++inside).toBe(1)
        await wait(0)
        inside--
        records.push(record)
      },
    },
    { highWaterMark: 4 },
  )
  const { ssc, tick } = write([range(50)], target)
  await ssc.start()
  await tick()
  expect(records).toEqual(range(50))
  expect(target.locked).toBe(false)
})

test('a Writable of bytes gets texts as lines, and bytes as they are', async () => {
  const target = new PassThrough()
  const { ssc, tick } = write([['a', '\u{1f40e}'], [new Uint8Array([120, 10])]], target)
  await ssc.start()
  await tick()
  await tick()
  expect(String(target.read())).toBe('a\n\u{1f40e}\nx\n')
})

test('a dataset is written by an action, one partition after the other', async () => {
  const ctx = new Context({ threads: 2 })
  open.push(ctx)
  const { stream, records } = slow(2)
  await ctx.parallelize(range(20), 4).writeTo(stream)
  expect(records).toEqual(range(20))
})

test.each<[string, () => Writable | WritableStream, string]>([
  [
    'fails in the middle',
    () => new Writable({ objectMode: true, write: (n, _, done) => done(n === 3 ? new Error('disk full') : null) }),
    'disk full',
  ],
  ['was destroyed', () => new PassThrough({ objectMode: true }).destroy(), 'could not be written'],
  ['has ended', () => new PassThrough({ objectMode: true }).end(), 'it has ended'],
  ['errors (web)', () => new WritableStream({ write: () => Promise.reject(new Error('disk full')) }), 'disk full'],
  ['takes no such record', () => new PassThrough(), 'map records to texts (one line each) or to bytes'],
])('a stream that %s fails the output', async (_, target, text) => {
  const { ssc, clock } = write([range(10)], target())
  await ssc.start()
  await clock.advance(1000)
  await expect(ssc.awaitTermination()).rejects.toThrow(text)
})

test('an error between two batches fails the next one, and does not end the process', async () => {
  const target = new PassThrough({ objectMode: true })
  target.resume()
  const { ssc, clock, tick } = write([[1], [2]], target)
  await ssc.start()
  await tick()
  target.destroy(new Error('the peer went away'))
  await wait(0)
  await clock.advance(1000)
  await expect(ssc.awaitTermination()).rejects.toThrow('the peer went away')
})

test('a stream that takes nothing does not keep a stop from ending', async () => {
  const stuck = new Writable({ objectMode: true, write: () => {} })
  const { ssc, clock } = write([range(100)], stuck)
  await ssc.start()
  await clock.advance(1000)
  const { complete } = await ssc.stop({ timeout: 300 })
  expect(complete).toBe(false)
})
