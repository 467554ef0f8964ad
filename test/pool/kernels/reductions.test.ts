import {
  type AnyFunction,
  field,
  includes,
  jsonField,
  length,
  max,
  min,
  numberField,
  pairOf,
  parseNumber,
  split,
  sum,
  toLowerCase,
  words,
} from 'millrace'
import { describe, expect, test } from 'vitest'
import { builtin } from '#build/ops/functions/builtin.js'
import { capture } from '#build/ops/functions/capture.js'
import type { Step } from '#build/ops/plan.js'
import { byteReduction } from '#build/pool/kernels/byte-reduction.js'
import fc from '../../support/fast-check.js'
import { type By, certainLines, counted, outcome, type Piece, runTask, step } from './support.js'
import { jsonLine, numberText, pieces } from './texts.js'

const WAYS: readonly By[] = ['functions', 'composed']
const merge = fc.constantFrom(sum, max, min)

/** Chains of library functions that make pairs of lines with fields. */
const ofFields = fc
  .tuple(fc.nat(2), fc.nat(3), fc.constantFrom(',', ' ', '\t', 'a'), fc.nat(5))
  .map(([key, value, by, form]): Step[] => {
    const keyed = step('map', builtin('keyBy', field(key, by)))
    const valued = step('mapValues', field(value, by))
    return [
      [step('map', pairOf(field(key, by), numberField(value, by)))],
      [keyed, step('mapValues', numberField(value, by))],
      [keyed, valued, step('mapValues', parseNumber())],
      [keyed, valued, step('mapValues', length())],
      [keyed, step('mapValues', length())],
      [step('map', pairOf(field(key, by), field(value, by))), step('mapValues', length())],
    ][form]!
  })
const ofJson = fc
  .tuple(fc.constantFrom('a', 'b', 'user.id'), fc.constantFrom('a', 'b', 'user', 'user.id'))
  .map(([key, value]) => [step('map', pairOf(jsonField(key), jsonField(value)))])
/** Chains that make numbers of lines. */
const numbers = fc.constantFrom(
  [step('map', parseNumber())],
  [step('map', length())],
  [step('map', numberField(1))],
  [step('map', field(0)), step('map', length())],
  [step('map', field(1)), step('map', parseNumber())],
  [step('map', jsonField('a'))],
  [step('flatMap', words()), step('map', length())],
  [step('flatMap', split(',')), step('map', toLowerCase()), step('map', parseNumber())],
  [step('flatMap', split(',')), step('map', length()), step('map', length())],
  [step('map', jsonField('a')), step('map', length())],
)

const word = fc.constantFrom('', 'a', 'b', 'é', '日本😀', '\ufffd', 'x'.repeat(16), 'y'.repeat(17), ' ', '"', '\u00a0')
const cells = fc.array(fc.oneof({ weight: 2, arbitrary: numberText }, { weight: 1, arbitrary: word }), { maxLength: 4 })
/** Few keys, so that values meet. */
const fieldLine = fc
  .tuple(fc.option(word), cells, fc.constantFrom(',', ' ', '\t'))
  .map(([first, of, by]) => (first === null ? of : [first, ...of]).join(by))
const someJson = fc
  .tuple(fc.constantFrom('"x"', '"é"', '1', '1.0', '-0', 'true', 'null', '"\\u0078"', '100000000000000'), numberText)
  .map(([key, value]) => `{"a":${key},"b":${value},"user":{"id":${value}}}`)
const jsonLines = fc.oneof({ weight: 3, arbitrary: someJson }, { weight: 1, arbitrary: jsonLine })

const filters = fc.constantFrom<Step[]>([], [step('filter', includes('a'))])

function sameByKey(steps: readonly Step[], input: readonly Piece[], fn: AnyFunction) {
  const run = (by: By) => outcome(() => counted(steps, fn, input, by))
  const bytes = run('bytes')
  for (const way of WAYS) expect(bytes).toEqual(run(way))
}

describe('numbers by key are merged as the functions merge them, in their order', () => {
  test('of fields', () => {
    fc.assert(
      fc.property(pieces(fieldLine), filters, ofFields, merge, (input, before, steps, fn) =>
        sameByKey([...before, ...steps], input, fn),
      ),
      { numRuns: 800 },
    )
  })

  test('of JSON', () => {
    fc.assert(
      fc.property(pieces(jsonLines), filters, ofJson, merge, (input, before, steps, fn) =>
        sameByKey([...before, ...steps], input, fn),
      ),
      { numRuns: 800 },
    )
  })

  test('and as a naive sum does', () => {
    const line = fc.tuple(fc.constantFrom('x', 'y', ''), fc.oneof(numberText, fc.double().map(String)))
    fc.assert(
      fc.property(fc.array(line), (rows) => {
        const kept = rows.filter(([, value]) => !/[,\n\r]/.test(value))
        const naive = new Map<string, number>()
        for (const [key, text] of kept) {
          const value = text.trim() === '' ? Number.NaN : Number(text)
          const before = naive.get(key)
          naive.set(key, before === undefined ? value : before + value)
        }
        const input = [Buffer.from(kept.map((row) => `${row.join(',')}\n`).join(''))]
        const { pairs } = counted([step('map', pairOf(field(0), numberField(1)))], sum, input, 'bytes')
        expect(pairs).toEqual([...naive])
      }),
      { numRuns: 1000 },
    )
  })

  test('all under one key, as a stream reduces', () => {
    const keyed = step('map', builtin('pairWithNullKey'))
    const line = fc.oneof(fieldLine, numberText, jsonLines)
    fc.assert(
      fc.property(pieces(line), numbers, merge, (input, steps, fn) => sameByKey([...steps, keyed], input, fn)),
      { numRuns: 800 },
    )
  })
})

describe('numbers of a partition', () => {
  const natural = builtin('naturalOrder')
  const actions: Record<string, AnyFunction> = {
    'reduce(sum)': builtin('reducePartition', sum),
    'reduce(max)': builtin('reducePartition', max),
    'reduce(min)': builtin('reducePartition', min),
    'sum()': builtin('sumOf'),
    'max()': builtin('firstInOrder', 1, natural, -1),
    'min()': builtin('firstInOrder', 1, natural, 1),
    'top(2)': builtin('firstInOrder', 2, natural, -1),
  }
  const line = fc.oneof(numberText, fieldLine, jsonLines)

  test.each(Object.keys(actions))('%s', (name) => {
    const sink = { op: 'apply', fn: capture(actions[name]!, name), label: name } as const
    fc.assert(
      fc.property(pieces(line), numbers, (input, steps) => {
        const run = (by: By) => outcome(() => runTask(steps, sink, input, by).value)
        const bytes = run('bytes')
        for (const way of WAYS) expect(bytes).toEqual(run(way))
      }),
      { numRuns: 500 },
    )
  })
})

describe('what kernels do and what not', () => {
  const text = (line: (i: number) => string, n: number) =>
    Buffer.from(Array.from({ length: n }, (_, i) => `${line(i)}\n`).join(''))
  const sums = [step('map', pairOf(field(0), numberField(2)))]
  const same = (steps: readonly Step[], input: readonly Piece[]) => sameByKey(steps, input, sum)

  test('all of a table with keys enough to grow it many times, over many pieces', () => {
    const input = [text((i) => `key-of-some-length-${(i * 7919) % 20_000},x,${i / 100}`, 60_000)]
    expect(certainLines(() => same(sums, input))).toBe(60_000)
  })

  test('numbers in every usual form', () => {
    const input = [
      text((i) => `k${i % 9},,${['-', '', '+'][i % 3]}${i}${i % 2 ? `.${i}` : ''}${i % 5 ? '' : ' '}`, 3000),
    ]
    expect(certainLines(() => same(sums, input))).toBe(3000)
  })

  test('sums of fractions in the order of the records, whoever did the line', () => {
    const input = [text((i) => `k${i % 3},,${i % 6 === 0 ? `${i}e-3` : (i * 0.1).toFixed(3)}`, 3000)]
    expect(certainLines(() => same(sums, input))).toBe(2500)
  })

  test('parts of lines: lengths are multiplied, fractions are added one by one', () => {
    const input = [text(() => 'aa,0.1,aa', 10)]
    const keyed = step('map', builtin('pairWithNullKey'))
    const parts = step('flatMap', split(','))
    const total = (last: Step) => counted([parts, last, keyed], sum, input, 'bytes').pairs
    expect(total(step('map', length()))).toEqual([[null, 70]])
    const numbers = [step('filter', includes('0.1')), step('map', numberField(1))]
    expect(counted([...numbers, keyed], sum, input, 'bytes').pairs).toEqual([[null, 0.9999999999999999]])
    same([parts, step('filter', includes('.')), step('map', parseNumber()), keyed], input)
  })

  test('where most lines are the function’s, all are', () => {
    expect(certainLines(() => same(sums, [text((i) => `k${i % 3},,${i}e-3`, 3000)]))).toBe(0)
  })

  test('a value that is no number ends the work on bytes, and nothing is lost', () => {
    const steps = [step('map', pairOf(jsonField('a'), jsonField('b')))]
    const input = [text((i) => `{"a":"k${i % 3}","b":${i === 1500 ? '"x"' : i / 8}}`, 3000)]
    expect(certainLines(() => same(steps, input))).toBe(1500)
  })

  test('lines longer than a piece; records that are no text', () => {
    const long = `k0,${'long '.repeat(40_000)},7`
    const short = text((i) => `k${i % 3},x,${i / 10}`, 500)
    same(sums, [short, Buffer.concat([short, Buffer.from(`${long}\n`), short]), Buffer.from(long)])
    same(sums, [short, ['k1,x,3', 'k2,x,4'], short])
  })

  test('a missing field fails where the function does', () => {
    const steps = [
      step('map', builtin('keyBy', field(0))),
      step('mapValues', field(2)),
      step('mapValues', parseNumber()),
    ]
    const run = (by: By) => () => counted(steps, sum, [text((i) => (i === 40 ? 'k' : `k,x,${i}`), 100)], by)
    expect(run('functions')).toThrow(TypeError)
    expect(run('bytes')).toThrow(TypeError)
    // The next task does not see the leftovers of the failed one.
    same(sums, [text((i) => `k${i % 3},x,${i}`, 10)])
  })

  test.each<[string, Step[], 'numbers' | 'pairs', boolean]>([
    ['a pair of fields', sums, 'pairs', true],
    ['fields of two separators', [step('map', pairOf(field(0), numberField(2, ';')))], 'pairs', false],
    [
      'a number that a function of the user computes',
      [
        step(
          'map',
          pairOf(field(0), (line: string) => line.length % 7),
        ),
      ],
      'pairs',
      true,
    ],
    ['a field and JSON', [step('map', pairOf(field(0), jsonField('a')))], 'pairs', false],
    ['a value that is text', [step('map', pairOf(field(0), field(1)))], 'pairs', false],
    [
      'a function of the user',
      [
        step(
          'map',
          pairOf(field(0), (line: string) => line.indexOf('7')),
        ),
      ],
      'pairs',
      false,
    ],
    ['a step that gives records up', [{ ...sums[0]!, rejects: 1 } as Step], 'pairs', false],
    ['the length of lines', [step('map', length())], 'numbers', true],
    ['lines', [], 'numbers', false],
  ])('%s', (_, steps, makes, expected) => {
    expect(byteReduction(steps, makes) !== undefined).toBe(expected)
  })
})
