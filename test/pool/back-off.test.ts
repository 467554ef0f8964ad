import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { BackOff } from '#build/pool/back-off.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Fails each time the pause ends, and returns the lengths of the pauses in ms. */
function pauses(count: number, fail: (backOff: BackOff) => void): number[] {
  const ends: number[] = []
  const backOff = new BackOff(() => {
    ends.push(Date.now())
    if (ends.length < count) fail(backOff)
  })
  let start = Date.now()
  fail(backOff)
  vi.runAllTimers()
  return ends.map((end) => {
    const pause = end - start
    start = end
    return pause
  })
}

describe('pauses after failures', () => {
  test('double up to one second', () => {
    expect(pauses(9, (backOff) => backOff.failed(false, true))).toEqual([10, 20, 40, 80, 160, 320, 640, 1_000, 1_000])
  })

  test('grow with each of the threads that fail during one pause', () => {
    const three = (backOff: BackOff) => {
      for (let n = 0; n < 3; n++) backOff.failed(false, true)
    }
    expect(pauses(4, three)).toEqual([10, 80, 640, 1_000])
  })

  test('stay the shortest while the failures are terminations from outside', () => {
    expect(pauses(4, (backOff) => backOff.failed(true, true))).toEqual([10, 10, 10, 10])
  })

  test('begin anew after a success, which also ends a running pause without a report', () => {
    let ends = 0
    const backOff = new BackOff(() => ends++)
    for (let n = 0; n < 5; n++) backOff.failed(false, true)
    expect([backOff.waiting, backOff.failures]).toEqual([true, 5])
    backOff.reset()
    vi.runAllTimers()
    expect([backOff.waiting, backOff.failures, ends]).toEqual([false, 0, 0])
    backOff.failed(false, true)
    vi.advanceTimersByTime(9)
    expect(ends).toBe(0)
    vi.advanceTimersByTime(1)
    expect(ends).toBe(1)
  })
})
