import { parse } from 'csv-parse/sync'
import { describe, expect, test } from 'vitest'
import fc from '../support/fast-check.js'
import { encode, halves, slice } from './slices.js'

const rows = (text: string, options: object = {}) => slice('csv', Buffer.from(text), options)
const field = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'ü', '"', ',', '\n', '\r', ' ', ';', "'", '\\', '#'), maxLength: 6 }),
  fc.string({ unit: 'grapheme', maxLength: 5 }),
)
const table = fc
  .integer({ min: 1, max: 4 })
  .chain((width) => fc.array(fc.array(field, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 6 }))

test('what is written is read, by this parser and by csv-parse', () => {
  fc.assert(
    fc.property(table, (records) => {
      const bytes = encode('csv', records, { header: false })
      expect(slice('csv', bytes, { header: false })).toEqual(records)
      expect(parse(bytes, { relax_column_count: true })).toEqual(records)
    }),
    { numRuns: 500 },
  )
})

test('it reads what csv-parse reads, and refuses what csv-parse refuses', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r\n', ' '), maxLength: 20 })
  fc.assert(
    fc.property(text, (input) => {
      const bytes = Buffer.from(input)
      let expected: unknown
      try {
        expected = parse(bytes, { relax_column_count: true, skip_empty_lines: true, record_delimiter: ['\n', '\r\n'] })
      } catch {
        expected = 'refused'
      }
      let found: unknown
      try {
        found = slice('csv', bytes, { header: false })
      } catch {
        found = 'refused'
      }
      expect(found).toEqual(expected)
    }),
    { numRuns: 2000 },
  )
})

test('a file without quoted newlines is read in slices cut anywhere', () => {
  const plain = fc.string({ unit: fc.constantFrom('a', 'ü', '"', ',', ' '), maxLength: 5 })
  const records = fc.array(fc.record({ a: plain, b: plain }), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(records, (all) => {
      const bytes = encode('csv', all, { columns: ['a', 'b'] })
      for (const read of halves('csv', bytes, { multiLine: false })) expect(read).toEqual(all)
    }),
    { numRuns: 60 },
  )
})

test('a header after a byte order mark, comments and empty lines, in slices cut anywhere', () => {
  const bytes = Buffer.from('\ufeff# comment, "\n\na;"b\tc"\r\n1;2\r\n#3;4\n5;"6"')
  const options = { delimiter: ';', comment: '#', multiLine: false }
  const expected = [
    { a: '1', 'b\tc': '2' },
    { a: '5', 'b\tc': '6' },
  ]
  for (const read of halves('csv', bytes, options)) expect(read).toEqual(expected)
  expect(slice('csv', bytes, { ...options, multiLine: true })).toEqual(expected)
})

describe('fields', () => {
  test('have types; an empty field is null, but an empty text', () => {
    const types = { n: 'number', i: 'integer', b: 'bigint', t: 'boolean', d: 'date' }
    expect(rows('s,n,i,b,t,d\nx,1.5e3,-7,12345678901234567890,TRUE,2024-02-03\n,,,,,\n', { types })).toEqual([
      { s: 'x', n: 1500, i: -7, b: 12345678901234567890n, t: true, d: new Date('2024-02-03') },
      { s: '', n: null, i: null, b: null, t: null, d: null },
    ])
  })
  test.each([
    ['number', '1,5'],
    ['number', 'x'],
    ['number', ' '],
    ['integer', '1.5'],
    ['integer', '9007199254740993'],
    ['bigint', '1n'],
    ['boolean', 'yes'],
    ['date', '3.2.2024'],
    ['date', '2024-13-01'],
  ])('a field that is no %s is refused: %s', (type, text) => {
    expect(() => rows(`a,b\n1,"${text}"\n`, { types: { b: type } })).toThrow(
      new RegExp(`at byte 4 of x has ".*" in column 'b', which is no ${type}`),
    )
  })
  test('are those of the chosen columns', () => {
    expect(rows('a,b,c\n1,2,3\n', { columns: ['c', 'a'] })).toEqual([{ c: '3', a: '1' }])
    expect(rows('1,2\n', { columns: ['x', 'y'], header: false })).toEqual([{ x: '1', y: '2' }])
  })
  test('of Spark escape quotes by a backslash', () => {
    expect(rows('"a\\"b\\\\",c\n', { header: false, escape: '\\' })).toEqual([['a"b\\', 'c']])
  })
})

describe('a bad row', () => {
  const bad = (text: string, options: object = {}) =>
    slice('csv', Buffer.from(text), options, [0, Buffer.byteLength(text)], true)
  test.each([
    ['has 1 fields, not 2', 'a,b\n1,2\n3\n4,5\n', '3'],
    ['has 3 fields, not 2', 'a,b\n1,2\n3,3,"3"\n4,5\n', '3,3,"3"'],
    ['has a quote inside of a field that is not quoted', 'a,b\n1,2\n3"3",3\n4,5\n', '3"3",3'],
    ['has characters after a closing quote', 'a,b\n1,2\n"3"3,3\n4,5\n', '"3"3,3'],
  ])('%s', (why, text, row) => {
    expect(() => rows(text)).toThrow(`The record at byte 8 of x ${why}: ${JSON.stringify(row)}.`)
    expect(bad(text)).toEqual([
      { a: '1', b: '2' },
      { a: '4', b: '5' },
      { path: 'x', offset: 8, text: row },
    ])
  })
  test('a quote that is never closed takes its line only', () => {
    expect(() => rows('a,b\n"1,2\n3,4\n')).toThrow(/at byte 4 of x has a quote that is never closed/)
    expect(bad('a,b\n"1,2\n3,4\n')).toEqual([
      { a: '3', b: '4' },
      { path: 'x', offset: 4, text: '"1,2' },
    ])
  })
  test('a quoted newline where multiLine is false', () => {
    expect(() => rows('a,b\n"1\n2",3\n', { multiLine: false })).toThrow(/does not end on its line/)
  })
})

describe('options that do not fit the file', () => {
  test.each([
    [/has no column 'c'. Its columns: 'a', 'b'/, { columns: ['c'] }, 'a,b\n1,2\n'],
    [/has no column 'c'/, { types: { c: 'number' } }, 'a,b\n'],
    [/name "a" twice/, {}, 'a,a\n1,2\n'],
    [/'__proto__'/, {}, '__proto__,a\n1,2\n'],
    [/header of x has a quote/, {}, 'a,"b\n'],
    [/UTF-16/, {}, '\xff\xfea'],
  ])('%s', (message, options, text) => {
    expect(() => slice('csv', Buffer.from(text, 'latin1'), options)).toThrow(message)
  })
})

test('rows longer than a piece, and many', () => {
  const records = [
    ['a"\n'.repeat(700_000), 'x'],
    ['1', '2'],
    ...Array.from({ length: 200_000 }, (_, i) => [`${i}`, '"']),
  ]
  const bytes = encode('csv', records, { header: false })
  expect(slice('csv', bytes, { header: false })).toEqual(records)
})

describe('writing', () => {
  const text = (records: unknown[], options: object = {}) => encode('csv', records, options).toString()
  test('names columns by the option or the first record', () => {
    expect(
      text([
        { a: 1, b: null },
        { b: true, a: 'x' },
      ]),
    ).toBe('a,b\n1,\nx,true\n')
    expect(text([{ b: 1 }], { columns: ['a', 'b'] })).toBe('a,b\n,1\n')
    expect(text([], { columns: ['a'] })).toBe('a\n')
    expect(text([])).toBe('')
  })
  test('an only field that is empty is no empty line', () => {
    expect(text([[''], ['x']])).toBe('""\nx\n')
  })
  test.each([
    [/field 'c', and the columns are a/, [{ a: 1 }, { a: 1, c: 2 }]],
    [/is an array of 1; it must have one value for each column: a, b/, [['x']], { columns: ['a', 'b'] }],
    [/A field of csv is an object/, [{ a: { b: 1 } }]],
    [/A record for csv is/, [1]],
  ])('refuses what would be lost: %s', (message, records, options = {}) => {
    expect(() => text(records, options)).toThrow(message)
  })
})
