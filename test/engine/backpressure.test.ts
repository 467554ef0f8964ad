import {
  ArgumentError,
  type BatchInfo,
  type DirectSource,
  type InputSource,
  ManualClock,
  StreamingContext,
} from 'millrace'
import { describe, expect, test } from 'vitest'
import { PidEstimator } from '#build/engine/receivers/pid-estimator.js'
import { RateLimiter } from '#build/engine/receivers/rate-limiter.js'
import { manual } from './support.js'

describe('the limiter', () => {
  /** Takes `chunk` whenever more may come; answers with what it took in each of the seconds. */
  async function takenIn(seconds: number, rate: number, chunk: number): Promise<number[]> {
    const clock = new ManualClock(5000)
    let taken = 0
    const take = () => {
      do {
        limiter.took(chunk)
        taken += chunk
      } while (limiter.isFree())
    }
    const limiter: RateLimiter = new RateLimiter(clock, rate, take)
    take()
    const totals: number[] = []
    for (let i = 0; i < seconds; i++) {
      const before = taken
      await clock.advance(1000)
      totals.push(taken - before)
    }
    limiter.stop()
    return totals
  }

  test.each([
    [1001, 100],
    [1000, 1],
    [2500, 1],
    [10, 1],
    [0.5, 1],
    [100, 1000],
  ])('%d a second, %i at a time', async (rate, chunk) => {
    const seconds = 20
    const total = (await takenIn(seconds, rate, chunk)).reduce((a, b) => a + b, 0)
    expect(total).toBeGreaterThanOrEqual(rate * seconds - chunk)
    expect(total).toBeLessThanOrEqual(rate * seconds + chunk)
  })

  test('what waits goes by a new rate at once', async () => {
    const clock = new ManualClock(0)
    const freed: number[] = []
    const limiter = new RateLimiter(clock, 1, () => freed.push(clock.now()))
    limiter.took(100)
    expect(limiter.isFree()).toBe(false)
    await clock.advance(1000)
    limiter.rate = 99
    await clock.advance(1000)
    expect(freed).toEqual([2000])
    expect(limiter.isFree()).toBe(true)
    limiter.took(1000)
    expect(limiter.isFree()).toBe(false)
    limiter.rate = Number.POSITIVE_INFINITY
    await clock.advance(1)
    expect(freed).toEqual([2000, 2000])
  })
})

/** Runs batches of 1 s, each of which takes half a second of the clock, over a source that is never short of records. */
async function run(
  open: (ssc: StreamingContext) => { foreachRDD: (fn: (rdd: { count(): Promise<number> }) => unknown) => void },
  batches: number,
  backpressure: object,
) {
  const { ssc, clock } = manual({ threads: 1, spare: false, backpressure })
  await using _ = ssc
  const infos: BatchInfo[] = []
  ssc.on('batchCompleted', (info) => infos.push(info))
  open(ssc).foreachRDD(async (rdd) => {
    await rdd.count()
    await clock.advance(500)
  })
  await ssc.start()
  for (let batch = 1; batch <= batches; batch++) {
    await clock.advance(batch * 1000 - clock.now())
    await ssc.awaitIdle()
  }
  return infos
}

/** A receiver that brings `chunk` records or lines, again and again, as soon as it may. */
function endless(codec: 'text' | 'records', chunk: number): InputSource<unknown> {
  return {
    kind: 'receiver',
    name: 'endless',
    codec,
    create: () => {
      let over: Promise<void> = Promise.resolve()
      return {
        async start(sink) {
          const ended = new Promise<void>((resolve) => sink.signal.addEventListener('abort', () => resolve()))
          const bring = async () => {
            while (!sink.signal.aborted) {
              if (codec === 'records') sink.records(Array(chunk).fill(1))
              else if (chunk % 2 === 0) sink.text(Buffer.from('line\n'.repeat(chunk)))
              else sink.advance(sink.space().write('line\n'.repeat(chunk)))
              const room = sink.full()
              if (room) await Promise.race([room, ended])
            }
          }
          over = bring()
        },
        stop: () => over,
      }
    },
  }
}

test.each([
  ['records', 10],
  ['text', 10],
  ['text', 11],
] as const)('a receiver of %s, %i at a time, brings what the estimator says', async (codec, chunk) => {
  const options = { initialRate: 100, minRate: 20, maxRate: 300 }
  const infos = await run((ssc) => ssc.input(endless(codec, chunk)), 7, options)
  const pid = new PidEstimator({ batchMs: 1000, minRate: 20 })
  let rate = 100
  for (const info of infos) {
    const [input] = info.inputs
    // What a rate allows until the next tick, give or take what arrives at once.
    expect(input!.records).toBeGreaterThan(0)
    rate = Math.min(
      300,
      pid.compute(info.endedAt!, input!.records, info.processingDelay!, info.schedulingDelay!) ?? rate,
    )
    expect(input!.rate).toBe(rate)
  }
  // From what half a second could do on to the greatest rate that is allowed, and no further.
  expect(infos[1]!.inputs[0]!.rate).toBeGreaterThan(150)
  expect(infos.at(-1)!.inputs[0]!.rate).toBe(300)
  const last = infos.slice(-2).map(({ records }) => records)
  for (const records of last) expect(Math.abs(records - 300)).toBeLessThanOrEqual(30 + chunk)
})

/** A direct source with two partitions of any length, and the limits that it was given. */
function backlog(limits: number[] = []): DirectSource<{ from: number; to: number }> {
  return {
    kind: 'direct',
    name: 'backlog',
    reader: { module: new URL('../fixtures/numbers-reader.mjs', import.meta.url).href, export: 'numbers' },
    create: () => {
      let at = 0
      return {
        open: async () => {},
        next: async (_time, { maxRecords }) => {
          limits.push(maxRecords)
          const half = Math.min(500, maxRecords / 2)
          const partitions = [at, at + half].map((from) => ({ from: Math.floor(from), to: Math.floor(from + half) }))
          at += half * 2
          return { partitions }
        },
        close: async () => {},
      }
    },
  }
}

test('a direct source gets as its limit what the estimator says', async () => {
  const limits: number[] = []
  const infos = await run((ssc) => ssc.input(backlog(limits)), 7, { initialRate: 100, minRate: 20, maxRate: 300 })
  const pid = new PidEstimator({ batchMs: 1000, minRate: 20 })
  let rate = 100
  for (const [i, info] of infos.entries()) {
    expect(limits[i]).toBe(Math.floor(rate))
    const [input] = info.inputs
    rate = Math.min(
      300,
      pid.compute(info.endedAt!, input!.records!, info.processingDelay!, info.schedulingDelay!) ?? rate,
    )
    expect(input!.rate).toBe(rate)
  }
  expect(limits.at(-1)).toBe(300)
  expect(infos.at(-1)!.records).toBe(300)
})

test('without backpressure a direct source has no limit', async () => {
  const limits: number[] = []
  const { ssc, clock } = manual({ threads: 1, spare: false })
  await using _ = ssc
  ssc.input(backlog(limits)).foreachRDD(() => {})
  await ssc.start()
  await clock.advance(1000)
  await ssc.awaitIdle()
  expect(limits).toEqual([Number.POSITIVE_INFINITY])
})

test('batches that take longer than their interval slow the receiver down, to minRate at the least', async () => {
  const { ssc, clock } = manual({ threads: 1, spare: false, backpressure: { initialRate: 1000, minRate: 50 } })
  await using _ = ssc
  const rates: (number | undefined)[] = []
  const four = new Promise<void>((resolve) => {
    ssc.on('batchCompleted', ({ inputs }) => {
      if (rates.push(inputs[0]!.rate) === 4) resolve()
    })
  })
  ssc.input(endless('records', 10)).foreachRDD(async (rdd) => {
    const records = await rdd.count()
    // A tenth of a second a record: never enough.
    await clock.advance(records * 100)
  })
  await ssc.start()
  await clock.advance(1000)
  await four
  expect(rates[0]).toBe(1000)
  expect(rates.slice(1, 4)).toEqual([50, 50, 50])
})

test('one that brings nothing, or before anything is measured, has no limit', async () => {
  const infos = await run((ssc) => ssc.pushStream<number>('in'), 2, {})
  expect(infos.map(({ inputs }) => inputs[0]!.rate)).toEqual([undefined, undefined])
})

test.each<[unknown, string]>([
  ['yes', 'backpressure is "yes"; it must be true, false or an object'],
  [{ max: 5 }, "backpressure: unknown option 'max'. Known: proportional, integral"],
  [{ maxRate: 0 }, 'maxRate is 0; it must be a number of records above 0'],
  [{ initialRate: Number.NaN }, 'initialRate is NaN'],
  [{ maxRate: 50 }, 'maxRate is 50, which is below minRate, 100'],
  [{ minRate: 0 }, 'minRate is 0; it must be'],
  [{ integral: -1 }, 'integral is -1; it must be at least 0'],
])('backpressure: %j is refused', (backpressure, message) => {
  const make = () => new StreamingContext({ batchInterval: '1s', backpressure: backpressure as never })
  expect(make).toThrow(ArgumentError)
  expect(make).toThrow(message)
})
