import { expect, test } from 'vitest'
import { toArray } from '#build/pool/worker/runtime/to-array.js'

const task = { meter: { status: new Int32Array(8) } } as never
const pieces =
  (...all: Iterable<number>[]) =>
  (_: unknown, each: (records: Iterable<number>) => void) =>
    all.forEach(each)

test('a partition that one array cannot hold is an error, before V8 ends the process', () => {
  const three = pieces([1, 2], new Set([3]))
  expect(toArray(three as never, task, 3)).toEqual([1, 2, 3])
  expect(() => toArray(three as never, task, 2)).toThrow('The partition has more than 2 records')
})
