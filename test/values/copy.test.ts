import { expect, test } from 'vitest'
import { copyOf } from '#build/values/copy.js'

const error = Object.assign(new RangeError('out'), { at: { line: 1 } })
const values: unknown[] = [
  { n: 1, inner: { list: [1, { deep: true }] } },
  Object.assign(Object.create(null), { n: [1] }),
  Object.assign(new Array<unknown>(3), { 0: 1, 2: [2] }),
  new Map<unknown, unknown>([[{ k: 1 }, { v: [1] }]]),
  new Set([{ a: 1 }]),
  new Date(5),
  /a+/gi,
  Buffer.from('abc'),
  new Float64Array([1, 2]),
  new Uint8Array([1, 2, 3]).buffer,
  new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2),
  error,
]

/** All objects in a value. */
function objects(value: unknown, found = new Set<unknown>()): Set<unknown> {
  if (typeof value !== 'object' || value === null) return found
  found.add(value)
  if (value instanceof Map) for (const [k, v] of value) [k, v].forEach((part) => objects(part, found))
  else if (value instanceof Set) for (const part of value) objects(part, found)
  else if (!ArrayBuffer.isView(value)) for (const part of Object.values(value)) objects(part, found)
  return found
}

test.each(values)('a copy is equal and shares no object: %s', (value) => {
  const copy = copyOf(value)
  expect(copy).toEqual(value)
  expect(Object.getPrototypeOf(copy)).toBe(Object.getPrototypeOf(value))
  const mine = objects(value)
  for (const part of objects(copy)) expect(mine.has(part)).toBe(false)
})

test('primitives, and instances of classes that are not data, are as they were', () => {
  class Point {
    readonly x = 1
  }
  for (const value of [1, 'text', undefined, null, true, 5n, new Point()]) expect(copyOf(value)).toBe(value)
})
