import { describe, expect, test } from 'vitest'
import { failuresQuantile, normalQuantile, studentQuantile } from '#build/ops/quantiles.js'
import { estimateOfCount, estimateOfMean, estimateOfSum } from '#build/ops/rdd/estimates.js'
import { momentsOf } from '#build/ops/rdd/moments.js'

describe('quantiles', () => {
  test.each([
    [0.5, 0],
    [0.9, 1.2815515655446004],
    [0.975, 1.959963984540054],
    [0.995, 2.5758293035489004],
    [1e-6, -4.753424308822899],
  ])('of the normal distribution at %f', (p, expected) => {
    expect(normalQuantile(p)).toBeCloseTo(expected, 7)
    expect(normalQuantile(1 - p)).toBeCloseTo(-expected, 7)
  })

  // From printed tables.
  test.each([
    [1, 12.7062, 63.6567],
    [2, 4.30265, 9.92484],
    [3, 3.18245, 5.84091],
    [4, 2.77645, 4.60409],
    [5, 2.57058, 4.03214],
    [10, 2.22814, 3.16927],
    [30, 2.04227, 2.75],
    [99, 1.98422, 2.62641],
  ])("of Student's distribution with %i degrees of freedom", (degrees, at975, at995) => {
    expect(studentQuantile(0.975, degrees) / at975).toBeCloseTo(1, 4)
    expect(studentQuantile(0.995, degrees) / at995).toBeCloseTo(1, 4)
    expect(studentQuantile(0.025, degrees)).toBeCloseTo(-studentQuantile(0.975, degrees), 9)
    expect(studentQuantile(0.5, degrees)).toBeCloseTo(0, 6)
  })

  test('of failures before a success: the geometric distribution, and the two ways of finding it agree', () => {
    for (const [p, expected] of [
      [0.1, 0],
      [0.5, 0],
      [0.75, 1],
      [0.9, 3],
      [0.99, 6],
    ] as const)
      expect(failuresQuantile(p, 1, 0.5)).toBe(expected)
    for (const p of [0.025, 0.5, 0.975]) {
      const [summed, normal] = [failuresQuantile(p, 999, 0.5), failuresQuantile(p, 1000, 0.5)]
      expect(Math.abs(summed - normal)).toBeLessThan(4)
    }
    // Sums that never come to p end.
    expect(failuresQuantile(1 - 1e-16, 3, 0.001)).toBeLessThan(1e6)
    expect([failuresQuantile(0, 5, 0.1), failuresQuantile(1, 5, 0.1)]).toEqual([0, Infinity])
  })
})

/** Repeats the same numbers without end. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

describe('bounds hold as often as they say', () => {
  // 400 trials at 0.9: from 0.84 to 0.96 is four deviations.
  const TRIALS = 400
  const held = (trial: (next: () => number) => { low: number; high: number; truth: number }) => {
    const next = generator(7)
    let inside = 0
    for (let i = 0; i < TRIALS; i++) {
      const { low, high, truth } = trial(next)
      if (low <= truth && truth <= high) inside++
    }
    return inside / TRIALS
  }

  // Which elements are in the part that is counted is chance.
  test.each([
    [40, 0.25],
    [400, 0.5],
    [4000, 0.9],
    [4000, 0.1],
  ])('a count of %i, of which %f is seen', (n, part) => {
    const share = held((next) => {
      let counted = 0
      for (let i = 0; i < n; i++) if (next() < part) counted++
      return { ...estimateOfCount(counted, part, 0.9), truth: n }
    })
    expect(share).toBeGreaterThan(0.84)
  })

  test.each([
    [30, 0.5],
    [600, 0.2],
  ])('the mean and the sum of %i numbers, of which %f is seen', (n, part) => {
    for (const what of ['mean', 'sum'] as const) {
      const share = held((next) => {
        const numbers = Array.from({ length: n }, () => 5 + 10 * next())
        const seen = momentsOf(numbers.filter(() => next() < part))
        const sum = numbers.reduce((a, b) => a + b)
        const estimate = what === 'mean' ? estimateOfMean : estimateOfSum
        return { ...estimate([seen], part, 0.9), truth: what === 'mean' ? sum / n : sum }
      })
      expect(share).toBeGreaterThan(0.84)
    }
  })
})

test('too little to say anything', () => {
  expect(estimateOfCount(0, 0.5, 0.9)).toEqual({ mean: 0, confidence: 0, low: 0, high: Infinity })
  expect(estimateOfMean([], 0, 0.9)).toEqual({ mean: 0, confidence: 0, low: -Infinity, high: Infinity })
  expect(estimateOfSum([momentsOf([4])], 0.5, 0.9)).toMatchObject({ low: -Infinity, high: Infinity })
  // Equal values: however sure.
  expect(estimateOfMean([momentsOf([3, 3, 3])], 0.5, 1)).toEqual({ mean: 3, confidence: 1, low: 3, high: 3 })
})
