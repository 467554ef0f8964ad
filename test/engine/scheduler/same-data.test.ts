import { describe, expect, test } from 'vitest'
import { areSame } from '#build/engine/scheduler/same-data.js'
import { builtin, builtinRef, defineBuiltin } from '#build/ops/functions/builtin.js'
import { exactText } from '#build/ops/functions/meaning/exact-text.js'
import fc from '../../support/fast-check.js'

const values = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withSparseArray: true })

describe('values that count as the same', () => {
  test('have one exact text', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        if (areSame(a, b)) expect(exactText(a)).toBe(exactText(b))
      }),
    )
  })

  test('are plain data and their copies', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => areSame(value, structuredClone(value))))
  })

  test.each([
    [{ a: 1 }, { a: 1, b: undefined }],
    [{ a: undefined }, { b: undefined }],
    [{ a: 1, b: 2 }, { a: 1 }],
    [[1], { 0: 1, length: 1 }],
    [{ 0: 1 }, [1]],
    [[], {}],
    [[undefined], []],
    [0, -0],
    [null, {}],
    [null, undefined],
    [new Date(0), new Date(0)],
    [new Map(), new Map()],
  ])('%j and %j are not', (a, b) => {
    expect([areSame(a, b), areSame(b, a)]).toEqual([false, false])
  })
})

test('the reference of a library function does not change with its arguments', () => {
  defineBuiltin('pick names', (names: readonly string[]) => () => names)
  const names = ['a']
  const before = builtinRef(builtin('pick names', names), () => ({ k: 'builtin', name: 'identity' }))
  names[0] = 'b'
  expect(before).toEqual({ k: 'builtin', name: 'pick names', args: [{ value: ['a'] }] })
})
