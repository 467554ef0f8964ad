import { describe, expect, test, vi } from 'vitest'
import { ArgumentError } from '#build/errors.js'
import { ManualClock, SystemClock } from '#build/ops/clock.js'

describe('ManualClock', () => {
  test('stands still until it is told to move', async () => {
    const clock = new ManualClock(500)
    expect(clock.now()).toBe(500)
    await clock.advance(250)
    expect(clock.now()).toBe(750)
  })

  test('fires in order of time, then of asking, each at its own time', async () => {
    const clock = new ManualClock()
    const fired: string[] = []
    const ask = (name: string, time: number) => clock.at(time, () => fired.push(`${name} at ${clock.now()}`))
    ask('late', 300)
    ask('early', 100)
    ask('too', 100)
    ask('never', 301)
    await clock.advance(300)
    expect(fired).toEqual(['early at 100', 'too at 100', 'late at 300'])
    expect(clock.now()).toBe(300)
  })

  test('fires what others ask for on the way: no tick is lost', async () => {
    const clock = new ManualClock()
    const ticks: number[] = []
    const tick = () => {
      ticks.push(clock.now())
      clock.at(clock.now() + 100, tick)
    }
    clock.at(0, tick)
    await clock.advance(0)
    expect(ticks).toEqual([0])
    await clock.advance(100)
    await clock.advance(200)
    expect(ticks).toEqual([0, 100, 200, 300])
  })

  test('a request that was taken back does not fire, also when it is due at the same moment', async () => {
    const clock = new ManualClock()
    const fired: string[] = []
    const back = clock.at(100, () => fired.push('taken back before'))
    back()
    clock.at(100, () => late())
    const late = clock.at(100, () => fired.push('taken back by another'))
    await clock.advance(100)
    back()
    expect(fired).toEqual([])
  })

  test('what is asked for in the past fires at once, and time does not go back', async () => {
    const clock = new ManualClock(1000)
    const fired: number[] = []
    clock.at(10, () => fired.push(clock.now()))
    await clock.advance(0)
    expect(fired).toEqual([1000])
  })

  test('lets what an alarm began run on before the next one', async () => {
    const clock = new ManualClock()
    const seen: string[] = []
    clock.at(1, async () => {
      for (let i = 0; i < 20; i++) await Promise.resolve()
      seen.push('first')
    })
    clock.at(2, () => seen.push('second'))
    await clock.advance(2)
    expect(seen).toEqual(['first', 'second'])
  })
})

describe('SystemClock', () => {
  test('tells the time of day', () => {
    const before = Date.now()
    const now = new SystemClock().now()
    expect(now).toBeGreaterThanOrEqual(before)
    expect(now).toBeLessThanOrEqual(Date.now())
  })

  test('never fires before the time, however early its timer comes', () => {
    vi.useFakeTimers()
    try {
      const clock = new SystemClock()
      const start = Date.now()
      const fired: number[] = []
      clock.at(start + 100, () => fired.push(Date.now() - start))
      // The timer comes while the clock still shows 99.
      vi.advanceTimersByTime(99)
      vi.setSystemTime(start + 50)
      vi.advanceTimersByTime(1)
      expect(fired).toEqual([])
      vi.advanceTimersByTime(60)
      expect(fired).toEqual([100])
    } finally {
      vi.useRealTimers()
    }
  })

  test('reports a step back once, however many alarms notice it, and the next step again', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })
    try {
      const clock = new SystemClock()
      const steps: number[] = []
      clock.onSetBack((ms) => steps.push(Math.round(ms)))
      const start = Date.now()
      for (const ms of [1000, 1000, 1500, 20_000]) clock.at(start + ms, () => {})
      vi.setSystemTime(start - 60_000)
      vi.advanceTimersByTime(25_000)
      expect(steps).toEqual([60_000])
      vi.setSystemTime(Date.now() - 5000)
      vi.advanceTimersByTime(120_000)
      expect(steps).toEqual([60_000, 5000])
    } finally {
      vi.useRealTimers()
    }
  })

  test('waits longer than a timer can', () => {
    vi.useFakeTimers()
    try {
      const month = 30 * 86_400_000
      const fired: number[] = []
      new SystemClock().at(Date.now() + month, () => fired.push(1))
      vi.advanceTimersByTime(month - 1)
      expect(fired).toEqual([])
      vi.advanceTimersByTime(1)
      expect(fired).toEqual([1])
    } finally {
      vi.useRealTimers()
    }
  })

  test('a request that was taken back does not fire', () => {
    vi.useFakeTimers()
    try {
      const fired: number[] = []
      const month = 30 * 86_400_000
      const back = new SystemClock().at(Date.now() + month, () => fired.push(1))
      vi.advanceTimersByTime(month - 1)
      back()
      vi.advanceTimersByTime(10)
      expect(fired).toEqual([])
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })
})

test.each([NaN, Infinity, -Infinity, '5' as never])('a manual clock does not move by %s', async (ms) => {
  expect(() => new ManualClock(ms)).toThrow(ArgumentError)
  const clock = new ManualClock(1000)
  await expect(clock.advance(ms)).rejects.toThrow('finite number of milliseconds')
  expect(clock.now()).toBe(1000)
})
