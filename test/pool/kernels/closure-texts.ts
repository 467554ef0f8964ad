import { type AnyFunction, withEnv } from 'millrace'
import fc from '../../support/fast-check.js'

/*
 * Closures as people write them, as text: a kernel may compute each, or a part of it. Beside them, some that look alike
 * and that no kernel may take for them.
 */

/** Compiles the text of a function. `N` in it is a value that `withEnv` passes. */
export function made(text: string): AnyFunction {
  const fn = new Function('N', `'use strict'; return (${text})`)('a') as AnyFunction
  return /\bN\b/.test(text) ? withEnv({ N: 'a' }, fn) : fn
}

const needle = fc.constantFrom(
  ...[
    'a',
    'b',
    'the',
    'é',
    '日',
    ' ',
    ',',
    '"',
    '{',
    'ab',
    'x'.repeat(16),
    'A',
    '\u00a0',
    '😀',
    '\ufffd',
    '',
    '\r',
    '0',
  ],
)
const quoted = fc.oneof(
  needle.map((text) => JSON.stringify(text)),
  fc.constant('N'),
)

const test = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.constantFrom('includes', 'startsWith', 'endsWith'), quoted)
      .map(([name, text]) => `l.${name}(${text})`),
  },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom('===', '!=='), quoted).map(([by, text]) => `l ${by} ${text}`) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      ...['l', 'l.length', 'l.length > 0', 'l.length === 0', 'l.length >= 1', 'l.length < 1', 'l.length > 3', '!!l'],
      ...['l.trim()', "l.trim() !== ''", "l.toLowerCase().includes('a')", 'l.includes("a", 1)', 'l.indexOf("a") >= 0'],
      ...['l.length !== 0', 'l.length > -1', "l == 'a'", 'l < "b"', 'JSON.parse(l).a', "l.split(',')[1] === 'a'"],
    ),
  },
)
const condition = fc.oneof(
  test,
  test.map((of) => `!${/ /.test(of) ? `(${of})` : of}`),
  fc.tuple(test, fc.constantFrom('&&', '||'), test).map((of) => of.join(' ')),
  fc.tuple(test, fc.constantFrom('&&', '||'), test).map((of) => `!(${of.join(' ')})`),
  fc.tuple(test, test, fc.constantFrom('&&', '||'), test).map(([a, b, by, c]) => `(${a}) && (!(${b}) ${by} (${c}))`),
)

/** A function of a line that is used as a filter. */
export const filterText = fc.oneof(
  condition.map((of) => `(l) => ${of}`),
  condition.map((of) => `function (l) { return ${of} }`),
  condition.map((of) => `(l) => { const found = ${of}; return found }`),
  fc.constantFrom('Boolean', '(l) => true', '({ length }) => length > 0', '(l) => `${l}`', '(l) => "" + l'),
)

const separator = fc.constantFrom("','", "' '", "'\\t'", "'a'", "', '", "''", "'é'", 'N', '/,/', '/\\s+/', '/ /')

/** A function of a line that returns the parts that are counted. */
export const partsText = fc.oneof(
  separator.map((at) => `(l) => l.split(${at})`),
  fc.constantFrom(
    ...['(l) => l.split(/\\s+/)', '(l) => l.trim().split(/\\s+/)', '(l) => { return l.split(/\\s+/g) }'],
    ...[
      '(l) => l.trim().split(" ")',
      '(l) => l.split(" ", 2)',
      '(l) => l.split(/\\s/)',
      '(l) => l.split()',
      '(l) => l',
    ],
    ...['(l) => l.split(/\\s+/).filter((w) => w)', '(l) => l.toLowerCase().split(" ")', '(l) => [l]', '(l) => [l, l]'],
  ),
)

/** A function of a part that is used as a filter, or that makes another value of it. */
export const partTest = fc.constantFrom(
  ...['(w) => w.length > 0', '(w) => w', 'Boolean', "(w) => w !== ''", "(w) => !w.startsWith('a')", '(w) => w >= "b"'],
  ...['(w) => w.length > 1 && w.length <= 20', "(w) => w.includes('a') || w === 'b'", '(w) => Number(w) > 1'],
  ...['(w) => w.x', '(w) => w.x.y', '(w) => JSON.parse(w)'],
)
export const partChange = fc.constantFrom(
  ...['(w) => w.toLowerCase()', '(w) => w.trim()', '(w) => `${w}`', '(w) => w.length', '(w) => w', '(w) => Number(w)'],
  ...['(w) => +w', '(w) => w.toUpperCase().trim()', '(w) => w.at(0)', '(w) => w && w.length', '(w) => w.split(",")[0]'],
)

const index = fc.constantFrom('0', '1', '2', '3')
const path = fc.constantFrom('a', 'b', 'user', 'user.id', 'user.id.a', 'a.b', 'length', 'a.length', 'toString')

/** Statements that read fields of a line, and expressions of a key and of a number. */
const fields = fc.oneof(
  fc.tuple(separator, index, index).map(([at, i, j]) => ({
    before: `const f = l.split(${at})`,
    key: `f[${i}]`,
    value: `f[${j}]`,
  })),
  separator.map((at) => ({ before: `const [a, b] = l.split(${at})`, key: 'a', value: 'b' })),
  separator.map((at) => ({ before: `const [, a, b, c] = l.split(${at})`, key: 'b', value: 'a' })),
  fc.tuple(path, path).map(([a, b]) => ({ before: 'const o = JSON.parse(l)', key: `o.${a}`, value: `o.${b}` })),
  fc.tuple(path, path).map(([a, b]) => ({ before: '', key: `JSON.parse(l).${a}`, value: `JSON.parse(l).${b}` })),
  fc.constantFrom(
    { before: 'const { a, b } = JSON.parse(l)', key: 'a', value: 'b' },
    { before: 'const { a, b: c } = JSON.parse(l)', key: 'c', value: 'a' },
    { before: 'const { a, user: { id } } = JSON.parse(l)', key: 'a', value: 'id' },
    { before: 'const { a, c } = JSON.parse(l)', key: 'a', value: 'a' },
    { before: 'const { a, user } = JSON.parse(l)', key: 'user.id', value: 'a' },
    { before: 'const o = JSON.parse(l)', key: 'l', value: 'l.length' },
    { before: '', key: 'l', value: 'l.length' },
    { before: '', key: "l.split(',')[0]", value: 'l' },
  ),
)
const ofKey = fc.constantFrom('K', 'K', 'K', '`${K}`', 'K.trim()', '`${K}-`')
const ofValue = fc.constantFrom('V', 'Number(V)', '+V', 'V.length', '1', '1', 'Number(V) * 2', 'parseInt(V)', 'null')

/** A function of a line that returns a pair of a key and most often a number. */
export const pairText = fc.tuple(fields, ofKey, ofValue).map(([{ before, key, value }, k, v]) => {
  const pair = `[${k.replace('K', key)}, ${v.replace('V', value)}]`
  return before === '' ? `(l) => ${pair}` : `(l) => { ${before}; return ${pair} }`
})

/** A function of a line that returns one field. */
export const fieldText = fc.tuple(fields, ofValue).map(([{ before, value }, v]) => {
  const of = v.replace('V', value)
  return before === '' ? `(l) => ${of}` : `(l) => { ${before}; return ${of} }`
})

/** Two functions, one after the other, that return a pair. */
export const twoTexts = fc.oneof(
  fc
    .tuple(
      separator,
      fc.constantFrom('(f) => [f[0], Number(f[1])]', '([a, b]) => [a, +b]', '(f) => [f[1], 1]', '(f) => [f.length, 1]'),
    )
    .map(([at, second]) => [`(l) => l.split(${at})`, second]),
  fc.constantFrom(
    ['(l) => JSON.parse(l)', '(o) => [o.a, o.b]'],
    ['JSON.parse', '({ a, b }) => [a, b]'],
    ['(l) => JSON.parse(l)', '({ user }) => [user.id, 1]'],
    ['(l) => JSON.parse(l)', '(o) => ["x", 1]'],
    ['(l) => [l.split(",")[0], JSON.parse(l)]', '([k]) => [k, 1]'],
    ['(l) => [l, 1]', '([k, v]) => [v, k]'],
  ),
)

export const mergeText = fc.constantFrom(
  ...['(a, b) => a + b', '(a, b) => a + b', '(a, b) => Math.max(a, b)', '(a, b) => Math.min(b, a)', 'Math.max'],
  ...[
    '(a, b) => (a > b ? a : b)',
    'function (x, y) { return Math.max(x, y) }',
    '(a, b) => b + a',
    '(a, b) => Math.max(a, a)',
  ],
)
