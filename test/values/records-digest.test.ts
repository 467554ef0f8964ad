import { describe, expect, test } from 'vitest'
import { digestOf, formatDigest, joinDigests } from '#build/values/records-digest.js'

const text = (records: readonly unknown[]) => formatDigest(digestOf(records))

/** Records of which each differs from all others. */
const DIFFERENT: readonly unknown[] = [
  'a',
  'b',
  'ab',
  '',
  '1',
  1,
  1n,
  -1,
  0,
  0.1,
  true,
  null,
  undefined,
  [],
  [1],
  [[1]],
  ['a', 1],
  { a: 1 },
  { a: '1' },
  new Date(1),
  new Set([1]),
  new Map([['a', 1]]),
]

test('order and division into partitions make no difference', () => {
  const whole = digestOf(DIFFERENT)
  expect(digestOf([...DIFFERENT].reverse())).toEqual(whole)
  expect(joinDigests([digestOf(DIFFERENT.slice(7)), digestOf([]), digestOf(DIFFERENT.slice(0, 7))])).toEqual(whole)
  expect(joinDigests([])).toEqual(digestOf([]))
})

test('equal records have equal digests', () => {
  expect(text([{ a: 1, b: [2] }])).toBe(text([{ b: [2], a: 1 }]))
  expect(text([Buffer.from('x')])).toBe(text([new TextEncoder().encode('x')]))
})

describe('a difference shows', () => {
  test.each(DIFFERENT.map((record) => [record]))('%s', (record) => {
    const others = DIFFERENT.filter((other) => other !== record)
    for (const other of others) expect(text([other])).not.toBe(text([record]))
    expect(text([record])).not.toBe(text([]))
    expect(text([record, record])).not.toBe(text([record]))
    expect(text(others)).not.toBe(text(DIFFERENT))
  })

  test('of one bit in many records, also if the sums of the records stay', () => {
    const numbers = Array.from({ length: 1000 }, (_, i) => i)
    const all = new Set(numbers.map((i) => text(numbers.map((n) => (n === i ? n + 1000 : n)))))
    expect(all.size).toBe(1000)
    expect(text([1, 4])).not.toBe(text([2, 3]))
    expect(text(['ab', 'cd'])).not.toBe(text(['ad', 'cb']))
  })
})

test('the form is pinned, because processes of other versions compare it', () => {
  expect(text([])).toBe('0:0000000000000000')
  expect([text(['a', 'b']), text([['word', 1]])]).toMatchInlineSnapshot(`
    [
      "2:2d889ab75229a5b8",
      "1:4be72b4600f7c40b",
    ]
  `)
})

test('records that are not data count', () => {
  expect(text([() => 1])).toMatch(/^1:/)
})
