import { includes, jsonField, sum, toLowerCase } from 'millrace'
import { describe, expect, test } from 'vitest'
import { builtin } from '#build/ops/functions/builtin.js'
import fc from '../../support/fast-check.js'
import { type By, certainLines, counted, type Piece, step } from './support.js'
import { jsonLine, pieces } from './texts.js'

const one = step('map', builtin('pairWithOne'))
const path = fc.constantFrom(
  'a',
  'b',
  'user',
  'user.id',
  'a.b',
  'a.a',
  'a.0',
  'a.length',
  '__proto__',
  'é',
  'c',
  '.',
  '',
)
const byPath = path.map((of) => jsonField(of || 'sixteen bytes ok'))

const count = (of: string, input: readonly Piece[], by: By) =>
  counted([step('map', jsonField(of)), one], sum, input, by).pairs

describe('a field of JSON, counted', () => {
  test('is what the function finds, in the same order', () => {
    fc.assert(
      fc.property(pieces(jsonLine), byPath, fc.boolean(), (input, field, filtered) => {
        const steps = [...(filtered ? [step('filter', includes('a'))] : []), step('map', field), one]
        const bytes = counted(steps, sum, input, 'bytes')
        expect(bytes).toEqual(counted(steps, sum, input, 'functions'))
        expect(bytes).toEqual(counted(steps, sum, input, 'composed'))
      }),
      { numRuns: 800 },
    )
  })

  test('is what a naive count finds', () => {
    fc.assert(
      fc.property(
        fc.array(jsonLine),
        path.filter((of) => of === 'a' || of === 'b'),
        (lines, of) => {
          // Neither text nor columns of mixed keys hold halves of characters.
          const kept = lines.filter(
            (line) => !/[\n\r]/.test(line) && line !== '' && whole(line) && whole(fieldOf(line, of)),
          )
          const naive = new Map<unknown, number>()
          for (const line of kept) {
            const found = fieldOf(line, of)
            const key = typeof found === 'object' && found !== null ? undefined : found
            naive.set(key, (naive.get(key) ?? 0) + 1)
          }
          const plain = new Map<unknown, number>()
          for (const [key, n] of count(of, [Buffer.from(kept.join('\n'))], 'bytes') as [unknown, number][]) {
            const flat = typeof key === 'object' && key !== null ? undefined : key
            plain.set(flat, (plain.get(flat) ?? 0) + n)
          }
          expect(plain).toEqual(naive)
        },
      ),
      { numRuns: 1000 },
    )
  })

  test('goes on with functions that have no effects', () => {
    const steps = [step('map', jsonField('a')), step('map', toLowerCase()), one]
    const input = [Buffer.from('{"a":"X"}\n{"a":"x"}\n{"a":"\\u0078"}\n')]
    expect(counted(steps, sum, input, 'bytes').pairs).toEqual([['x', 3]])
  })

  test.each([
    ['the last of a name counts', '{"a":1,"a":"x"}', 'a', 'x'],
    ['also where the last has another kind', '{"user":{"id":1},"user":2}', 'user.id', undefined],
    ['and where it comes again with its inside', '{"user":{"id":1},"user":{"id":2}}', 'user.id', 2],
    ['a name in another object is another', '{"b":{"a":1}}', 'a', undefined],
    ['a name in a list is another', '{"user":[{"id":1}]}', 'user.id', undefined],
    ['lists have a length', '{"a":[1,2]}', 'a.length', 2],
    ['after a level is left, names are of the one outside', '{"user":{"x":{}},"id":3}', 'user.id', undefined],
    ['and inside the same again', '{"user":{"x":{"id":1},"id":2}}', 'user.id', 2],
    ['a name with escapes is what it says', '{"\\u0061":1}', 'a', 1],
    ['and replaces the same without', '{"a":1,"\\u0061":2}', 'a', 2],
    ['a line that goes wrong at its end has no field', '{"a":1}}', 'a', undefined],
    ['nor has one with a number that JSON does not have', '{"a":1,"b":01}', 'a', undefined],
    ['nor with a broken escape', '{"a":1,"b":"\\x"}', 'a', undefined],
    ['a byte order mark is no JSON', '\ufeff{"a":1}', 'a', undefined],
    ['the infinite', '{"a":1e400}', 'a', Number.POSITIVE_INFINITY],
    ['half a character', '{"a":"\\ud800"}', 'a', '\ud800'],
  ])('%s', (_, line, of, expected) => {
    expect(count(of, [Buffer.from(`${line}\n`)], 'bytes')).toEqual([[expected, 1]])
    expect(count(of, [Buffer.from(line)], 'functions')).toEqual([[expected, 1]])
  })

  test('levels as deep as the kernel counts, and deeper', () => {
    for (const depth of [1, 62, 63, 64, 65, 66, 200]) {
      const input = [Buffer.from(`{"b":${'['.repeat(depth)}1${']'.repeat(depth)},"a":"x"}`)]
      expect(count('a', input, 'bytes')).toEqual([['x', 1]])
    }
  })

  test('every length of a value, at every distance to the end of the text', () => {
    for (let length = 0; length < 70; length++) {
      const lines = Array.from({ length: 3 }, (_, i) => `{"b":"${'x'.repeat(i)}","a":"${'y'.repeat(length)}"}`)
      const input = [Buffer.from(lines.join('\n'))]
      expect(count('a', input, 'bytes')).toEqual([['y'.repeat(length), 3]])
      expect(count('b', input, 'bytes')).toEqual(count('b', input, 'functions'))
    }
  })
})

describe('whose the lines are', () => {
  const lines = (line: (i: number) => string, n = 2000) =>
    Buffer.from(Array.from({ length: n }, (_, i) => line(i)).join('\n'))

  test('ordinary lines are the kernel’s, escapes beside the field and nesting included', () => {
    const text = lines((i) => `{"t":${i}.5,"a":"v${i % 7}", "b":["x\\n\\u00e9",{"a":null}],"c":{"a":-1e3},"d":"é"}`)
    const run = () => expect(count('a', [text], 'bytes')).toEqual(count('a', [text], 'functions'))
    expect(certainLines(run)).toBe(2000)
  })

  test('a few that are not leave the others to it', () => {
    const text = lines((i) => (i % 10 === 0 ? `{"a":"v\\u0041"}` : `{"a":"v${i % 3}"}`))
    const run = () => expect(count('a', [text], 'bytes')).toEqual(count('a', [text], 'functions'))
    expect(certainLines(run)).toBe(1800)
  })

  test('many make the task the functions’', () => {
    const text = lines((i) => (i % 2 === 0 ? `{"a":"v\\u0041"}` : `{"a":"v${i % 3}"}`))
    const run = () => expect(count('a', [text], 'bytes')).toEqual(count('a', [text], 'functions'))
    expect(certainLines(run)).toBe(32)
  })

  test('lines longer than a piece, and as many pieces as it takes', () => {
    const long = `{"a":"${'long '.repeat(40_000)}"}`
    const text = Buffer.from(`${lines((i) => `{"a":${i % 5}}`, 20_000)}\n${long}\n{"a":1}\n${long}`)
    expect(count('a', [text, text], 'bytes')).toEqual(count('a', [text, text], 'functions'))
  })

  test('objects as keys', () => {
    const text = lines((i) => (i % 8 === 0 ? `{"a":{"b":${i % 3}}}` : `{"a":${i % 3}}`))
    expect(count('a', [text], 'bytes')).toEqual(count('a', [text], 'functions'))
  })
})

function whole(of: unknown): boolean {
  return typeof of !== 'string' || Buffer.from(of).toString() === of
}

function fieldOf(line: string, of: string): unknown {
  try {
    const value = JSON.parse(line)
    return typeof value === 'object' && value !== null && Object.hasOwn(value, of) ? value[of] : undefined
  } catch {
    return undefined
  }
}
