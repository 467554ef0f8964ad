import { runInNewContext } from 'node:vm'
import { describe, expect, it, test } from 'vitest'
import { ByteWriter } from '#build/pool/blocks/byte-writer.js'
import { decodePairs, decodeRecords, encodePairs, encodeRecords } from '#build/pool/blocks/records-codec.js'
import { isData } from '#build/values/data.js'
import fc from '../support/fast-check.js'
import { CASES, expectSame } from './kinds.js'

function shared(encode: (w: ByteWriter) => void): Buffer {
  const w = new ByteWriter()
  encode(w)
  const memory = new SharedArrayBuffer(w.length + 8)
  const bytes = Buffer.from(memory, 0, w.length)
  bytes.set(w.bytes())
  return bytes
}
const many = (make: (i: number) => unknown) => Array.from({ length: 12 }, (_, i) => make(i))
const roundTrip = (records: readonly unknown[]) => decodeRecords(shared((w) => encodeRecords(w, records)))

describe.each(CASES)('$kind', ({ make, refused }) => {
  const places: [string, (value: unknown) => unknown[]][] = [
    ['alone', (value) => [value]],
    ['twice', (value) => [value, value]],
    ['among others', (value) => [1, 'a', value, { b: 2 }]],
    ['as a value', (value) => [['key', value]]],
    ['as a key', (value) => [[value, 1]]],
    ['in a field of many objects', (value) => many((i) => ({ id: i, name: `n${i}`, data: i === 9 ? value : null }))],
    ['in an item of many tuples', (value) => many((i) => [i, `n${i}`, i === 9 ? value : null])],
    ['in many lists', (value) => many((i) => [...new Array<unknown>(i).fill(value), value])],
    ['as one of many objects', (value) => many((i) => (i === 9 ? value : { id: i }))],
    ['as one of many tuples', (value) => many((i) => (i === 9 ? value : [i, i, i]))],
    ['as the value of many pairs', (value) => many((i) => [`k${i}`, i === 9 ? value : { a: i }])],
    ['in many objects of objects', (value) => many((i) => ({ user: { id: i, tags: [{ data: value }] } }))],
    ['in a field', (value) => [{ user: { data: value } }]],
    [
      'in a pair in a pair',
      (value) => [
        ['a', ['b', value]],
        ['c', ['d', 1]],
      ],
    ],
  ]
  test.each(places)('%s', (_, put) => {
    const records = put(make())
    if (refused === undefined) {
      return expectSame(roundTrip(records), records)
    }
    expect(() => roundTrip(records)).toThrow(expect.objectContaining({ code: 'ERR_MILLRACE_DATA' }))
    expect(() => roundTrip(records)).toThrow(refused)
  })
  it('is classified', () => expect(isData(make())).toBe(refused === undefined))
})

test.each([
  ['a property named by a symbol', { a: 1, [Symbol('s')]: 1 }],
  ['an array with a property', Object.assign([1, 2, 3], { extra: 1 })],
])('%s on one of many records is found', (_, odd) => {
  const like = Array.isArray(odd) ? [1, 2, 3] : { a: 1 }
  for (const at of [0, 5, 11]) {
    const records = many((i) => (i === at ? odd : like))
    expect(() => roundTrip(records)).toThrow(`A record cannot be encoded: [${at}] `)
  }
})

test.each<[string, (i: number) => unknown]>([
  ['fields in another order', (i) => (i % 2 ? { a: 1, b: 2 } : { b: 2, a: 1 })],
  ['a field that is missing', (i) => (i === 5 ? { a: 1 } : { a: 1, b: undefined })],
  ['more fields', (i) => (i === 5 ? { a: 1, b: 2 } : { a: 1 })],
  ['no fields', () => ({})],
  ['holes', (i) => (i === 5 ? new Array(2) : [1, 2])],
  ['empty arrays', () => []],
  ['names that are code', (i) => ({ 'a: 1 }; throw 1': i, '"': i, "'": i, '\\': i, '\n': i, '\u2028': i, '${': i })],
  ['names like numbers', (i) => ({ 10: i, 9: i, b: i })],
  ['__proto__ as a name', (i) => JSON.parse(`{"a":1,"__proto__":${i}}`)],
  [
    'getters',
    (i) => ({
      get a() {
        return i
      },
    }),
  ],
])('many objects with %s come back', (_, make) => {
  const records = Array.from({ length: 2000 }, (_, i) => make(i))
  const got = roundTrip(records)
  expectSame(
    got,
    records.map((record) => (Array.isArray(record) ? record : { ...(record as object) })),
  )
  got.forEach((one, i) => expect(Object.keys(one as object)).toEqual(Object.keys(records[i] as object)))
})

test('every list of records comes back', () => {
  const value = fc.oneof(fc.integer(), fc.double(), fc.string({ unit: 'binary' }), fc.boolean(), fc.constant(undefined))
  const names = fc.uniqueArray(fc.oneof(fc.string(), fc.constantFrom('a', 'b', '__proto__', 'constructor')), {
    maxLength: 4,
  })
  const object = (fields: string[]) =>
    fc.array(value, { minLength: fields.length, maxLength: fields.length }).map((all) => {
      const made: Record<string, unknown> = {}
      fields.forEach((name, i) =>
        Object.defineProperty(made, name, { value: all[i], enumerable: true, writable: true, configurable: true }),
      )
      return made
    })
  const alike = names.chain((fields) => fc.array(object(fields), { minLength: 6, maxLength: 20 }))
  const tuples = fc.integer({ min: 0, max: 10 }).chain((n) => fc.array(fc.array(value, { minLength: n, maxLength: n })))
  const lists = fc.array(fc.array(value), { minLength: 6, maxLength: 20 })
  const odd = fc.array(fc.oneof(value, names.chain(object), fc.array(value)), { maxLength: 2 })
  const nested = alike.map((records) => records.map((record, i) => ({ record, all: records.slice(0, i % 3) })))
  fc.assert(
    fc.property(fc.oneof(alike, tuples, lists, nested), odd, (records, others) => {
      const all = [...records, ...others]
      expectSame(roundTrip(all), all)
    }),
  )
})

test('an object that occurs in too many places is refused', () => {
  let value: unknown = { end: true }
  for (let i = 0; i < 40; i++) value = { left: value, right: value }
  expect(() => roundTrip([value])).toThrow(
    '[0] holds more than 8,388,608 objects, counted in each place where they occur. Refer to an object that occurs often',
  )
})

describe('an error names the path', () => {
  const url = new URL('http://a/')
  test.each<[string, unknown[]]>([
    ['[1] is', [1, url]],
    ['[0].user.url is', [{ user: { url } }]],
    ['[0][1].url is', [['key', { url }]]],
    [
      '[2][1][1] is',
      [
        ['k', ['j', 1]],
        ['k', ['j', 2]],
        ['k', ['j', url]],
      ],
    ],
    ['[0].list[2].url is', [{ list: [1, 2, { url }] }]],
    ['[0]["odd name"] is', [{ 'odd name': url }]],
    ['[0].get("a").url is', [new Map([['a', { url }]])]],
    ['[0].values() is', [new Set([url])]],
  ])('%s', (path, records) => {
    expect(() => roundTrip(records)).toThrow(`A record cannot be encoded: ${path} a URL. Use its href.`)
  })
  it('of pairs in two columns', () => {
    expect(() => shared((w) => encodePairs(w, ['a', 'b'], [1, { url }]))).toThrow('[1][1].url is a URL')
    expect(() => shared((w) => encodePairs(w, ['a', url], [1, 2]))).toThrow('[1][0] is a URL')
  })
})

it('leaves nothing of refused records in the writer', () => {
  const w = new ByteWriter()
  encodeRecords(w, [1])
  const before = w.length
  expect(() => encodeRecords(w, [['a', new URL('http://a/')]])).toThrow()
  expect(w.length).toBe(before)
})

it('decodes pairs whose values need exact bytes', () => {
  const values = [-0, /x/g, new Date(Number.NaN)]
  const keys = ['a', 'b', 'c']
  const pairs = decodePairs(shared((w) => encodePairs(w, keys, values)))
  expectSame(pairs, { keys, values })
})

it('takes objects of another realm as those of this one', () => {
  const make =
    "({ a: [1], m: new Map([[1, 2]]), d: new Date(5), r: /x/g, e: new RangeError('x'), b: new Uint8Array([1]) })"
  const foreign = runInNewContext(make) as { e: Error }
  const [value] = roundTrip([foreign]) as [{ e: Error }]
  const { e, ...rest } = value
  expectSame(rest, { a: [1], m: new Map([[1, 2]]), d: new Date(5), r: /x/g, b: Uint8Array.of(1) })
  expect(e).toBeInstanceOf(RangeError)
  expect(e.message).toBe('x')
  expect(() => roundTrip([runInNewContext('new (class Map { x = 1 })()')])).toThrow('is a Map')
})
