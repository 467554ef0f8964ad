import { describe, expect, it } from 'vitest'
import { median, pairedDifferences, quantile, spread, weightedQuantile } from '../../bench/stats.mjs'

describe('figures of several runs', () => {
  it.each([
    [[3], 3],
    [[9, 1, 5], 5],
    [[10, 9, 2, 1], 5.5],
  ])('the median of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected)
  })

  it('a quantile is a value that occurred: the smallest with at least that share at or below it', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => 100 - i)
    expect([0.01, 0.5, 0.99, 1].map((q) => quantile(hundred, q))).toEqual([1, 50, 99, 100])
    expect(quantile([7], 0.99)).toBe(7)
    expect(quantile([], 0.5)).toBeNaN()
  })

  it('a weight counts as so many values', () => {
    const observed = [
      { value: 50, weight: 1 },
      { value: 1, weight: 97 },
      { value: 20, weight: 2 },
    ]
    expect([0.5, 0.97, 0.98, 0.99, 1].map((q) => weightedQuantile(observed, q))).toEqual([1, 1, 20, 20, 50])
  })

  it('sorts numbers as numbers and leaves its argument alone', () => {
    const values = [10, 9, 100]
    expect(spread(values)).toEqual({ median: 10, min: 9, max: 100 })
    expect(values).toEqual([10, 9, 100])
  })

  it('the difference of neighbouring turns is that of pairs, whatever drifts, with ranks that enclose its median', () => {
    const without = Array.from({ length: 100 }, (_, i) => 1000 + 50 * i)
    const having = without.map((value, i) => value + 3 + (i % 2 === 0 ? 1 : -1) + (i === 8 ? 10_000 : 0))
    const { base, median, low, high, mean } = pairedDifferences(having, without)
    expect([base, median, low, high]).toEqual([3475, 3, 2, 4])
    expect(mean).toBeCloseTo(103)
  })
})
