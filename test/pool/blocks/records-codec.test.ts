import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import { ByteWriter } from '#build/pool/blocks/byte-writer.js'
import { FORM } from '#build/pool/blocks/column-header.js'
import { decodePairs, decodeRecords, encodePairs, encodeRecords } from '#build/pool/blocks/records-codec.js'
import fc from '../../support/fast-check.js'

/** Encodes with a used writer, and copies into shared memory at a multiple of 8, as blocks do. */
function shared(encode: (w: ByteWriter) => void): Buffer {
  const w = new ByteWriter()
  w.write(Buffer.alloc(100, 0xff))
  w.reset()
  encode(w)
  const memory = new SharedArrayBuffer(w.length + 64)
  const bytes = Buffer.from(memory, 24, w.length)
  bytes.set(w.bytes())
  return bytes
}
const encoded = (records: readonly unknown[]): Buffer => shared((w) => encodeRecords(w, records))
const roundTrip = (records: readonly unknown[]): unknown[] => decodeRecords(encoded(records))

describe('forms', () => {
  const cases: [string, number, unknown[]][] = [
    ['no records', FORM.i32, []],
    ['whole numbers', FORM.i32, [0, 1, -1, 2 ** 31 - 1, -(2 ** 31)]],
    ['a whole number of 33 bits', FORM.f64, [1, 2 ** 31]],
    ['a negative zero', FORM.f64, [1, -0]],
    [
      'all kinds of numbers',
      FORM.f64,
      [0.1, Number.NaN, Infinity, -Infinity, Number.MIN_VALUE, Number.MAX_SAFE_INTEGER],
    ],
    ['strings', FORM.latin1, ['', 'a', 'é', '\0', 'x'.repeat(300), '']],
    ['empty strings', FORM.latin1, ['', '', '']],
    ['a long string', FORM.latin1, ['a', 'x'.repeat(100_000), 'b']],
    ['wide strings', FORM.utf16, ['a', '€', '漢字', '👍', 'x'.repeat(70_000)]],
    ['lone surrogates', FORM.utf16, ['\ud800', 'a\udc00', '\udc00\ud800', '\ufffd']],
    [
      'pairs of strings and numbers',
      FORM.pairs,
      [
        ['a', 1],
        ['b', 2],
      ],
    ],
    [
      'pairs with keys that are numbers',
      FORM.pairs,
      [
        [1.5, 'x'],
        [-0, 'y'],
      ],
    ],
    [
      'pairs with values of every kind',
      FORM.pairs,
      [
        ['a', null],
        ['b', undefined],
        ['c', { x: [1] }],
        ['', 'ü'],
        ['d', true],
      ],
    ],
    [
      'pairs in pairs',
      FORM.pairs,
      [
        ['a', ['b', ['c', 1]]],
        ['d', ['e', ['f', -0]]],
      ],
    ],
    [
      'objects',
      FORM.packed,
      [
        { a: 1, b: 'x' },
        { a: 2, b: '€' },
      ],
    ],
    ['mixed records', FORM.packed, [1, 'a', null, undefined, true, [1, [2]], {}]],
    [
      'pairs with keys of two kinds',
      FORM.packed,
      [
        ['a', 1],
        [2, 3],
      ],
    ],
    ['many objects', FORM.objects, Array.from({ length: 9 }, (_, i) => ({ a: i, b: `x${i}` }))],
    [
      'objects of several shapes',
      FORM.shapes,
      Array.from({ length: 60 }, (_, i) =>
        i % 3 === 0 ? { kind: 'a', n: i, x: i % 2 ? 0.5 : -0 } : { kind: 'b', x: { y: [i] }, n: i > 40 ? 'text' : i },
      ),
    ],
    [
      'objects whose fields differ in their order only',
      FORM.shapes,
      Array.from({ length: 60 }, (_, i) => (i % 2 ? { a: i, b: 2 ** 40 } : { b: 'same', a: undefined })),
    ],
    [
      'objects of two shapes, one of which is rare',
      FORM.packed,
      [{ a: 1 }, ...Array.from({ length: 9 }, () => ({ b: 2 }))],
    ],
    ['many tuples', FORM.tuples, Array.from({ length: 9 }, (_, i) => [i, `x${i}`, true])],
    ['many lists', FORM.lists, Array.from({ length: 9 }, (_, i) => new Array(i).fill(i))],
    ['arrays of other lengths', FORM.packed, [['a', 1], ['b', 2, 3], [], [1]]],
  ]
  it.each(cases)('%s', (_, form, records) => {
    const bytes = encoded(records)
    expect(bytes[0]).toBe(form)
    expect(decodeRecords(bytes)).toEqual(records)
    expect(decodeRecords(Buffer.concat([Buffer.alloc(1), bytes]).subarray(1)), 'not aligned').toEqual(records)
  })

  it('keeps the order of names in objects of several shapes', () => {
    const records = Array.from({ length: 40 }, (_, i) => (i % 2 ? { a: i, b: 1 } : { b: 1, a: i }))
    expect(roundTrip(records).map((record) => Object.keys(record as object))).toEqual(records.map(Object.keys))
  })

  it('refuses objects whose shapes do not match them', () => {
    const bytes = encoded(Array.from({ length: 40 }, (_, i) => (i % 2 ? { a: i } : { b: i })))
    expect(bytes[0]).toBe(FORM.shapes)
    for (const shape of [1, 2]) {
      const other = Buffer.from(bytes)
      other[8] = shape
      expect(() => decodeRecords(other)).toThrow(expect.objectContaining({ code: 'ERR_MILLRACE_BLOCK_CORRUPT' }))
    }
  })

  it('decodes no bytes as no records', () => {
    expect(decodeRecords(Buffer.alloc(0))).toEqual([])
    expect(decodePairs(Buffer.alloc(0))).toEqual({ keys: [], values: [] })
  })

  it('decodes strings of any sizes around the pieces in which they are cut', () => {
    for (const unit of ['x', '漢']) {
      const strings = [65_535, 1, 65_536, 0, 65_537, 30_000, 30_000, 30_000, 1_100_000, 3].map((n) => unit.repeat(n))
      expect(roundTrip(strings)).toEqual(strings)
    }
  })

  it('packs pairs that are nested without end instead of filling the memory', () => {
    const cycle: unknown[] = ['a', 0]
    cycle[1] = cycle
    expect(() => encoded([cycle])).toThrow(expect.objectContaining({ code: 'ERR_MILLRACE_DATA' }))
    let deep: unknown = 1
    for (let i = 0; i < 50; i++) deep = ['k', deep]
    expect(roundTrip([deep])).toEqual([deep])
  })

  it('keeps its results when their bytes are overwritten and others are decoded', () => {
    const records = [{ s: 'a string of some length', b: Buffer.from('bytes'), f: new Float64Array([1, 2]) }]
    const bytes = encoded(records)
    const decoded = decodeRecords(bytes)
    bytes.fill(0xff)
    roundTrip([{ z: 'y'.repeat(200) }])
    expect(decoded).toEqual(records)
  })
})

describe('round trips', () => {
  const anyText = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units))
  const value = fc.oneof(
    fc.jsonValue({ depthSize: 'small' }),
    fc.object({
      key: anyText,
      withBigInt: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withSparseArray: true,
    }),
    anyText,
    fc.integer(),
    fc.constant(undefined),
    fc.bigInt(),
    fc.date({ noInvalidDate: true }),
  )

  const lists: [string, fc.Arbitrary<unknown[]>][] = [
    ['numbers', fc.array(fc.double())],
    ['whole numbers', fc.array(fc.integer())],
    ['strings of any units', fc.array(anyText)],
    ['ASCII strings', fc.array(fc.string({ unit: 'binary-ascii' }))],
    ['anything', fc.array(value)],
    ['pairs of text', fc.array(fc.tuple(anyText, anyText))],
    ['pairs with numbers as keys', fc.array(fc.tuple(fc.double(), value))],
    ['pairs of pairs', fc.array(fc.tuple(anyText, fc.tuple(fc.double(), fc.double())))],
  ]
  it.each(lists)('%s', (_, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (records) => {
        expect(isDeepStrictEqual(roundTrip(records), records)).toBe(true)
      }),
    )
  })
})

describe('pairs', () => {
  it('makes the same bytes as the records, and decodes those of either', () => {
    const key = fc.oneof(fc.array(fc.string()), fc.array(fc.double()), fc.array(fc.oneof(fc.string(), fc.integer())))
    fc.assert(
      fc.property(key, (keys) => {
        const values = keys.map((k, i) => (i % 3 === 0 ? { k: String(k) } : i))
        const pairs = keys.map((k, i) => [k, values[i]])
        const bytes = shared((w) => encodePairs(w, keys, values))
        expect(bytes.equals(encoded(pairs))).toBe(true)
        expect(decodeRecords(bytes)).toEqual(pairs)
        expect(decodePairs(bytes)).toEqual({ keys, values })
      }),
    )
  })

  it('takes keys of any kind', () => {
    const keys = [{ id: 1 }, null, [1, 2], 'a']
    expect(decodePairs(shared((w) => encodePairs(w, keys, [1, 2, 3, 4])))).toEqual({ keys, values: [1, 2, 3, 4] })
  })

  it.each([
    [[['a', 1], 5], 'Record 1 is a number'],
    [[['a', 1, 2]], 'Record 0 is an array of length 3'],
    [[null], 'Record 0 is null'],
    [['text'], 'Record 0 is a string'],
  ])('refuses %j', (records, message) => {
    expect(() => decodePairs(encoded(records))).toThrow(message)
  })

  it('refuses lists of two lengths', () => {
    expect(() => encodePairs(new ByteWriter(), ['a'], [])).toThrow('1 keys and 0 values')
  })
})

describe('bytes that are not records', () => {
  const corrupt = expect.objectContaining({ code: 'ERR_MILLRACE_BLOCK_CORRUPT' })
  it.each([[[1, 2, 3]], [['a', 'b']], [[{ a: 1 }]], [[['k', { a: 1 }]]]])('cut short: %j', (records) => {
    const bytes = encoded(records)
    for (const length of [1, 9, bytes.length - 1])
      expect(() => decodeRecords(bytes.subarray(0, length))).toThrow(corrupt)
  })

  it('of an unknown form or with a broken message', () => {
    expect(() => decodeRecords(Buffer.alloc(16, 99))).toThrow(corrupt)
    const bytes = encoded([{ a: 1 }])
    bytes.fill(0xc1, 12)
    expect(() => decodeRecords(bytes)).toThrow(corrupt)
  })
})
