import { expect, test } from 'vitest'
import { retained } from '#build/engine/checkpoint/retention.js'

/** Takes a checkpoint in every second, and returns the times that are kept at each moment. */
function simulate(seconds: number, retention: number): number[][] {
  let files: { time: number }[] = []
  return Array.from({ length: seconds }, (_, i) => {
    files = retained([{ time: (i + 1) * 1000 }, ...files], retention).sort((a, b) => b.time - a.time)
    return files.map(({ time }) => time)
  })
}

test('without retention the newest ten stay', () => {
  expect(simulate(100, 0).at(-1)).toEqual([100, 99, 98, 97, 96, 95, 94, 93, 92, 91].map((s) => s * 1000))
})

test.each([5, 60, 200, 1000])(
  'from %i s ago on, a replay runs at most a tenth of the retention before its batch',
  (seconds) => {
    const retention = seconds * 1000
    for (const times of simulate(2500, retention)) {
      const newest = times[0]!
      expect(times.length).toBeLessThanOrEqual(10 + 10 + 2)
      // The batch just inside of the retention has a checkpoint before it, if one was ever taken.
      const first = Math.max(1000, newest - retention)
      expect(times.at(-1)!).toBeLessThanOrEqual(first)
      const gaps = times.slice(1).map((time, i) => times[i]! - time)
      expect(Math.max(0, ...gaps)).toBeLessThanOrEqual(Math.max(1000, retention / 10 + 1000))
    }
  },
)
