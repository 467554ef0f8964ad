import { expect, test } from 'vitest'
import fc from '../support/fast-check.js'
import { encode, halves, slice } from './slices.js'

const value = fc.jsonValue({ maxDepth: 3 }).map((v) => JSON.parse(JSON.stringify(v)) as unknown)

test('what is written is read, in slices cut anywhere', () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 6 }), (records) => {
      const bytes = encode('json', records)
      for (const read of halves('json', bytes)) expect(read).toEqual(records)
    }),
    { numRuns: 60 },
  )
})

test('a byte order mark, empty lines, returns and a last line without newline', () => {
  const bytes = Buffer.from('\ufeff{"a":1}\r\n\n  \r\n[2]\n"x"')
  for (const read of halves('json', bytes)) expect(read).toEqual([{ a: 1 }, [2], 'x'])
  expect(slice('json', Buffer.alloc(0))).toEqual([])
})

test('a line that is not JSON names its byte, or is rejected', () => {
  const bytes = Buffer.from('{"ü":1}\n{"a":\n[3]\n')
  expect(() => slice('json', bytes)).toThrow(/The record at byte 9 of x is not JSON: "\{\\"a\\":"/)
  expect(slice('json', bytes, {}, [0, bytes.length], true)).toEqual([
    { ü: 1 },
    [3],
    { path: 'x', offset: 9, text: '{"a":' },
  ])
})

test('lines longer than a piece', () => {
  const records = ['a'.repeat(3_000_000), 1, 'b'.repeat(1_200_000)]
  const bytes = encode('json', records)
  for (const cut of [1, 2_999_999, 3_000_003, 3_000_004, 3_000_006, bytes.length - 1])
    expect([...slice('json', bytes, {}, [0, cut]), ...slice('json', bytes, {}, [cut, bytes.length])]).toEqual(records)
})
