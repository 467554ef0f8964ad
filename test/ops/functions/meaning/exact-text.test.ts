import { describe, expect, test } from 'vitest'
import { exactText } from '#build/ops/functions/meaning/exact-text.js'
import fc from '../../../support/fast-check.js'

const different: readonly unknown[] = [
  undefined,
  null,
  true,
  false,
  0,
  -0,
  1,
  Number.NaN,
  Infinity,
  -Infinity,
  0n,
  1n,
  2n ** 70n,
  '',
  '0',
  'null',
  'undefined',
  'NaN',
  '1:a',
  'a',
  '[',
  '{',
  '1n',
  [],
  [undefined],
  [null],
  [0],
  [-0],
  ['0'],
  [[]],
  [[], []],
  ['a', 'b'],
  ['a,b'],
  ['a,1:b'],
  {},
  { a: 1 },
  { a: -0 },
  { a: undefined },
  { a: null },
  { b: 1 },
  { a: 1, b: 2 },
  { b: 2, a: 1 },
  { 'a=1,1:b': 2 },
  { a: { b: 1 } },
  new Date(0),
  new Date(0).toISOString(),
  new Date(1),
  new Date(Number.NaN),
  new Map(),
  new Map([[1, 2]]),
  new Map([[1, 3]]),
  new Set(),
  new Set([1]),
  new Set([[1, 2]]),
  /a/,
  /a/g,
  /b/,
  new Uint8Array([1]),
  new Int8Array([1]),
  new Uint8Array([1, 0]),
  new Uint16Array([1]),
  new Uint8Array([1]).buffer,
  new DataView(new ArrayBuffer(1)),
  Object(1),
  Object('1'),
  Object(true),
  new SharedArrayBuffer(1),
  new SharedArrayBuffer(1),
]

describe('exactText', () => {
  test('tells different values apart', () => {
    const texts = different.map(exactText)
    texts.forEach((text, i) => expect([i, texts.indexOf(text)]).toEqual([i, i]))
  })

  test('is the same for clones', () => {
    for (const value of different.filter((value) => !(value instanceof SharedArrayBuffer))) {
      expect(exactText(structuredClone(value))).toBe(exactText(value))
    }
    const kept = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: true,
    })
    fc.assert(
      fc.property(kept, (value) => {
        expect(exactText(structuredClone(value))).toBe(exactText(value))
      }),
    )
  })

  test('shared memory is the same only as itself', () => {
    const shared = new SharedArrayBuffer(8)
    expect(exactText(shared)).toBe(exactText(shared))
    expect(exactText({ shared })).not.toBe(exactText({ shared: new SharedArrayBuffer(8) }))
  })
})
