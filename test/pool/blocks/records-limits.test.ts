import { describe, expect, it } from 'vitest'
import { ByteWriter } from '#build/pool/blocks/byte-writer.js'
import { decodeRecords, encodeRecords } from '#build/pool/blocks/records-codec.js'

function travel(value: unknown): unknown {
  const w = new ByteWriter()
  // In an object, so that no column takes it.
  encodeRecords(w, [{ value }])
  const [record] = decodeRecords(w.bytes()) as [{ value: unknown }]
  return record.value
}

describe('kept', () => {
  const typedArrays = [
    new Int8Array([-1]),
    new Uint8Array([255]),
    new Uint8ClampedArray([255]),
    new Int16Array([-300]),
    new Uint16Array([300]),
    new Int32Array([-70_000]),
    new Uint32Array([70_000]),
    new Float32Array([0.5]),
    new Float64Array([0.1, -0, Number.NaN]).subarray(1),
    new BigInt64Array([-5n]),
    new BigUint64Array([5n]),
    Buffer.from('bytes'),
  ]
  it.each(typedArrays.map((array) => [array.constructor.name, array]))('%s', (_, array) => {
    const result = travel(array)
    expect(result).toEqual(array)
    expect((result as object).constructor).toBe(array.constructor)
  })

  it.each([
    [
      'Map',
      new Map<unknown, unknown>([
        [1, 'a'],
        ['b', { c: new Set([1]) }],
      ]),
    ],
    ['Set', new Set(['a', 1, null])],
    ['Date', new Date(1_700_000_000_123)],
    ['an invalid Date', new Date(Number.NaN)],
    ['RegExp', /a.b/gi],
    ['small BigInt', 5n],
    ['BigInt of 64 bits', 2n ** 63n],
    ['negative BigInt of more bits', -(3n ** 200n)],
    ['undefined', undefined],
    ['null', null],
    ['NaN', Number.NaN],
    ['infinity', -Infinity],
    ['large numbers', [2 ** 53, -(2 ** 53), 2 ** 63, 1e308, 5e-324]],
    ['odd keys', { 'a b': 1, 5: 2, '': 3, constructor: 4, hasOwnProperty: 5 }],
    ['undefined in an object', { a: undefined }],
    ['nested arrays', [[[[]]], [[1], [2, [3]]]]],
  ])('%s', (_, value) => {
    expect(travel(value)).toStrictEqual(value)
  })

  it('the class, message and cause of an Error', () => {
    const error = travel(new TypeError('wrong', { cause: new RangeError('far') }))
    expect(error).toBeInstanceOf(TypeError)
    expect(error).toMatchObject({ message: 'wrong', cause: { message: 'far', name: 'RangeError' } })
  })

  it('records of 300 shapes, mixed and repeated, over many blocks', () => {
    const shapes = Array.from({ length: 300 }, (_, i) => ({
      [`a${i}`]: i,
      [`b${i % 7}`]: { [`c${i % 90}`]: [`${i}`] },
    }))
    const w = new ByteWriter()
    for (let round = 0; round < 20; round++) {
      const records = [...shapes.slice(round * 10), ...shapes, ...shapes.slice(0, 100).reverse()]
      w.reset()
      encodeRecords(w, records)
      expect(decodeRecords(w.bytes())).toEqual(records)
    }
  })
})

it('makes two of one object that occurs twice', () => {
  const one = { a: 1 }
  const [first, second] = travel([one, one]) as [object, object]
  expect(first).toEqual(second)
  expect(first).not.toBe(second)
})

// test/values/codec.test.ts has all kinds.
describe('refused', () => {
  const cycle: { self?: unknown } = {}
  cycle.self = cycle
  it.each([
    ['a symbol', Symbol('s')],
    ['a cycle', cycle],
  ])('%s, and the codec goes on to work', (_, value) => {
    expect(() => travel(value)).toThrow(expect.objectContaining({ code: 'ERR_MILLRACE_DATA' }))
    expect(travel({ fine: [1] })).toEqual({ fine: [1] })
  })
})
