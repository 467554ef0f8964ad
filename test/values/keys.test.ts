import { describe, expect, test } from 'vitest'
import { ByteWriter } from '#build/pool/blocks/byte-writer.js'
import { decodeRecords, encodeRecords } from '#build/pool/blocks/records-codec.js'
import { canonical, hashKey, KeyedMap } from '#build/values/keys.js'
import fc from '../support/fast-check.js'
import { CASES } from './kinds.js'

describe('hashKey', () => {
  // The hash decides partitions: written down, so that no change of it goes unseen.
  test.each([
    ['', 2872998923],
    ['a', 444641715],
    ['millrace', 2352700675],
    ['grün', 3523463476],
    [0, 0],
    [-0, 0],
    [1, 1364076727],
    [-1, 2180083513],
    [2 ** 31, 3352118619],
    [0.5, 113545287],
    [Number.NaN, 113545287],
    [Infinity, 3930186649],
    [true, 262886248],
    [false, 3416284795],
    [null, 0],
    [undefined, 0],
    [1n, 1049854485],
    [[1, 'a'], 3665676063],
    [{ b: 1, a: [2] }, 3698625486],
    [new Date(1000), 2814369667],
  ])('of %o is %i', (key, hash) => {
    expect(hashKey(key)).toBe(hash)
  })

  test('spreads neighbours over partitions', () => {
    for (const keyOf of [
      (i: number) => i,
      (i: number) => i * 1024,
      (i: number) => `key-${i}`,
      (i: number) => [i],
      (i: number) => i + 0.5,
    ]) {
      const counts = new Array<number>(16).fill(0)
      for (let i = 0; i < 16_000; i++) counts[hashKey(keyOf(i)) % 16]!++
      for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(200)
    }
  })

  test('is an unsigned 32-bit number, equal for equal keys', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true }), (key) => {
        const hash = hashKey(key)
        expect(Number.isInteger(hash) && hash >= 0 && hash < 2 ** 32).toBe(true)
        expect(hashKey(structuredClone(key))).toBe(hash)
      }),
    )
  })

  test('is one for every NaN, whatever its bits', () => {
    const words = new Uint32Array([1, 0xfff80000])
    const odd = new Float64Array(words.buffer)[0]
    expect(odd).toBeNaN()
    expect(new Set([Number.NaN, odd, Number('x'), Infinity - Infinity].map(hashKey)).size).toBe(1)
  })
})

describe('canonical', () => {
  const different: unknown[] = [
    '',
    'a',
    '1',
    1,
    1n,
    true,
    'true',
    null,
    'null',
    undefined,
    'undefined',
    Number.NaN,
    'NaN',
    Infinity,
    [],
    [[]],
    [1],
    ['1'],
    [1, 2],
    ['1,2'],
    [[1], 2],
    [1, [2]],
    [null],
    [undefined],
    {},
    { a: 1 },
    { a: '1' },
    { a: 1, b: 2 },
    { 'a:1,b': 2 },
    { a: { b: 2 } },
    { a: [1] },
    { a: undefined },
    new Date(1),
    new Date(2),
    new Date(Number.NaN),
    new Map([[1, 2]]),
    new Map([[2, 1]]),
    new Set([1]),
    new Set([[1, 2]]),
    new Uint8Array([1]),
    new Uint8Array([1, 0]),
  ]
  test('tells different keys apart', () => {
    const texts = different.map(canonical)
    expect(new Set(texts).size).toBe(different.length)
  })
  test.each([
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    [[{ a: 1, b: [1] }], [{ b: [1], a: 1 }]],
    [0, -0],
    [[-0], [0]],
    [new Date(5), new Date(5)],
  ])('is one for %o and %o', (a, b) => {
    expect(canonical(a)).toBe(canonical(b))
    expect(hashKey(a)).toBe(hashKey(b))
  })
})

describe('keys that are equal by content', () => {
  const equal: [string, unknown, unknown][] = [
    ['Sets in another order', new Set([1, 'a', [2]]), new Set([[2], 'a', 1])],
    [
      'Maps in another order',
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
      new Map([
        ['b', 2],
        ['a', 1],
      ]),
    ],
    ['Maps of Sets in another order', new Map([[new Set([1, 2]), 1]]), new Map([[new Set([2, 1]), 1]])],
    ['a hole and undefined', new Array(1), [undefined]],
    ['an object with and without a prototype', { a: 1 }, Object.assign(Object.create(null), { a: 1 })],
    ['a Buffer and a Uint8Array', Buffer.from('ab'), Uint8Array.of(97, 98)],
    ['-0 and 0 in a Float64Array', Float64Array.of(-0), Float64Array.of(0)],
    ['invalid dates', new Date(Number.NaN), new Date(Number.NaN)],
    ['regular expressions', /a/g, /a/g],
    ['errors of one message', new Error('a'), new Error('a')],
    [
      'objects with an object under each name in another order',
      { a: { x: 1, y: 2 }, b: 1 },
      { b: 1, a: { y: 2, x: 1 } },
    ],
  ]
  test.each(equal)('%s', (_, a, b) => {
    expect(canonical(a)).toBe(canonical(b))
    expect(hashKey(a)).toBe(hashKey(b))
    const map = new KeyedMap<number>()
    map.set(a, 1)
    expect(map.get(b)).toBe(1)
  })
})

describe('every value that is data is a key of its own', () => {
  const data = CASES.filter(({ refused }) => refused === undefined)
  const same = new Set(['negative zero', 'a frozen object', 'a getter', 'an object without a prototype'])
  const bytes = /Buffer|Uint8Array|a part|view in the middle|holes|hole|an object$|RegExp|undefined/
  test('tells all kinds apart', () => {
    const texts = new Map<string, string>()
    for (const { kind, make } of data) {
      const text = canonical(make())
      expect(canonical(make()), kind).toBe(text)
      if (same.has(kind) || bytes.test(kind)) continue
      expect(texts.get(text), kind).toBe(undefined)
      texts.set(text, kind)
    }
    expect(texts.size).toBeGreaterThan(60)
  })
  test('equal after another thread or a file', () => {
    for (const { kind, make } of data) {
      const w = new ByteWriter()
      encodeRecords(w, [{ key: make() }])
      const [{ key }] = decodeRecords(w.bytes()) as [{ key: unknown }]
      expect(canonical(key), kind).toBe(canonical(make()))
      expect(hashKey(key), kind).toBe(hashKey(make()))
    }
  })
  test.each(CASES.filter(({ refused }) => refused !== undefined))('refuses $kind', ({ make }) => {
    const dataError = expect.objectContaining({ code: 'ERR_MILLRACE_DATA' })
    expect(() => hashKey(make())).toThrow(dataError)
    expect(() => hashKey([make()])).toThrow(dataError)
    expect(() => hashKey({ a: make() })).toThrow(dataError)
    expect(() => hashKey(new Map([['a', make()]]))).toThrow(dataError)
  })
  test('names the path', () => {
    expect(() => hashKey({ user: { url: new URL('http://a/') } })).toThrow(
      'A key cannot be compared: key.user.url is a URL. Use its href.',
    )
  })
})

describe('KeyedMap', () => {
  test('behaves as a Map of contents', () => {
    const key = fc.oneof(
      fc.integer({ min: 0, max: 3 }),
      fc.constantFrom('0', '1', null, undefined, Number.NaN, true),
      fc.tuple(fc.nat({ max: 2 })),
      fc.record({ a: fc.nat({ max: 2 }) }),
    )
    const action = fc.record({ do: fc.constantFrom('set', 'delete', 'get'), key, value: fc.nat() })
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const map = new KeyedMap<number>()
        const model = new Map<string, number>()
        for (const { do: what, key, value } of actions) {
          const text = canonical(key)
          if (what === 'set') {
            map.set(key, value)
            model.set(text, value)
          } else if (what === 'delete') expect(map.delete(key)).toBe(model.delete(text))
          expect(map.get(key)).toBe(model.get(text))
          expect(map.has(key)).toBe(model.has(text))
          expect(map.size).toBe(model.size)
        }
        expect(new Map([...map.entries()].map(([key, value]) => [canonical(key), value]))).toEqual(model)
      }),
    )
  })

  test('a value that is undefined is there', () => {
    const map = new KeyedMap<undefined>()
    map.set([1], undefined)
    map.set('a', undefined)
    expect([map.has([1]), map.has('a'), map.size]).toEqual([true, true, 2])
  })
})
