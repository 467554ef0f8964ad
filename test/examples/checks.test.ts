import { expect, test } from 'vitest'
import { differences } from '../../examples/support/differences.mjs'
import { between, total, worst } from '../../examples/support/flight-delays.mjs'
import { TrendTally } from '../../examples/support/trend-tally.mjs'

test('differences names what is missing, what is too much and what differs', () => {
  const expected = new Map<string, unknown>([
    ['a', 1],
    ['b', [2, 3]],
    ['c', 4],
  ])
  expect(differences(expected, new Map(expected).set('b', [2, 3]), 'tag')).toEqual([])
  const found = new Map<string, unknown>([
    ['b', [2, 4]],
    ['c', 4],
    ['d', 0],
  ])
  expect(differences(expected, found, 'tag')).toEqual([
    'tag a: expected 1, found nothing',
    'tag b: expected 2,3, found 2,4',
    'tag d: expected nothing, found 0',
  ])
})

test('the tally weighs each delay with its posts', () => {
  const tally = new TrendTally()
  expect(tally.delay(0.5)).toBeNaN()
  const one: [number, number][] = [
    [100, 98],
    [900, 1],
  ]
  tally.add(one, 1000)
  tally.add([[0, 1]], 2000)
  expect([tally.posts, tally.batches]).toEqual([100, 2])
  expect([0.01, 0.5, 0.99, 1].map((share) => tally.delay(share))).toEqual([100, 900, 900, 2000])
})

test('a short window is what its totals leave', () => {
  const end = new Map([
    ['NY', [10, 70]],
    ['CA', [3, 5]],
    ['UT', [4, 0]],
  ] as [string, [number, number]][])
  const beginning = new Map([
    ['NY', [4, 30]],
    ['CA', [3, 5]],
  ] as [string, [number, number]][])
  expect(between(end, beginning)).toEqual(
    new Map([
      ['NY', [6, 40]],
      ['UT', [4, 0]],
    ]),
  )
  expect(total(end)).toBe(17)
})

test('the worst come first, those with few flights not at all', () => {
  const delays = new Map(
    Array.from({ length: 12 }, (_, i) => [`A${i}`, [100 + i, 100 * i]] as [string, [number, number]]),
  )
  delays.set('FEW', [99, 100_000])
  const rows = worst(delays, (key: string) => key.toLowerCase())
  expect(rows).toHaveLength(10)
  expect(rows[0]).toEqual(['A11', 111, 9.9, 'a11'])
})
