import {
  type AnyFunction,
  field,
  hashtags,
  includes,
  jsonField,
  length,
  split,
  startsWith,
  sum,
  toLowerCase,
  words,
} from 'millrace'
import { describe, expect, test } from 'vitest'
import { builtin } from '#build/ops/functions/builtin.js'
import type { Step } from '#build/ops/plan.js'
import { byteSteps } from '#build/pool/kernels/byte-steps.js'
import fc from '../../support/fast-check.js'
import { collected, counted, kernels, type Piece, runTask, step } from './support.js'

const one = step('map', builtin('pairWithOne'))

/** Texts with everything that could go wrong: all kinds of white space and line ends, characters of 1 to 4 bytes, none, halves. */
const unit = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      'a',
      'b',
      'ab',
      'A',
      'the',
      '#tag',
      '#',
      '&#',
      '#日',
      '#1',
      'x'.repeat(16),
      'y'.repeat(17),
      'long'.repeat(40),
    ),
  },
  { weight: 4, arbitrary: fc.constantFrom(' ', '  ', '\t', '\n', '\r\n', '\r', ',', ',,', '\v', '\f', '\0') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('é', 'ü', '€', '日本', '😀', '\u00a0', '\u2003', '\u3000', '\ufeff', '\ufffd', '\u0085'),
  },
)
const bytes = fc.oneof(
  { weight: 5, arbitrary: fc.array(unit, { maxLength: 60 }).map((parts) => Buffer.from(parts.join(''))) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 80 }) },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.constantFrom(0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x41, 0x20, 0x0a, 0x0d), { maxLength: 60 })
      .map((of) => Uint8Array.from(of)),
  },
)
const pieces: fc.Arbitrary<Piece[]> = fc.array(
  fc.oneof({ weight: 6, arbitrary: bytes }, { weight: 1, arbitrary: fc.array(fc.constantFrom('a b', 'é', '', 'x,y')) }),
  { maxLength: 4 },
)
const needle = fc.constantFrom(
  'a',
  'b',
  'ab',
  'the',
  '#',
  'é',
  '日',
  'x'.repeat(16),
  'x'.repeat(17),
  '\ufffd',
  ' ',
  ',,',
  '\r',
)
const filters = fc.array(
  fc.tuple(fc.constantFrom(includes, startsWith), needle).map(([make, text]) => step('filter', make(text))),
  { maxLength: 2 },
)
const tokens = fc.oneof(
  fc.constant(step('flatMap', words())),
  fc.constant(step('flatMap', hashtags())),
  fc.constantFrom(' ', ',', 'a', '\t', '\0', '\r').map((separator) => step('flatMap', split(separator))),
  fc.tuple(fc.nat(3), fc.constantFrom(',', ' ')).map(([i, separator]) => step('map', field(i, separator))),
)
/** Steps that may follow a step with string results, and have string results. */
const rest = fc.array(
  fc.oneof(
    fc.constant(step('map', toLowerCase())),
    needle.map((text) => step('filter', includes(text))),
    fc.constant(step('flatMap', split(','))),
    fc.constant(step('flatMap', words())),
  ),
  { maxLength: 2 },
)

test('the kernels were built', () => {
  expect(kernels).toBeDefined()
})

describe('the same as the functions', () => {
  const chain = fc.tuple(filters, tokens, rest).map(([before, token, after]) => ({
    // A field may be missing, and undefined has no letters.
    steps: [...before, token, ...(token.op === 'map' ? [] : after)],
  }))

  test('counts by key, in order of the first occurrence, and lines read', () => {
    fc.assert(
      fc.property(pieces, chain, (input, { steps }) => {
        const run = (by: 'bytes' | 'functions') => counted([...steps, one], sum, input, by)
        expect(run('bytes')).toEqual(run('functions'))
      }),
      { numRuns: 3000 },
    )
  })

  test('distinct values', () => {
    const marked = step('map', builtin('pairWithNull'))
    fc.assert(
      fc.property(
        pieces,
        tokens.filter(({ op }) => op === 'flatMap'),
        (input, token) => {
          const run = (by: 'bytes' | 'functions') => counted([token, marked], builtin<AnyFunction>('first'), input, by)
          expect(run('bytes')).toEqual(run('functions'))
        },
      ),
    )
  })

  test('how many there are', () => {
    fc.assert(
      fc.property(pieces, filters, fc.option(tokens, { nil: undefined }), (input, before, token) => {
        const run = (by: 'bytes' | 'functions') => {
          const { value, lines } = runTask(token ? [...before, token] : before, { op: 'count' }, input, by)
          return { value, lines }
        }
        expect(run('bytes')).toEqual(run('functions'))
      }),
      { numRuns: 1000 },
    )
  })

  test('lines that filters let through, whatever is done with them', () => {
    const upper = step('map', (line: string) => line.toUpperCase())
    fc.assert(
      fc.property(pieces, filters, fc.boolean(), (input, before, more) => {
        const steps = more ? [...before, upper] : before
        expect(collected(steps, input, 'bytes')).toEqual(collected(steps, input, 'functions'))
      }),
      { numRuns: 1000 },
    )
  })
})

describe('large texts', () => {
  const same = (steps: ReturnType<typeof step>[], input: Piece[]) =>
    expect(counted([...steps, one], sum, input, 'bytes')).toEqual(counted([...steps, one], sum, input, 'functions'))

  test('more than one piece, and keys enough to grow the table many times', () => {
    let text = ''
    for (let i = 0; i < 60_000; i++)
      text += `key${i % 30_000} ${'longer-than-sixteen-bytes-'.slice(i % 9)}${i % 5000}${i % 7 ? ' ' : '\r\n'}`
    same([step('flatMap', split(' '))], [Buffer.from(text)])
    same([step('flatMap', words())], [Buffer.from(text), Buffer.from(text)])
  })

  test('lines longer than a piece', () => {
    const line = 'some words of a very long line '.repeat(10_000)
    same([step('flatMap', words())], [Buffer.from(`a b\n${line}\nb ${line}`), Buffer.from('b a')])
    same([step('filter', includes('zzz')), step('flatMap', split(' '))], [Buffer.from(`a\n${line}zzz\nb`)])
  })

  test('every length of a key and of a needle around the size of a vector', () => {
    const texts = Array.from({ length: 70 }, (_, i) => 'abcdefghijklmnopqrstuvwxyz'.repeat(3).slice(0, i))
    const input = [Buffer.from(texts.map((text, i) => `${text},${texts[69 - i]}`).join('\n'))]
    same([step('flatMap', split(','))], input)
    same([step('map', field(1, ','))], input)
    for (const text of texts.slice(1)) {
      same([step('filter', includes(text)), step('flatMap', split(','))], input)
      same([step('filter', startsWith(text)), step('flatMap', split(','))], input)
    }
  })
})

describe('what runs on bytes', () => {
  test.each([
    ['filters and words', [step('filter', includes('a')), step('flatMap', words())], 2],
    ['a separator of one character', [step('flatMap', split(';'))], 1],
    ['a field', [step('map', field(2, '\t'))], 1],
    ['a path into JSON', [step('map', jsonField('user.id'))], 1],
    ['nothing of a path whose text is not its bytes', [step('map', jsonField('a\ufffd'))], 0],
    ['nothing of a long path', [step('map', jsonField('a.b.c.d.e.f.g.h.i'))], 0],
    ['nothing that gives outcomes', [{ ...step('filter', includes('a')), rejects: 1, outcomes: true } as Step], 0],
    ['nothing of a separator of two characters', [step('flatMap', split(', '))], 0],
    ['nothing of a separator that is not ASCII', [step('flatMap', split('é'))], 0],
    ['no filter for what bytes do not show', [step('filter', includes('\ufffd'))], 0],
    ['a function of the user whose text is known', [step('filter', (line: string) => line.includes('a'))], 1],
    ['no other function of the user', [step('filter', (line: string) => line.indexOf('a') > 1)], 0],
    ['a number of filtered lines', [step('filter', includes('a')), step('map', length())], 2],
  ])('%s', (_, steps, count) => {
    expect(byteSteps(steps).count).toBe(count)
  })
})
