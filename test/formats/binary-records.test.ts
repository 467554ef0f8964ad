import { expect, test } from 'vitest'
import fc from '../support/fast-check.js'
import { halves, slice } from './slices.js'

const numbers = (records: readonly unknown[]) => records.map((record) => [...(record as Uint8Array)])

test('records of any length are read in slices cut anywhere', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 9 }), (recordLength, count) => {
      const bytes = Buffer.from(Array.from({ length: recordLength * count }, (_, i) => i))
      const expected = Array.from({ length: count }, (_, i) => [
        ...bytes.subarray(i * recordLength, (i + 1) * recordLength),
      ])
      for (const read of halves('binary', bytes, { recordLength })) expect(numbers(read)).toEqual(expected)
    }),
  )
})

test('a last record that is cut off names its byte, or takes its place', () => {
  const bytes = Buffer.from([1, 2, 3, 4, 5])
  expect(() => slice('binary', bytes, { recordLength: 2 })).toThrow(/at byte 4 of x ends after 1 of 2 bytes/)
  expect(slice('binary', bytes, { recordLength: 2 }, [0, 5], true)[2]).toEqual({ path: 'x', offset: 4 })
})
