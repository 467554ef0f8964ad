import { afterAll, describe, expect, test } from 'vitest'
import { builtin } from '#build/ops/functions/builtin.js'
import type { Step } from '#build/ops/plan.js'
import { byteSteps } from '#build/pool/kernels/byte-steps.js'
import fc from '../../support/fast-check.js'
import {
  computed,
  fieldText,
  filterText,
  made,
  mergeText,
  objects,
  ofCells,
  ofJson,
  pairText,
  partChange,
  partsText,
  partTest,
  twoTexts,
} from './closure-texts.js'
import { type By, certainLines, collected, counted, outcome, type Piece, runTask, step } from './support.js'
import { jsonLine, numberText, pieces } from './texts.js'

/*
 * Differential tests: a task with kernels, and one that calls the closures, give the same results in the same order,
 * reject the same records, and fail with the same error at the same record. FUZZ_RUNS is the number of cases of each
 * test; `SEED` chooses others.
 */
const RUNS = Number(process.env.FUZZ_RUNS ?? 150)
const TIMEOUT = 600_000 + RUNS * 50

const unit = fc.constantFrom(
  ...[
    '',
    ' ',
    '  ',
    '\t',
    ',',
    'a',
    'b',
    'ab',
    'the',
    'A',
    '\0',
    '\v',
    '\r',
    'é',
    '日本',
    '😀',
    '"',
    '{',
    'x'.repeat(16),
  ],
  ...[
    'y'.repeat(17),
    'long'.repeat(40),
    '\u00a0',
    '\u2003',
    '\u3000',
    '\ufeff',
    '\u1680',
    '\u2028',
    '\u205f',
    '\u0085',
  ],
  ...[
    '\ufffd',
    '\ud800',
    '\udc00x',
    '\u180e',
    '\u200b',
    'İ',
    '\u212a',
    '1',
    '2.5',
    '-0',
    '1e3',
    'NaN',
    'Infinity',
    '\u0130',
  ],
)
const words = fc.array(unit, { maxLength: 8 }).map((of) => of.join(''))
const cells = fc
  .tuple(fc.array(fc.oneof(numberText, unit), { maxLength: 4 }), fc.constantFrom(',', ' ', '\t', 'a'))
  .map(([of, by]) => of.join(by))
const plainCells = fc
  .tuple(fc.constantFrom('k', 'm', 'é'), fc.integer({ min: -5, max: 5 }), fc.constantFrom('0', '', ' ', '-0', '7.25'))
  .map((of) => of.join(','))
const plainJson = fc
  .tuple(
    fc.constantFrom('"x"', '"é"', '1', 'null', 'true', '-0', '1.0'),
    fc.oneof(fc.integer().map(String), numberText),
  )
  .map(([a, b]) => `{"a":${a},"b":${b},"user":{"id":${b}}}`)
const line = fc.oneof(words, words, cells, plainCells, plainCells, jsonLine, plainJson, plainJson)
/** Lines of which kernels do most: many of one kind. */
const ofOneKind = fc.oneof(words, plainCells, plainJson).chain(() => fc.constantFrom(words, plainCells, plainJson))
const many = ofOneKind
  .chain((kind) => fc.array(kind, { minLength: 60, maxLength: 200 }))
  .map((lines): Piece[] => [Buffer.from(lines.join('\n'))])
const input = fc.oneof({ weight: 3, arbitrary: pieces(line) }, { weight: 1, arbitrary: many })

let records = 0
let kept = 0

afterAll(() => {
  if (process.env.FUZZ_RUNS) console.info(`${records} records, ${kept} results`)
})

function same(run: (by: By) => unknown, way: By = 'functions') {
  const [bytes, functions] = [outcome(() => run('bytes')), outcome(() => run(way))]
  expect(bytes).toEqual(functions)
  const { lines = 0, count = 0 } = functions as { lines?: number; count?: number }
  records += lines
  kept += count
}

const filters = fc.array(filterText, { maxLength: 2 }).map((of) => of.map((text) => step('filter', made(text))))
/** Now and then a step rejects records instead of failing the task. */
const rejecting = fc.constantFrom(false, false, true)
const maybe = (step: Step, rejects: boolean): Step => (rejects ? ({ ...step, rejects: 1 } as Step) : step)

const fuzz = <T>(name: string, cases: fc.Arbitrary<T>, check: (of: T) => void) =>
  test(name, () => fc.assert(fc.property(cases, check), { numRuns: RUNS }), TIMEOUT)

describe('what runs on bytes', () => {
  const of = (op: 'map' | 'filter' | 'flatMap', text: string) => step(op, made(text))

  test.each<[string, Step[], number]>([
    ['words', [of('flatMap', '(l) => l.split(/\\s+/)'), of('filter', '(w) => w !== ""')], 1],
    ['words of trimmed lines', [of('flatMap', '(l) => l.trim().split(/\\s+/)')], 1],
    ['several filters in one', [of('filter', "(l) => l.includes('a') && !(l.startsWith('b') || l === 'c')")], 1],
    ['a field by two functions', [of('map', "(l) => l.split(',')"), of('map', '(f) => f[1]')], 2],
    ['a path into JSON', [of('map', '({ a: { b } }) => b')], 0],
    ['an object of JSON', [of('map', 'JSON.parse'), of('map', '({ a: { b } }) => b')], 2],
    ['no part that does not depend on the object', [of('map', 'JSON.parse'), of('map', '() => 1')], 0],
    ['one of two conditions', [of('filter', "(l) => l.includes('a') || l.includes('b')")], 1],
    ['a filter of fields', [of('filter', "(l) => Number(l.split(',')[1]) > 3 && l.split(',')[0] !== 'x'")], 1],
    [
      'a filter of what is read',
      [of('map', "(l) => l.split(',')"), of('filter', "([a]) => a === 'x'"), of('map', '(f) => f[1]')],
      3,
    ],
    ['a text of several parts', [of('map', "(l) => { const f = l.split(','); return `${f[0]}:${f[2]}` }")], 1],
    ['joined texts', [of('map', "(l) => l.split(',')[0] + ':' + JSON.parse(l).a")], 1],
    ['a computed number', [of('map', '(l) => Math.floor(JSON.parse(l).t / 60_000)')], 1],
    [
      'a condition of computed numbers',
      [of('filter', "(l) => { const f = l.split(','); return f[1] * f[2] > f[3] - 1 }")],
      1,
    ],
    ['no order of two texts', [of('filter', "(l) => { const f = l.split(','); return f[1] > f[2] }")], 0],
    ['no text that another function joins', [of('map', "(l) => l.split(',')[0].concat(l)")], 0],
    [
      'no more than four fields of JSON',
      [of('map', 'JSON.parse'), of('map', '({ a, b, c, d, e }) => `${a}${b}${c}${d}${e}`')],
      0,
    ],
    [
      'fields of an object that a function made',
      [
        of('map', '(l) => { const { user, price, count } = JSON.parse(l); return { user, total: price * count } }'),
        of('filter', '(r) => r.total > 3'),
        of('map', '({ user }) => user'),
      ],
      3,
    ],
    [
      'no object of which a member may throw in an unknown way',
      [of('map', '(l) => ({ a: JSON.parse(l), b: l })'), of('map', '(r) => r.b.length')],
      0,
    ],
    ['no object that a function makes for itself', [of('map', '(l) => ({ a: JSON.parse(l).x, b: l }).b')], 0],
    ['no library function with the name of a method of objects', [step('map', builtin('valueOf'))], 0],
    ['no condition of another kind', [of('filter', "(l) => l.split(',')[1]")], 0],
  ])('%s', (_, steps, count) => {
    expect(byteSteps(steps).count).toBe(count)
  })

  test('computed keys and numbers are those of the kernels, except where they are not certain', () => {
    const pairs = [of('map', "(l) => { const [a, b, c] = l.split(','); return [`${a}/${Math.floor(b / 10)}`, b * c] }")]
    const lines = [...Array(20).fill('x,25,0.5'), 'é,-1,3', 'x,1e1,1', 'x,20']
    const run = (by: By) => counted(pairs, made('(a, b) => a + b'), [Buffer.from(lines.join('\n'))], by).pairs
    expect(certainLines(() => run('bytes'))).toBe(22)
    expect(run('bytes')).toEqual(run('functions'))
    expect(run('bytes')).toEqual([
      ['x/2', Number.NaN],
      ['é/-1', -3],
      ['x/1', 10],
    ])
  })

  test('a number that is -0 stays one', () => {
    const steps = [of('map', '(l) => -l.length'), of('map', '(n) => [1 / n, 1]')]
    const run = (by: By) => counted(steps, made('(a, b) => a + b'), [Buffer.from('\n\na\n')], by).pairs
    expect(run('bytes')).toEqual(run('functions'))
    expect(run('bytes')).toEqual([
      [-Infinity, 2],
      [-1, 1],
    ])
  })

  test('lines whose white space has several bytes are the functions', () => {
    const steps = [of('flatMap', '(l) => l.split(/\\s+/)'), of('map', '(w) => [w, 1]')]
    const lines = [...Array(20).fill('a b'), 'a\u00a0b']
    const run = () => counted(steps, made('(a, b) => a + b'), [Buffer.from(lines.join('\n'))], 'bytes').pairs
    expect(certainLines(run)).toBe(20)
    expect(run()).toEqual([
      ['a', 21],
      ['b', 21],
    ])
  })

  test.each<[string, object, PropertyKey, unknown]>([
    ['a patched split', String.prototype, 'split', () => ['patched']],
    ['another split by expressions', RegExp.prototype, Symbol.split, () => ['patched']],
    ['a method for separators', String.prototype, Symbol.split, () => ['patched']],
  ])('%s is the functions', (_, object, name, value) => {
    const steps = [of('flatMap', '(l) => l.split(/\\s+/)'), of('map', '(w) => [w, 1]')]
    const spaces = [of('flatMap', "(l) => l.split(' ')"), of('map', '(w) => [w, 1]')]
    const before = Object.getOwnPropertyDescriptor(object, name)
    const run = (by: By) =>
      [steps, spaces].map((of) => counted(of, made('(a, b) => a + b'), [Buffer.from('a b\nc')], by).pairs)
    try {
      Object.defineProperty(object, name, { value, configurable: true, writable: true })
      expect(run('bytes')).toEqual(run('functions'))
    } finally {
      if (before) Object.defineProperty(object, name, before)
      else Reflect.deleteProperty(object, name)
    }
    expect(run('bytes')[0]).toEqual([
      ['a', 1],
      ['b', 1],
      ['c', 1],
    ])
    expect(certainLines(() => run('bytes'))).toBe(2)
  })

  test('a global or an inherited field that was replaced is the functions', () => {
    const steps = [of('map', '(l) => [JSON.parse(l).a, 1]')]
    const input = [Buffer.from('{"b":1}\n{"b":2}')]
    const run = (by: By) => counted(steps, made('(a, b) => a + b'), input, by).pairs
    Object.defineProperty(Object.prototype, 'a', { value: 'inherited', configurable: true })
    try {
      expect(run('bytes')).toEqual([['inherited', 2]])
    } finally {
      Reflect.deleteProperty(Object.prototype, 'a')
    }
    const { parse } = JSON
    JSON.parse = () => ({ a: 'patched' })
    try {
      expect(run('bytes')).toEqual([['patched', 2]])
    } finally {
      JSON.parse = parse
    }
    const { max } = Math
    Math.max = () => 7
    try {
      const longest = [of('map', '(l) => [null, l.length]')]
      expect(counted(longest, made('(a, b) => Math.max(a, b)'), input, 'bytes').pairs).toEqual([[null, 7]])
    } finally {
      Math.max = max
    }
    expect(run('bytes')).toEqual([[undefined, 2]])
  })
})

describe('a closure gives the same by kernels as by itself', () => {
  fuzz('filters', fc.tuple(filters, input), ([steps, pieces]) => {
    same((by) => collected(steps, pieces, by))
    same((by) => ({ value: runTask(steps, { op: 'count' }, pieces, by).value }))
  })

  const parts = fc
    .constantFrom(ofCells, ofJson)
    .chain(({ condition, line }) => fc.tuple(condition, rejecting, fc.array(line, { maxLength: 40 }), fc.boolean()))
  fuzz('conditions of parts of lines', parts, ([condition, rejects, lines, keyed]) => {
    const steps = [maybe(step('filter', made(condition)), rejects)]
    const pieces = [Buffer.from(lines.join('\n'))]
    same((by) => collected(steps, pieces, by))
    same((by) => ({ value: runTask(steps, { op: 'count' }, pieces, by).value, lines: lines.length }))
    const key = step('map', made(keyed ? "(l) => [l.split(',')[0], 1]" : '(l) => [l, l.length]'))
    same((by) => counted([...steps, key], made('(a, b) => a + b'), pieces, by))
  })

  fuzz(
    'parts of lines, counted',
    fc.tuple(
      filters,
      partsText,
      fc.array(partTest, { maxLength: 1 }),
      fc.array(partChange, { maxLength: 2 }),
      mergeText,
      input,
    ),
    ([first, parts, tests, changes, merge, pieces]) => {
      const steps = [
        ...first,
        step('flatMap', made(parts)),
        ...tests.map((text) => step('filter', made(text))),
        ...changes.map((text) => step('map', made(text))),
      ]
      same((by) => counted([...steps, step('map', made('(w) => [w, 1]'))], made('(a, b) => a + b'), pieces, by))
      same((by) => counted([...steps, step('map', made('(w) => [w, 1]'))], made(merge), pieces, by))
      same((by) => ({ value: runTask(steps, { op: 'count' }, pieces, by).value }))
    },
  )

  fuzz(
    'pairs of fields',
    fc.tuple(filters, pairText, rejecting, mergeText, input),
    ([first, pair, rejects, merge, pieces]) => {
      const steps = [...first, maybe(step('map', made(pair)), rejects)]
      same((by) => counted(steps, made(merge), pieces, by))
      same((by) => counted(steps, made('(a, b) => a + b'), pieces, by))
      same((by) => collected(steps, pieces, by))
    },
  )

  fuzz(
    'pairs of fields by two functions',
    fc.tuple(twoTexts, rejecting, mergeText, input),
    ([texts, rejects, merge, pieces]) => {
      // `?` marks a filter.
      const steps = texts.map((text) =>
        maybe(text.startsWith('?') ? step('filter', made(text.slice(2))) : step('map', made(text)), rejects),
      )
      same((by) => counted(steps, made(merge), pieces, by))
    },
  )

  fuzz(
    'one field, counted or reduced',
    fc.tuple(filters, fieldText, mergeText, input),
    ([first, field, merge, pieces]) => {
      const steps = [...first, step('map', made(field))]
      same((by) => counted([...steps, step('map', made('(w) => [w, 1]'))], made('(a, b) => a + b'), pieces, by))
      const all = step('map', made('(v) => [null, v]'))
      same((by) => counted([...steps, all], made(merge), pieces, by))
    },
  )

  fuzz(
    'numbers and keys computed from several parts',
    fc.tuple(filters, computed, mergeText, rejecting, partChange),
    ([first, [texts, lines], merge, rejects, change]) => {
      const pieces = [Buffer.from(lines.join('\n'))]
      const by = (text: string) => [...first, maybe(step('map', made(text)), rejects)]
      same((way) => counted(by(texts.pair), made(merge), pieces, way))
      same((way) => counted(by(texts.counted), made('(a, b) => a + b'), pieces, way))
      const all = step('map', made('(v) => [null, v]'))
      same((way) => counted([...by(texts.value), all], made(merge), pieces, way))
      const one = step('map', made('(w) => [w, 1]'))
      same((way) => counted([...by(texts.key), step('map', made(change)), one], made('(a, b) => a + b'), pieces, way))
      const condition = [...first, maybe(step('filter', made(texts.condition)), rejects)]
      same((way) => collected(condition, pieces, way))
      same((way) => ({ value: runTask(condition, { op: 'count' }, pieces, way).value, lines: lines.length }))
    },
  )

  fuzz(
    'pairs of the members of objects and pairs',
    fc.tuple(objects, mergeText, rejecting),
    ([{ make, test, pair, lines }, merge, rejects]) => {
      const pieces = [Buffer.from(lines.join('\n'))]
      const [object, condition, key] = [step('map', made(make)), step('filter', made(test)), step('map', made(pair))]
      const steps = [maybe(object, rejects), condition, key]
      same((way) => counted(steps, made(merge), pieces, way))
      same((way) => counted([object, key], made('(a, b) => a + b'), pieces, way))
      const first = step('map', made('([k]) => [k, 1]'))
      same((way) => counted([...steps, first], made('(a, b) => a + b'), pieces, way))
    },
  )
})
