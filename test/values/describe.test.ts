import { expect, describe as group, test } from 'vitest'
import { copyOf } from '#build/values/copy.js'
import { fitOf, isData } from '#build/values/data.js'
import { advice, className, describe, kindName } from '#build/values/describe.js'
import { faultOf, mustBeData } from '#build/values/fault.js'
import { recordSize } from '#build/values/record-size.js'
import { HOSTILE, SECRET } from './hostile.js'

group.each(Object.entries(HOSTILE))('%s', (_, make) => {
  test('is described in few words', () => {
    const value = make()
    for (const text of [describe(value), kindName(value), advice(value)]) {
      expect(text).not.toBe('')
      expect(text.length).toBeLessThan(120)
    }
    if (typeof value === 'object' && value !== null) expect(typeof className(value)).toBe('string')
  })

  test('is data, or its first fault has a path', () => {
    for (const value of [make(), { a: make() }, [make()], new Map([['k', make()]]), new Set([make()])]) {
      expect(isData(value)).toBe(fitOf(value) < 2)
      if (isData(value)) {
        copyOf(value)
      } else {
        expect(faultOf(value, 'given').path).toMatch(/^given/)
        expect(() => mustBeData(value, 'Text')).toThrow(expect.objectContaining({ code: 'ERR_MILLRACE_DATA' }))
      }
      expect(recordSize(value)).toBeGreaterThan(0)
    }
  })
})

test.each([
  ['text', '"text"'],
  ['x'.repeat(50), `"${'x'.repeat(40)}..."`],
  [5, '5'],
  [-0, '-0'],
  [5n, '5n'],
  [1n << 200n, 'a bigint of more than 128 bits'],
  [true, 'true'],
  [undefined, 'undefined'],
  [null, 'null'],
  [Symbol('x'), 'Symbol(x)'],
  [[1], 'an array'],
  [{ a: 1 }, 'an object'],
  [Object.create(null), 'an object'],
  [new Date(5), 'a Date'],
  [function compare() {}, 'a function compare'],
  [() => 1, 'a function'],
  [class Point {}, 'a function Point'],
  [new (class Point {})(), 'an instance of class Point'],
  [new Proxy({}, {}), 'a Proxy'],
])('describe %#', (value, text) => {
  expect(describe(value)).toBe(text)
})

test('shows no field of an object', () => {
  expect(describe({ password: SECRET })).not.toContain(SECRET)
  expect(describe([SECRET])).not.toContain(SECRET)
})

test('names the field whose getter throws', () => {
  const record = {
    user: {
      get url(): string {
        throw new RangeError('no url')
      },
    },
  }
  expect(() => mustBeData([record], 'A record cannot be encoded')).toThrow(
    'A record cannot be encoded: [0].user.url cannot be read (no url).',
  )
})

test('counts deep, odd and failed records by their bytes', () => {
  let deep: unknown = 'x'.repeat(1000)
  for (let i = 0; i < 300; i++) deep = { deep }
  for (const value of [deep, new Error('x'.repeat(1000)), new Map([['x'.repeat(500), 'y'.repeat(500)]])]) {
    expect(recordSize(value)).toBeGreaterThanOrEqual(1000)
  }
})
