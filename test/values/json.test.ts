import { describe, expect, test } from 'vitest'
import { toJson, toLine } from '#build/values/json.js'
import { CASES } from './kinds.js'

class Point {
  x = 1
}

describe('toJson', () => {
  test.each<[unknown, string]>([
    [{ a: 1, b: 'x', c: null, d: undefined }, '{"a":1,"b":"x","c":null}'],
    [['a', 5n], '["a",5]'],
    [{ a: 2n ** 70n }, '{"a":1180591620717411303424}'],
    [{ a: Number.NaN, b: [-Infinity] }, '{"a":"NaN","b":["-Infinity"]}'],
    [[undefined, Number.NaN], '[null,"NaN"]'],
    [undefined, 'null'],
    [new Map([['a', 1]]), '[["a",1]]'],
    [{ seen: new Set([1, 'b']) }, '{"seen":[1,"b"]}'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [[new Date(Number.NaN)], '["Invalid Date"]'],
    [Uint8Array.of(1, 2), '[1,2]'],
    [Buffer.from([1, 2]), '[1,2]'],
    [{ big: BigInt64Array.of(5n) }, '{"big":[5]}'],
    [Uint8Array.of(7).buffer, '[7]'],
    [/a/g, '"/a/g"'],
    [new URL('http://a/'), '"http://a/"'],
    [Object.assign(new Error('x'), { code: 'E' }), '{"name":"Error","message":"x","code":"E"}'],
    [new Point(), '{"x":1}'],
    [[-0], '[0]'],
    [JSON.parse('{"__proto__":1}'), '{"__proto__":1}'],
  ])('%o is %s', (value, text) => expect(toJson(value)).toBe(text))

  test.each<[unknown, string]>([
    [{ a: [1, Promise.resolve()] }, 'a[1] is a Promise. Await it, or use mapAsync.'],
    [{ run: () => 1 }, 'run is a function'],
    [[Symbol('x')], '[0] is a symbol'],
    [new WeakMap(), 'it is a WeakMap'],
    [
      (() => {
        const cycle: Record<string, unknown> = {}
        cycle.self = [cycle]
        return cycle
      })(),
      'self[0] leads back to itself',
    ],
  ])('refuses %o', (value, message) => {
    expect(() => toJson(value)).toThrow(`A record cannot be written as JSON: ${message}`)
    expect(() => toJson(value)).toThrow(expect.objectContaining({ code: 'ERR_MILLRACE_DATA' }))
  })

  test('writes JSON of every kind of data', () => {
    for (const { kind, make, refused } of CASES) {
      if (refused !== undefined || /sparse/.test(kind)) continue
      expect(() => JSON.parse(toJson({ value: make() })), kind).not.toThrow()
    }
  })
})

test.each<[unknown, string]>([
  ['a "text"', 'a "text"'],
  [5n, '5'],
  [Number.NaN, 'NaN'],
  [undefined, 'undefined'],
  [-0, '0'],
  [true, 'true'],
  [{ a: 1 }, '{"a":1}'],
])('toLine of %o is %s', (value, line) => expect(toLine(value)).toBe(line))
