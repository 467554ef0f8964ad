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
const number = fc.constantFrom('0', '3', '-1', '2.5', '100', '1e21', '-0')
const comparison = fc.constantFrom('<', '<=', '>', '>=', '===', '!==')
const literal = fc.oneof(
  number,
  needle.map((text) => JSON.stringify(text)),
  fc.constantFrom('null', 'true', 'false', '"k"', '"x"', '"é"'),
)
const place = fc.oneof(
  fc.tuple(fc.constantFrom("','", "' '", "'a'"), fc.nat(3)).map(([at, i]) => `l.split(${at})[${i}]`),
  fc.constantFrom('a', 'b', 'user.id', 'user', 'a.length').map((name) => `JSON.parse(l).${name}`),
  fc.constant('l'),
)
const valueTest = fc.oneof(
  fc.tuple(place, comparison, literal).map((of) => of.join(' ')),
  fc.tuple(number, comparison, place).map((of) => of.join(' ')),
  fc.tuple(place, comparison, number).map(([of, by, than]) => `Number(${of}) ${by} ${than}`),
  fc.tuple(place, comparison, number).map(([of, by, than]) => `+${of} ${by} ${than}`),
  fc.tuple(place, comparison, number).map(([of, by, than]) => `${of}.length ${by} ${than}`),
  fc
    .tuple(place, fc.constantFrom('includes', 'startsWith', 'endsWith'), quoted)
    .map(([of, by, text]) => `${of}.${by}(${text})`),
  fc.tuple(fc.array(literal, { maxLength: 3 }), place).map(([of, value]) => `[${of}].includes(${value})`),
)
const condition = fc.oneof(
  test,
  valueTest,
  fc.tuple(fc.oneof(test, valueTest), fc.constantFrom('&&', '||'), valueTest).map((of) => of.join(' ')),
  fc
    .tuple(valueTest, fc.constantFrom('&&', '||'), valueTest, fc.constantFrom('&&', '||'), test)
    .map(([a, b, c, d, e]) => `(${a} ${b} ${c}) ${d} !(${e})`),
  test.map((of) => `!${/ /.test(of) ? `(${of})` : of}`),
  fc.tuple(test, fc.constantFrom('&&', '||'), test).map((of) => of.join(' ')),
  fc.tuple(test, fc.constantFrom('&&', '||'), test).map((of) => `!(${of.join(' ')})`),
  fc.tuple(test, test, fc.constantFrom('&&', '||'), test).map(([a, b, by, c]) => `(${a}) && (!(${b}) ${by} (${c}))`),
)

/** Conditions of the parts of lines that `fewCells` and `fewJson` write, as texts of functions. */
const fewNumbers = fc.constantFrom('0', '1', '2', '-1')
const fewTexts = fc.constantFrom('"k"', '"1"', '""', '"é"')
function fewTests(parts: readonly string[], isJson: boolean): fc.Arbitrary<string> {
  const part = fc.constantFrom(...parts)
  const one = fc.oneof(
    { weight: 3, arbitrary: fc.tuple(part, comparison, fewNumbers).map((of) => of.join(' ')) },
    {
      weight: isJson ? 0 : 3,
      arbitrary: fc.tuple(part, comparison, fewNumbers).map(([of, by, n]) => `Number(${of}) ${by} ${n}`),
    },
    { weight: 3, arbitrary: fc.tuple(part, fc.constantFrom('===', '!=='), fewTexts).map((of) => of.join(' ')) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.array(fc.oneof(fewTexts, fewTexts, fewNumbers), { maxLength: 3 }), part)
        .map(([of, value]) => `[${of}].includes(${value})`),
    },
    {
      weight: isJson ? 1 : 0,
      arbitrary: fc.tuple(part, fc.constantFrom('=== null', '!== true')).map((of) => of.join(' ')),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom('l', parts[0]!), comparison, fc.nat(9))
        .map(([of, by, n]) => `${of}.length ${by} ${n}`),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          fc.constantFrom('l', parts[0]!),
          fc.constantFrom('includes', 'startsWith', 'endsWith'),
          fc.constantFrom('"k"', '"1"', 'N'),
        )
        .map(([of, by, text]) => `${of}.${by}(${text})`),
    },
  )
  const two = fc.tuple(one, fc.constantFrom('&&', '||'), one).map((of) => of.join(' '))
  return fc
    .oneof(
      one,
      one,
      two,
      two.map((of) => `!(${of})`),
      fc.tuple(two, one).map(([a, b]) => `(${a}) && ${b}`),
    )
    .map((of) => `(l) => ${of}`)
}
const cell = fc.constantFrom('', 'k', '1', '2', ' 1', '-1', '0', 'é', 'a', '1', '2', '1e0')
const value = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom('"k"', '"1"', '""', '"é"', '1', '2', '-1', '0', '-0', '1.0', 'null', 'true'),
  },
  { weight: 1, arbitrary: fc.constantFrom('{}', '[1]', '"\\u0031"', '1e0', '{"b":1}') },
)
const shape = fc.constantFrom(
  '{"a":A,"b":B,"o":{"b":C}}',
  '{"a":A,"b":B,"o":{"b":C}}',
  '{"o":{"c":A,"b":B},"a":C}',
  '{"b":A,"o":B}',
  '{"a":A}',
)
export const ofCells = {
  condition: fewTests(["l.split(',')[0]", "l.split(',')[1]", 'l'], false),
  line: fc.array(cell, { minLength: 1, maxLength: 3 }).map((of) => of.join(',')),
}
export const ofJson = {
  condition: fewTests(['JSON.parse(l).a', 'JSON.parse(l).b', 'JSON.parse(l).o.b'], true),
  line: fc.tuple(shape, value, value, value).map(([of, a, b, c]) => of.replace('A', a).replace('B', b).replace('C', c)),
}

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

const operator = fc.constantFrom('+', '-', '*', '/', '%')
const cellPart = fc.constantFrom("l.split(',')[1]", "l.split(',')[2]", "Number(l.split(',')[1])", "+l.split(',')[2]")
const jsonPart = fc.constantFrom('JSON.parse(l).a', 'JSON.parse(l).b', 'JSON.parse(l).o.b', 'Number(JSON.parse(l).b)')
const constantPart = fc.constantFrom('0', '1', '2', '-3', '0.1', '10', '1e300', '5e-324')

/** A number of a line: arithmetic on its parts, and sometimes a text where `+` joins. */
const arithmetic = (part: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.letrec<{ of: string; both: string }>((tie) => ({
    of: fc.oneof(
      { maxDepth: 2, depthSize: 'small' },
      { weight: 4, arbitrary: part },
      { weight: 2, arbitrary: constantPart },
      { weight: 1, arbitrary: fc.constantFrom('l.length', "l.split(',')[0].length") },
      { weight: 3, arbitrary: tie('both') },
      { weight: 1, arbitrary: tie('of').map((of) => `-(${of})`) },
      {
        weight: 2,
        arbitrary: fc
          .tuple(fc.constantFrom('floor', 'ceil', 'trunc', 'round', 'abs', 'sqrt'), tie('of'))
          .map(([name, of]) => `Math.${name}(${of})`),
      },
    ),
    both: fc.tuple(tie('of'), operator, tie('of')).map(([a, by, b]) => `(${a} ${by} ${b})`),
  })).both

/** A text of a line that joins several parts. */
const joining = (part: fc.Arbitrary<string>): fc.Arbitrary<string> => {
  const piece = fc.oneof(
    { weight: 3, arbitrary: part },
    { weight: 1, arbitrary: arithmetic(part) },
    { weight: 1, arbitrary: fc.constantFrom('l', "''", '":"', 'null', 'true', '7', 'N', '0.5') },
  )
  const gap = fc.constantFrom('', ':', '-', 'é', ' ', '\\n')
  return fc.oneof(
    fc.tuple(gap, piece, gap, piece, gap).map(([a, b, c, d, e]) => `\`${a}\${${b}}${c}\${${d}}${e}\``),
    fc.tuple(piece, piece).map(([a, b]) => `${a} + ':' + ${b}`),
    fc.tuple(piece, piece, piece).map((of) => of.join(' + ')),
    fc.tuple(gap, piece).map(([a, b]) => `\`${a}\${${b}}\``),
  )
}

const numberCell = fc.constantFrom('', ' 1', '1e3', 'x', '-0', '0', '3', '-7', '12', '0.5', '2.25', '100', '999999999')
/** Lines whose parts are numbers most often, and functions that compute of them a number, a key or a condition. */
const computing = (part: fc.Arbitrary<string>, line: fc.Arbitrary<string>) => {
  const value = arithmetic(part)
  const key = fc.oneof(joining(part), part, arithmetic(part), fc.constantFrom('"all"', 'l'))
  const texts = fc.record({
    value: value.map((of) => `(l) => ${of}`),
    key: key.map((of) => `(l) => ${of}`),
    counted: key.map((of) => `(l) => [${of}, 1]`),
    pair: fc.tuple(key, value).map(([k, v]) => `(l) => [${k}, ${v}]`),
    condition: fc.tuple(value, comparison, fc.oneof(value, part, constantPart)).map((of) => `(l) => ${of.join(' ')}`),
  })
  return fc.tuple(texts, fc.array(line, { minLength: 1, maxLength: 30 }))
}
export const computed = fc.oneof(
  computing(
    cellPart,
    fc.array(fc.oneof(numberCell, numberCell, cell), { minLength: 2, maxLength: 4 }).map((of) => of.join(',')),
  ),
  computing(
    jsonPart,
    fc
      .tuple(
        shape,
        fc.oneof(value, fc.constantFrom('3', '-7', '0.5', '1e2', '-0')),
        fc.constantFrom('2', '12', '0', '0.25', '"x"'),
        fc.constantFrom('1', '-1', '100'),
      )
      .map(([of, a, b, c]) => of.replace('A', a).replace('B', b).replace('C', c)),
  ),
)

const member = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('o.a', 'o.b', 'o.o.b', 'o.a * o.b', '`${o.a}/${o.b}`', 'o.b + 1', 'o') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('l', 'l.length', '1', 'o.a.length', 'o.a.trim()', "l.split(',')[1]", '-o.o.b'),
  },
)
const madeTest = fc.constantFrom(
  'r.x > 1',
  'r.x === "k"',
  "r.y === 'k'",
  'r.x * 2 < r.y',
  'r.z',
  'r.p.q !== 1',
  'r.y > 0 || r.x > 0',
)
const madePair = fc.constantFrom(
  '[r.x, 1]',
  '[r.y, r.x]',
  '[`${r.x}:${r.y}`, r.z]',
  '[r.p.q, r.x + r.y]',
  '[r.x, r.z.a]',
  '[r.x]',
)

const fullJson = fc
  .tuple(fc.constantFrom('3', '-7', '12', '"k"', '"é"', '0.5'), fc.constantFrom('2', '4', '-1', '"k"'), fc.nat(3))
  .map(([a, b, c]) => `{"a":${a},"b":${b},"o":{"b":${c}}}`)

/** A function that makes an object or pair of a line, a condition of that, and a function that makes a pair of it. */
export const objects = fc.tuple(member, member, member, member, fc.boolean()).chain(([x, y, z, q, list]) => {
  const of = (text: string) => (list ? text.replace(/r\.x/g, 'r[0]').replace(/r\.(y|z|p\.q)/g, 'r[1]') : text)
  const object = list ? `[${x}, ${y}]` : `({ x: ${x}, 'y': ${y}, z: ${z}, p: { q: ${q} } })`
  return fc.record({
    make: fc.constant(`(l) => { const o = JSON.parse(l); return ${object} }`),
    test: madeTest.map((text) => `(r) => ${of(text)}`),
    pair: madePair.map((text) => `(r) => ${of(text)}`),
    lines: fc.array(
      fc.oneof(
        { weight: 60, arbitrary: fullJson },
        { weight: 1, arbitrary: ofJson.line },
        {
          weight: 1,
          arbitrary: fc.constantFrom('{"a":{"valueOf":1,"toString":1},"b":2,"o":{}}', 'null', '{}', '{"a":3,"b":4}'),
        },
      ),
      { minLength: 1, maxLength: 25 },
    ),
  })
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
    ['(l) => JSON.parse(l)', '? (o) => o.b > 3', '(o) => [o.a, 1]'],
    ['(l) => JSON.parse(l)', '? ({ a, b }) => a === "x" || b < 0', '(o) => [o.a, o.b]'],
    ["(l) => l.split(',')", '? (f) => f[0] === "k"', '(f) => [f[0], +f[1]]'],
    ["(l) => l.split(',')", '? ([k, v]) => !(v > 1) && k !== "m"', '([k, v]) => [k, Number(v)]'],
    ["(l) => l.split(',')[1]", '? (w) => w > 0', '(w) => [w, 1]'],
    ["(l) => l.split(',')[1]", '? (w) => w.includes("1")', '(w) => [w, 1]'],
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
