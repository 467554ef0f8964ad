import { describe, expect, it } from 'vitest'
import { ByteWriter } from '#build/pool/blocks/byte-writer.js'
import { decodeRecords, encodeRecords } from '#build/pool/blocks/records-codec.js'

// What the doc comment of encodeRecords says about records that travel as msgpack.
function travel(value: unknown): unknown {
  const w = new ByteWriter()
  // In an object, so that no column takes it.
  encodeRecords(w, [{ value }])
  const [record] = decodeRecords(w.bytes()) as [{ value: unknown }]
  return record.value
}

class Point {
  x = 1
  get double() {
    return this.x * 2
  }
}
class Money {
  toJSON() {
    return '5 EUR'
  }
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

describe('changed', () => {
  it.each([
    ['-0', -0, 0],
    ['a lone surrogate in a short string', 'a\ud800b', 'a\ufffd\ufffd\ufffdb'],
    ['a lone surrogate in a long string', `\ud800${'b'.repeat(100)}`, `\ufffd${'b'.repeat(100)}`],
    ['an instance of a class', new Point(), { x: 1 }],
    ['an object with toJSON', new Money(), '5 EUR'],
    ['a function', () => 1, undefined],
    ['a Promise', Promise.resolve(1), {}],
    ['a WeakMap', new WeakMap(), {}],
    ['the key __proto__', JSON.parse('{"__proto__": 5}'), { __proto_: 5 }],
    ['symbol keys', { [Symbol('s')]: 1, a: 2 }, { a: 2 }],
    // biome-ignore lint/suspicious/noSparseArray: the hole is the point
    ['holes', [1, , 3], [1, undefined, 3]],
  ])('%s', (_, value, result) => {
    expect(travel(value)).toStrictEqual(result)
  })

  it("an Error's code, other properties and stack", () => {
    const error = Object.assign(new Error('x'), { code: 'E_CODE', extra: 1 })
    error.stack = 'original stack'
    expect(travel(error)).not.toHaveProperty('code')
    expect(travel(error)).not.toHaveProperty('extra')
    expect((travel(error) as Error).stack).not.toBe('original stack')
  })

  it('one object that occurs twice', () => {
    const one = { a: 1 }
    const [first, second] = travel([one, one]) as [object, object]
    expect(first).toEqual(second)
    expect(first).not.toBe(second)
  })
})

describe('refused', () => {
  const cycle: { self?: unknown } = {}
  cycle.self = cycle
  it.each([
    ['a symbol', Symbol('s')],
    ['a cycle', cycle],
  ])('%s, and the codec goes on to work', (_, value) => {
    expect(() => travel(value)).toThrow(
      expect.objectContaining({ code: 'ERR_MILLRACE_ARGUMENT', cause: expect.any(Error) }),
    )
    expect(travel({ fine: [1] })).toEqual({ fine: [1] })
  })
})
