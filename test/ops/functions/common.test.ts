import { describe, expect, test } from 'vitest'
import { builtinMark } from '#build/ops/functions/builtin.js'
import * as common from '#build/ops/functions/common.js'
import fc from '../../support/fast-check.js'

describe('functions of operators', () => {
  test.each([
    ['identity', common.identity('a'), 'a'],
    ['pairWithOne', common.pairWithOne('a'), ['a', 1]],
    ['sum', common.sum(1, 2), 3],
    ['subtract', common.subtract(1, 2), -1],
    ['first', common.first(1, 2), 1],
    ['second', common.second(1, 2), 2],
    ['isNotZeroValue', [common.isNotZeroValue(['a', 0]), common.isNotZeroValue(['a', -1])], [false, true]],
    ['swap', common.swap(['a', 1]), [1, 'a']],
    ['keyOf', common.keyOf(['a', 1]), 'a'],
    ['valueOf', common.valueOf(['a', 1]), 1],
    ['toList', common.toList([1]), [[1]]],
    ['keyBy', common.keyBy((x: string) => x.length)('abc'), [3, 'abc']],
  ])('%s', (_, got, expected) => {
    expect(got).toEqual(expected)
  })

  test('lists grow in place, large ones too', () => {
    const list = [1]
    expect(common.appendToList(list, 2)).toBe(list)
    expect(common.concatLists(list, new Array(500_000).fill(0))).toBe(list)
    expect(list.length).toBe(500_002)
  })

  test('max and min do not depend on the order, NaN included', () => {
    const numbers = fc.oneof(
      fc.double().filter((n) => !Object.is(n, -0)),
      fc.constant(Number.NaN),
    )
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        expect(common.max(a, b)).toBe(Math.max(a, b))
        expect(common.min(a, b)).toBe(Math.min(a, b))
      }),
    )
    expect([common.max('a', 'b'), common.min('b', 'a'), common.max(1n, 2n)]).toEqual(['b', 'a', 2n])
  })

  test('carry what they were made from', () => {
    expect(builtinMark(common.split(' '))).toEqual({ name: 'split', args: [' '] })
    expect(builtinMark(common.field(3, '\t'))).toEqual({ name: 'field', args: [3, '\t'] })
    expect(builtinMark(common.words())).toEqual({ name: 'words', args: [] })
    expect(builtinMark((x: number) => x)).toBeUndefined()
  })
})

describe('functions on text', () => {
  test('words are those that a match of non-space gives', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\t', '\n', '\u00a0', '\u2003', '\r') })
    fc.assert(fc.property(text, (line) => void expect(common.words()(line)).toEqual([...(line.match(/\S+/g) ?? [])])))
    expect(common.words()('')).toEqual([])
    expect(common.words()('  ')).toEqual([])
  })

  test('field is the element that split gives', () => {
    const text = fc.string({ unit: fc.constantFrom('a', ',', ';') })
    fc.assert(
      fc.property(text, fc.nat(6), fc.constantFrom(',', ';', ',;'), (line, index, separator) => {
        expect(common.field(index, separator)(line)).toBe(line.split(separator)[index])
      }),
    )
  })

  test.each([
    ['{"user":{"id":7}}', 'user.id', 7],
    ['{"user":{"id":null}}', 'user.id', null],
    ['{"user":{"id":null}}', 'user.id.x', undefined],
    ['{"user":"x"}', 'user.length', undefined],
    ['{}', 'constructor.name', undefined],
    ['{"tags":["a","b"]}', 'tags.1', 'b'],
    ['{"a":1', 'a', undefined],
    ['', 'a', undefined],
    ['null', 'a', undefined],
  ])('jsonField of %s at %s', (line, path, expected) => {
    expect(common.jsonField(path)(line)).toBe(expected)
  })

  test.each([
    ['12', 12],
    [' 1.5 ', 1.5],
    ['', Number.NaN],
    ['  ', Number.NaN],
    ['12a', Number.NaN],
    ['-1e3', -1000],
  ])('parseNumber of %j', (text, expected) => {
    expect(common.parseNumber()(text)).toBe(expected)
  })

  test('numberField is parseNumber of field, and NaN where there is none', () => {
    const text = fc.string({ unit: fc.constantFrom('1', '2', '.', '-', ' ', ',', 'x') })
    fc.assert(
      fc.property(text, fc.nat(3), (line, index) => {
        const found = line.split(',')[index]
        const expected = found === undefined ? Number.NaN : common.parseNumber()(found)
        expect(common.numberField(index)(line)).toBe(expected)
      }),
    )
    expect(common.numberField(1, ';')('a;0x10;b')).toBe(16)
  })

  test('pairOf', () => {
    expect(common.pairOf(common.field(0), common.numberField(1))('tea,3')).toEqual(['tea', 3])
    expect(common.pairOf((x: number) => x % 2, String)(3)).toEqual([1, '3'])
  })

  test('the rest', () => {
    expect(common.split(',')('a,,b')).toEqual(['a', '', 'b'])
    expect([common.includes('b')('abc'), common.includes('B')('abc')]).toEqual([true, false])
    expect([common.startsWith('a')('abc'), common.startsWith('b')('abc')]).toEqual([true, false])
    expect([common.length()('abc'), common.length()([1]), common.toLowerCase()('ÀB')]).toEqual([3, 1, 'àb'])
  })

  test.each([
    ['split', () => common.split(/ / as never)],
    ['field', () => common.field(-1)],
    ['field', () => common.field(1.5)],
    ['field', () => common.field(0, '')],
    ['jsonField', () => common.jsonField('')],
    ['includes', () => common.includes(undefined as never)],
    ['keyBy', () => common.keyBy(5 as never)],
    ['numberField', () => common.numberField(-1)],
    ['numberField', () => common.numberField(0, '')],
    ['pairOf', () => common.pairOf(common.field(0), undefined as never)],
    ['pairOf', () => common.pairOf('a' as never, common.field(0))],
  ])('%s checks its arguments', (name, make) => {
    expect(make).toThrowError(
      expect.objectContaining({ code: 'ERR_MILLRACE_ARGUMENT', message: expect.stringContaining(name) }),
    )
  })
})
