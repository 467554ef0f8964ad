import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { type Clock, ManualClock, SystemClock } from 'millrace'
import { afterEach, expect, test, vi } from 'vitest'
import { BatchTimer } from '#build/engine/batch-timer.js'
import { RateLimiter } from '#build/engine/rate-limiter.js'
import { manual } from './support.js'

afterEach(() => {
  vi.useRealTimers()
})

/** A clock that jumps: alarms that it jumps over fire once it has arrived. */
class JumpingClock implements Clock {
  #now = 0
  #alarms: { time: number; callback: () => void }[] = []
  #onSetBack = new Set<(ms: number) => void>()
  now() {
    return this.#now
  }
  at(time: number, callback: () => void) {
    const alarm = { time, callback }
    this.#alarms.push(alarm)
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm)
    }
  }
  onSetBack(listener: (ms: number) => void) {
    this.#onSetBack.add(listener)
    return () => this.#onSetBack.delete(listener)
  }
  jump(ms: number) {
    this.#now += ms
    if (ms < 0) for (const listener of this.#onSetBack) listener(-ms)
    for (;;) {
      const due = this.#alarms.find(({ time }) => time <= this.#now)
      if (!due) return
      this.#alarms = this.#alarms.filter((other) => other !== due)
      due.callback()
    }
  }
}

function timer(clock: Clock, { interval = 1000, maxCatchUp = 1000, last = 0 } = {}) {
  const times: number[] = []
  const warnings: string[] = []
  const made = new BatchTimer({
    clock,
    interval,
    maxCatchUp,
    onDue: (due) => times.push(...due),
    warn: (message) => warnings.push(message),
  })
  times.push(...made.start(last))
  return { times, warnings, made }
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
  const { times, warnings } = timer(clock)
  clock.jump(2000)
  clock.jump(-3_600_000)
  expect(warnings).toEqual([expect.stringContaining('set back by 3600000 ms')])
  clock.jump(1000)
  expect(times).toEqual([1000, 2000, 3000])
  clock.jump(3_600_000)
  expect(warnings.at(-1)).toContain('has reached the batch times again')
  expect(times.length).toBeLessThan(6)
})

test('ahead by fifty years: the batches to make up for are bounded, and it says so', () => {
  const clock = new JumpingClock()
  const { times, warnings } = timer(clock)
  clock.jump(50 * 365 * 86_400_000)
  expect(times).toEqual([1000])
  expect(warnings).toEqual([expect.stringContaining('maxCatchUpBatches (1000)')])
  clock.jump(1000)
  expect(times).toEqual([1000, 2000])
})

test('a checkpoint that is too old is refused with its numbers', () => {
  const clock = new ManualClock(50 * 365 * 86_400_000)
  expect(() => timer(clock)).toThrow(/1576799999 batches have fallen due since, and maxCatchUpBatches is 1000/)
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
