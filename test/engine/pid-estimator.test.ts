import { expect, test } from 'vitest'
import { PidEstimator, type PidOptions } from '#build/engine/receivers/pid-estimator.js'
import { ArgumentError } from '#build/errors.js'
import fc from '../support/fast-check.js'

const plain = { batchMs: 1000, proportional: 1, integral: 0, derivative: 0, minRate: 10 }

test('the first batch only measures, the next ones follow what was processed', () => {
  const pid = new PidEstimator(plain)
  expect(pid.compute(0, 100, 100, 0)).toBeUndefined()
  expect(pid.compute(1000, 500, 1000, 0)).toBe(500)
  expect(pid.compute(2000, 800, 1000, 0)).toBe(800)
})

test.each([
  ['at a time that is no later', [1000, 5, 5, 0]],
  ['without records', [2000, 0, 5, 0]],
  ['without a processing time', [2000, 5, 0, 0]],
  ['with a negative one', [2000, 5, -1, 0]],
] as const)('a batch %s changes nothing, its time included', (_, skipped) => {
  const pid = new PidEstimator({ ...plain, derivative: 0.5 })
  const other = new PidEstimator({ ...plain, derivative: 0.5 })
  for (const each of [pid, other]) each.compute(1000, 1000, 1000, 0)
  expect(pid.compute(...skipped)).toBeUndefined()
  expect(pid.compute(3000, 500, 1000, 0)).toBe(other.compute(3000, 500, 1000, 0))
})

test('what waits lowers the rate by the integral term', () => {
  const pid = new PidEstimator({ ...plain, integral: 0.2 })
  pid.compute(1000, 1000, 1000, 0)
  // 500 ms behind at 1000 a second are 500 records in a batch of a second: a fifth of that is taken off.
  expect(pid.compute(2000, 1000, 1000, 500)).toBe(900)
})

test('the change of the error counts by the derivative term', () => {
  const pid = new PidEstimator({ ...plain, derivative: 0.5 })
  pid.compute(1000, 1000, 1000, 0)
  expect(pid.compute(2000, 500, 1000, 0)).toBe(250)
  expect(pid.compute(4000, 500, 1000, 0)).toBe(687.5)
})

test('no rate is below the least one, and that is what the next batch starts from', () => {
  const pid = new PidEstimator({ ...plain, proportional: 0.5, minRate: 50 })
  pid.compute(1000, 100, 1000, 0)
  expect(pid.compute(2000, 10, 1000, 0)).toBe(55)
  expect(pid.compute(3000, 10, 1000, 0)).toBe(50)
  expect(pid.compute(4000, 100, 1000, 0)).toBe(75)
})

test('rates are finite and at least minRate, whatever batches were like', () => {
  const delay = fc.integer({ min: -10, max: 100_000 })
  const weight = fc.double({ min: 0, max: 2, noNaN: true })
  fc.assert(
    fc.property(weight, weight, weight, fc.array(fc.tuple(fc.nat(1e6), delay, delay)), (p, i, d, batches) => {
      const pid = new PidEstimator({ batchMs: 1000, proportional: p, integral: i, derivative: d, minRate: 5 })
      batches.forEach(([records, processing, scheduling], n) => {
        const rate = pid.compute(n * 1000, records, processing, scheduling)
        if (rate === undefined) return
        expect(rate).toBeGreaterThanOrEqual(5)
        expect(Number.isFinite(rate)).toBe(true)
      })
    }),
  )
})

test.each<Partial<PidOptions>>([
  { batchMs: 0 },
  { minRate: 0 },
  { minRate: Number.NaN },
  { proportional: -1 },
  { integral: -0.1 },
  { derivative: Number.NaN },
])('%o is refused', (wrong) => {
  expect(() => new PidEstimator({ ...plain, ...wrong })).toThrow(ArgumentError)
})
