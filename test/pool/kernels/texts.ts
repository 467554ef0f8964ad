import fc from '../../support/fast-check.js'
import type { Piece } from './support.js'

/** Numbers as people and programs write them, and what looks like one. */
export const numberText = fc.oneof(
  { weight: 3, arbitrary: fc.integer().map(String) },
  { weight: 3, arbitrary: fc.double({ noNaN: true }).map(String) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom('', '-', '+'), fc.bigInt({ min: 0n, max: 10n ** 18n }), fc.nat(24))
      .map(([sign, digits, fraction]) => `${sign}${withPoint(String(digits), fraction)}`),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...['', ' ', '\t', '0', '-0', '+0', '007', '1.', '.5', '-.5', '.', '-', '+', '1e3', '1e21', '1E-7', '1e400'],
      ...[
        'Infinity',
        '-Infinity',
        'NaN',
        '0x1f',
        '0b1',
        '1_000',
        '1,5',
        ' 12 ',
        '\u00a01',
        '1\u2003',
        '\ufeff7',
        'x',
        '٣',
      ],
      ...['999999999999999', '9007199254740993', '1000000000000000', '0.1', '0.2', '0.30000000000000004', '--1', '1 2'],
      ...['0.0000000000000000000001', '0.00000000000000000000001', '123456789012345.6', '4.9e-324', '-0.0', '12\0'],
    ),
  },
)

function withPoint(digits: string, fraction: number): string {
  if (fraction === 0) return digits
  const padded = digits.padStart(fraction + 1, '0')
  return `${padded.slice(0, -fraction)}.${padded.slice(-fraction)}`
}

/** Lines with their ends, as bytes in pieces; now and then a byte is another, or the records are no text. */
export function pieces(line: fc.Arbitrary<string>): fc.Arbitrary<Piece[]> {
  const lines = fc.array(fc.tuple(line, fc.constantFrom('\n', '\n', '\n', '\r\n', '\r\r\n')), { maxLength: 12 })
  const text = fc.tuple(lines, fc.option(line)).map(([of, last]) => of.flat().join('') + (last ?? ''))
  const whole = text.map((all): Piece => Buffer.from(all))
  const broken = fc
    .tuple(text, fc.nat(), fc.constantFrom(0x80, 0xff, 0xc3, 0x22, 0x5c, 0x0a, 0x0d, 0x00, 0x2c))
    .map(([all, at, byte]): Piece => {
      const bytes = Buffer.from(`${all} `)
      bytes[at % bytes.length] = byte
      return bytes
    })
  const records = fc.array(line, { maxLength: 3 })
  return fc.array(
    fc.oneof({ weight: 6, arbitrary: whole }, { weight: 3, arbitrary: broken }, { weight: 1, arbitrary: records }),
    { maxLength: 4 },
  )
}

const space = fc.constantFrom('', '', '', '', ' ', '\t', '\r', '  ', '\u00a0')
const name = fc.constantFrom(
  ...['a', 'a', 'b', 'b', 'user', 'id', 'é', '', '__proto__', 'length', '0', 'a.b', '\\u0061', '\\"', '\\/', 'a\u2028'],
  ...['sixteen bytes ok', 'seventeen bytes ok', '\\x', '\ud800', 'toString'],
)
const content = fc.constantFrom(
  ...['', 'x', 'y', 'é', '日本', '😀', 'a long text of more than sixteen bytes', '\\n', '\\u00e9', '\\ud83d\\ude00'],
  ...['\\ud800', '\\u12', '\\', '\t', '\u007f', '1', 'null', 'true', '\ufffd', '{', '[1,', '}', '\\\\', '\\"'],
)
const atom = fc.constantFrom(
  ...['true', 'false', 'null', '0', '-0', '1', '1.0', '1e0', '-1', '12', '0.5', '1e400', '-1e-400', '9007199254740993'],
  ...[
    '01',
    '1.',
    '.5',
    '+1',
    '-',
    '1e',
    '1e+',
    'NaN',
    'Infinity',
    'nul',
    'True',
    'undefined',
    '',
    '0x1',
    '100000000000000',
  ],
)

const { value: jsonValue } = fc.letrec<{ value: string; object: string; array: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    { weight: 4, arbitrary: content.map((text) => `"${text}"`) },
    { weight: 4, arbitrary: atom },
    { weight: 2, arbitrary: tie('object') },
    { weight: 1, arbitrary: tie('array') },
  ),
  object: fc
    .array(fc.tuple(space, name, space, space, tie('value'), space), { maxLength: 5 })
    .map((of) => `{${of.map(([a, n, b, c, v, d]) => `${a}"${n}"${b}:${c}${v}${d}`).join(',')}}`),
  array: fc
    .array(fc.tuple(space, tie('value'), space), { maxLength: 3 })
    .map((of) => `[${of.map((parts) => parts.join('')).join(',')}]`),
}))

/** Objects of which most are valid JSON, with names that come twice, nested ones, and what only nearly is JSON. */
const object = fc
  .array(
    fc.tuple(
      fc.constantFrom('a', 'b', 'user', 'c', '\\u0061'),
      fc.oneof(
        jsonValue,
        numberText,
        content.map((t) => `"${t}"`),
      ),
    ),
    {
      maxLength: 4,
    },
  )
  .map((of) => `{${of.map(([n, v]) => `"${n}":${v}`).join(',')}}`)

export const jsonLine = fc.oneof(
  { weight: 4, arbitrary: object },
  { weight: 3, arbitrary: jsonValue },
  { weight: 2, arbitrary: fc.tuple(space, jsonValue, space).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: fc.jsonValue().map((value) => JSON.stringify(value)) },
  {
    weight: 1,
    arbitrary: fc.tuple(object, fc.nat(), fc.constantFrom('', '"', ',', '}', ' ', '\\')).map(([text, at, by]) => {
      const i = at % (text.length + 1)
      return text.slice(0, i) + by + text.slice(i + 1)
    }),
  },
)
