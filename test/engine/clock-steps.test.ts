import { mkdtempSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, ManualClock, type StreamingOptions, SystemClock } from 'millrace'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { RateLimiter } from '#build/engine/receivers/rate-limiter.js'
import { BatchTimer } from '#build/engine/streaming/batch-timer.js'
import fc from '../support/fast-check.js'
import { JumpingClock } from './jumping-clock.js'
import { manual } from './support.js'

afterEach(() => {
  vi.useRealTimers()
})

function timer(clock: Clock, { interval = 1000, maxCatchUp = 1000, last = 0 } = {}) {
  const times: number[] = []
  const warnings: string[] = []
  const steps: unknown[] = []
  const made = new BatchTimer({
    clock,
    interval,
    maxCatchUp,
    due: { due: (due) => void times.push(...due) },
    events: { emit: (name, event) => void steps.push([name, event]) },
    logger: { warn: (message) => void warnings.push(message) },
  })
  times.push(...made.start(last))
  return { times, warnings, steps, made }
}

test('property: whatever the clock does, batch times are one interval apart, and one interval brings a batch', () => {
  const step = fc.oneof(fc.integer({ min: -10_000_000, max: 10_000_000 }), fc.integer({ min: 0, max: 3000 }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const clock = new JumpingClock()
      const { times, made } = timer(clock)
      for (const ms of steps) {
        clock.jump(ms)
        const before = times.length
        clock.jump(1000)
        expect(times.length).toBeGreaterThan(before)
        expect(Math.abs(made.next - made.now())).toBeLessThanOrEqual(1000)
      }
      expect(times).toEqual(times.map((_, i) => (i + 1) * 1000))
    }),
  )
})

test('back by an hour: it says so, batch times go on, and rejoin the clock when it returns', () => {
  const clock = new JumpingClock()
  const { times, warnings, steps } = timer(clock)
  clock.jump(2000)
  clock.jump(-3_600_000)
  expect(warnings).toEqual([expect.stringContaining('set back by 3600000 ms')])
  const back = { reason: 'set-back', by: 3_600_000, next: 3000, offset: 3_600_000 }
  expect(steps).toEqual([['clockStepped', back]])
  clock.jump(1000)
  expect(times).toEqual([1000, 2000, 3000])
  clock.jump(3_600_000)
  expect(warnings.at(-1)).toContain('has reached the batch times again')
  expect(steps.slice(1)).toEqual([['clockStepped', { reason: 'rejoined', by: 3_600_000, next: 4000, offset: 0 }]])
  expect(times.length).toBeLessThan(6)
})

test('ahead by fifty years: the batches to make up for are bounded, and it says so', () => {
  const clock = new JumpingClock()
  const { times, warnings, steps } = timer(clock)
  clock.jump(50 * 365 * 86_400_000)
  expect(times).toEqual([1000])
  expect(steps).toEqual([['clockStepped', expect.objectContaining({ reason: 'set-ahead', next: 1000 })]])
  expect(warnings).toEqual([expect.stringContaining('maxCatchUpBatches (1000)')])
  clock.jump(1000)
  expect(times).toEqual([1000, 2000])
})

test('a checkpoint that is too old is refused with its numbers', () => {
  const clock = new ManualClock(50 * 365 * 86_400_000)
  expect(() => timer(clock)).toThrow(/1576799999 batches have fallen due since, and maxCatchUpBatches is 1000/)
})

test('a checkpoint from the future: it says so once, and batches follow it one interval apart', () => {
  const clock = new JumpingClock()
  const { times, warnings, steps, made } = timer(clock, { last: 3_600_000 })
  clock.jump(2000)
  clock.jump(1000)
  expect(times).toEqual([3_601_000, 3_602_000])
  expect(warnings).toEqual([
    'the clock is more than 3599000 ms behind the last batch, 3600000 ms: batch times continue from there',
  ])
  const behind = { reason: 'behind', by: 3_599_000, next: 3_601_000, offset: 3_599_000 }
  expect(steps).toEqual([['clockStepped', behind]])
  made.stop()
})

describe('a start in the interval whose batch a graceful stop has taken already', () => {
  test.each([1000, 1001, 1999, 2000])('waits for the next tick, from %i ms on', (now) => {
    const clock = new JumpingClock(now)
    const { times, warnings, steps, made } = timer(clock, { last: 2000 })
    clock.jump(2999 - now)
    expect(times).toEqual([])
    clock.jump(1)
    expect(times).toEqual([3000])
    expect(made.now()).toBe(3000)
    expect([...warnings, ...steps]).toEqual([])
  })

  test('waits for the next tick under real time', () => {
    vi.useFakeTimers({ now: 1_000_300, toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })
    const { times, warnings, made } = timer(new SystemClock(), { last: 1_001_000 })
    vi.advanceTimersByTime(1699)
    expect(times).toEqual([])
    vi.advanceTimersByTime(1)
    expect(times).toEqual([1_002_000])
    expect(warnings).toEqual([])
    made.stop()
  })

  test('property: however often it is stopped and started, batch times stay as far ahead of the clock as they are', () => {
    const pauses = fc.array(fc.integer({ min: 1000, max: 5000 }), { maxLength: 20 })
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3 }), pauses, (ahead, steps) => {
        const clock = new JumpingClock()
        let last = ahead * 1000
        for (const ms of steps) {
          const { times, made } = timer(clock, { last })
          expect(made.now() - clock.now()).toBeLessThanOrEqual(ahead * 1000)
          clock.jump(ms)
          if (times.length > 0) last = times.at(-1)!
          // A graceful stop.
          if (!made.isAhead) last = made.takeNext()
          made.stop()
        }
      }),
    )
  })
})

test('back by an hour under real time is noticed when the next batch is due', () => {
  vi.useFakeTimers({ now: 1_000_000, toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })
  const { times, warnings, made } = timer(new SystemClock(), { last: 1_000_000 })
  vi.advanceTimersByTime(1000)
  vi.setSystemTime(1_001_000 - 3_600_000)
  vi.advanceTimersByTime(5000)
  made.stop()
  expect(warnings).toHaveLength(1)
  expect(times.slice(0, 4)).toEqual([1_001_000, 1_002_000, 1_003_000, 1_004_000])
})

test('a clock that is set back while a receiver waits for its rate does not lengthen the wait', async () => {
  const clock = new ManualClock(10_000_000)
  let free = 0
  const limiter = new RateLimiter(clock, 1000, () => free++)
  limiter.took(1000)
  expect(limiter.isFree()).toBe(false)
  await clock.advance(-3_600_000)
  await clock.advance(1000)
  expect(free).toBe(1)
  // What passed before the step was noticed is not counted: one wait more at most.
  limiter.isFree()
  await clock.advance(1000)
  expect(limiter.isFree()).toBe(true)
})

test('a running stream goes on after the clock was set back, with state and records', async () => {
  const { ssc, clock, log } = manual({ threads: 1, spare: false })
  await using _ = ssc
  const seen: [number, unknown][] = []
  const input = ssc.pushStream<string>('in')
  input
    .map((word) => [word, 1] as [string, number])
    .updateStateByKey<number>((values, sum = 0) => sum + values.length)
    .foreachRDD(async (rdd, time) => {
      seen.push([time, await rdd.collect()])
    })
  await ssc.start()
  for (const by of [0, -3_600_000, 0]) {
    if (by) await clock.advance(by)
    input.push('a')
    await clock.advance(1000)
    await ssc.awaitIdle()
  }
  expect(seen).toEqual([1, 2, 3].map((n) => [n * 1000, [['a', n]]]))
  expect(log.join()).toContain('set back by 3600000 ms')
})

test('a restart decades after its checkpoint is refused instead of making up for every batch', async () => {
  const checkpointDir = mkdtempSync(join(tmpdir(), 'millrace-old-'))
  const make = (at: number) => {
    const made = manual({ threads: 1, spare: false, clock: new ManualClock(at), checkpointDir })
    made.ssc
      .pushStream<number>('in')
      .count()
      .foreachRDD(() => {})
    return made.ssc
  }
  const first = make(0)
  await first.start()
  await first.stop()
  const second = make(50 * 365 * 86_400_000)
  await expect(second.start()).rejects.toThrow(/batches have fallen due since/)
})

describe('files by the clock, batches by their times', () => {
  const BEGIN = 1_700_000_000_000
  const HOUR = 3_600_000

  /** A stream over a directory; `put` writes a file with the clock's time, `tick` runs the next batch. */
  async function watching(options: Partial<StreamingOptions>) {
    const clock = new JumpingClock(BEGIN)
    const files = mkdtempSync(join(tmpdir(), 'millrace-clock-'))
    const put = (name: string, age = 0) => {
      writeFileSync(join(files, name), `${name}\n`)
      const seconds = (clock.now() - age) / 1000
      utimesSync(join(files, name), seconds, seconds)
    }
    put('before the start', 500)
    const { ssc, log } = manual({ threads: 1, spare: false, clock, ...options })
    const seen: string[] = []
    ssc.textFileStream(files).foreachRDD(async (rdd) => void seen.push(...(await rdd.collect())))
    const tick = async (ms = 1000) => {
      clock.jump(ms)
      await ssc.awaitIdle()
    }
    await ssc.start()
    return { ssc, clock, put, seen, tick, log }
  }

  test.each([
    ['ahead by an hour, further than maxCatchUpBatches covers', [HOUR]],
    ['ahead by a year', [365 * 24 * HOUR]],
    ['back by an hour', [-HOUR]],
    ['back and ahead again', [-HOUR, HOUR]],
    ['ahead and back again', [HOUR, -HOUR]],
    ['back twice', [-HOUR, -HOUR]],
  ])('a clock that is set %s: each new file is read once, in the next batch', async (_, steps) => {
    const { ssc, put, seen, tick, log } = await watching({ maxCatchUpBatches: 10 })
    await using _ssc = ssc
    await tick(500)
    put('first')
    await tick(500)
    expect(seen).toEqual(['first'])
    const expected = ['first']
    for (const [i, step] of steps.entries()) {
      await tick(step)
      for (const name of [`${i} a`, `${i} b`]) {
        await tick(500)
        put(name)
        await tick(500)
        expected.push(name)
        expect(seen).toEqual(expected)
      }
    }
    for (let i = 0; i < 5; i++) await tick()
    expect(seen).toEqual(expected)
    expect(log.filter((text) => text.includes('is ignored'))).toEqual([])
  })

  test('a file that appears with an old time is still ignored after a jump ahead', async () => {
    const { ssc, put, seen, tick } = await watching({ maxCatchUpBatches: 10 })
    await using _ = ssc
    await tick(HOUR)
    put('old', 2 * HOUR)
    put('new')
    await tick()
    expect(seen).toEqual(['new'])
  })
})
