import { runInNewContext } from 'node:vm'
import { describe, expect, it, test } from 'vitest'
import { ByteWriter } from '#build/pool/blocks/byte-writer.js'
import { decodePairs, decodeRecords, encodePairs, encodeRecords } from '#build/pool/blocks/records-codec.js'
import { isData } from '#build/values/data.js'
import { CASES, expectSame } from './kinds.js'

function shared(encode: (w: ByteWriter) => void): Buffer {
  const w = new ByteWriter()
  encode(w)
  const memory = new SharedArrayBuffer(w.length + 8)
  const bytes = Buffer.from(memory, 0, w.length)
  bytes.set(w.bytes())
  return bytes
}
const roundTrip = (records: readonly unknown[]) => decodeRecords(shared((w) => encodeRecords(w, records)))

describe.each(CASES)('$kind', ({ make, refused }) => {
  const places: [string, (value: unknown) => unknown[]][] = [
    ['alone', (value) => [value]],
    ['twice', (value) => [value, value]],
    ['among others', (value) => [1, 'a', value, { b: 2 }]],
    ['as a value', (value) => [['key', value]]],
    ['as a key', (value) => [[value, 1]]],
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
