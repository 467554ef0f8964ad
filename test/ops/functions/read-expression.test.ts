import { describe, expect, test } from 'vitest'
import { capture } from '#build/ops/functions/capture.js'
import { withEnv } from '#build/ops/functions/env.js'
import { type Known, readExpression } from '#build/ops/functions/read-expression.js'
import { readMerge } from '#build/ops/functions/read-merge.js'
import { FunctionTable } from '#build/ops/functions/table.js'

const GLOBALS: Known = { global: () => {}, constants: new Map() }

const record = { is: 'record' }
const split = (separator: string) => ({ is: 'split', of: record, separator })
const json = { is: 'json', of: record }

describe('what a text means', () => {
  test.each<[string, object]>([
    ["(l) => l.split(' ')", split(' ')],
    ['l=>l.trim().split(/\\s+/)', { is: 'splitSpaces', of: { is: 'trim', of: record } }],
    ["function (l) { return l.split(',')[3] }", { is: 'item', of: split(','), index: 3 }],
    ["(l) => { const [, b] = l.split(','); return b }", { is: 'item', of: split(','), index: 1 }],
    ["(l) => { const f = l.split(','); return [f[0], Number(f[2])] }", pair(item(0), { is: 'number', of: item(2) })],
    ["(l) => l.includes('x') && !l.endsWith('y')", { is: 'and' }],
    ['(l) => JSON.parse(l).a.b', { is: 'field', of: { is: 'field', of: json, name: 'a' }, name: 'b' }],
    ['(l) => { const { a: { b } } = JSON.parse(l); return b }', { is: 'field', name: 'b' }],
    ['({ a }) => `${a}`', { is: 'text', of: { is: 'field', of: record, name: 'a' } }],
    [
      '([k, v]) => v > 3',
      {
        is: '>',
        of: [
          { is: 'item', of: record, index: 1 },
          { is: 'value', value: 3 },
        ],
      },
    ],
    [
      '(l) => -1 < +l',
      {
        is: '<',
        of: [
          { is: 'value', value: -1 },
          { is: 'number', of: record },
        ],
      },
    ],
  ])('%s', (text, means) => {
    expect(readExpression(text, GLOBALS)).toMatchObject(means)
  })

  test('values of withEnv are constants, and hide globals', () => {
    const needle = 'x'
    const ref = capture(
      withEnv({ needle }, (l: string) => l.includes(needle)),
      'filter',
    )
    expect(ref).toMatchObject({ means: { is: 'includes', of: record, text: 'x' } })
    const known: Known = { global: () => {}, constants: new Map([['JSON', undefined]]) }
    expect(readExpression('(l) => JSON.parse(l).a', known)).toHaveProperty('why')
  })

  test('a function of a module means the same', () => {
    const table = new FunctionTable()
    expect(table.record((l: string) => l.split(' '), 'flatMap')).toMatchObject({ k: 'table', means: split(' ') })
    expect(table.record((l: string) => JSON.parse(l).a, 'map')).toMatchObject({ means: { of: json, name: 'a' } })
    const { JSON: before, Number: number, Math: math } = globalThis
    expect(
      table.record((l: string) => {
        const { a, b } = JSON.parse(l)
        return [a.c, Number(b)]
      }, 'map'),
    ).toHaveProperty('means')
    expect(table.record((a: number, b: number) => Math.max(a, b), 'reduce')).toMatchObject({ merges: 'greatest' })
    expect([JSON, Number, Math]).toEqual([before, number, math])
  })

  test('in a module, names of globals may be variables', () => {
    const table = new FunctionTable()
    const calls: string[] = []
    // biome-ignore lint/suspicious/noShadowRestrictedNames: a module may have such a variable
    const JSON = { parse: (text: string) => ({ a: calls.push(text) }) }
    // biome-ignore lint/suspicious/noShadowRestrictedNames: a module may have such a variable
    const Math = { max: () => 1 }
    expect(table.record((l: string) => JSON.parse(l).a, 'map')).not.toHaveProperty('means')
    expect(table.record((a: number, b: number) => Math.max(a, b), 'reduce')).not.toHaveProperty('merges')
    // It may not be called.
    expect(table.record((l: string) => l.includes('x') && Number(l), 'map')).not.toHaveProperty('means')
    // No function runs of which more than that is unknown.
    const before = calls.length
    expect(table.record((l: string) => calls.push(JSON.parse(l).a), 'map')).not.toHaveProperty('means')
    expect(calls).toHaveLength(before)
  })
})

describe('a text that is not certain means nothing', () => {
  test.each([
    ['(l) => l.split(sep)', 'uses `sep` of its surroundings'],
    ['(l) => l.split(" ", 2)', 'calls `split`'],
    ['(l) => l.split(/ /)', 'splits at / /'],
    ['(l) => l?.length', 'has a ChainExpression'],
    ['(l) => l.length++', 'has a UpdateExpression'],
    ['(l) => { let a = l; return a }', 'has a VariableDeclaration'],
    ['(l) => { l.x = 1; return l }', 'has a ExpressionStatement'],
    ['(l = 1) => l', 'has a pattern with a AssignmentPattern'],
    ['({ a, ...r }) => a', 'has a pattern with computed names or a rest'],
    ['(l, i) => l', 'does not have exactly one parameter'],
    ['async (l) => l', 'is async or a generator'],
    ['function* (l) { return l }', 'is async or a generator'],
    ['function JSON(l) { return JSON.parse(l) }', 'has a name'],
    ['(JSON) => JSON.parse(JSON)', 'calls `parse`'],
    ['(l) => JSON.parse(l, (k, v) => v)', 'calls `JSON.parse` with a reviver'],
    ['(l) => JSON.parse(l).constructor', 'reads `constructor`'],
    ['(l) => { const o = JSON.parse(l); return l }', 'does not use `o`'],
    ['(l) => { const { a: { b }, c } = JSON.parse(l); return c }', 'does not use `b`'],
    ["(l) => l.split(' ').map((w) => l)", 'uses `l` in an inner function'],
    ["(l) => l.split(',').filter(keep)", 'passes on a function that is not written in it'],
    ['(l) => l * -0', 'uses `*`'],
    ['(l) => l === -0', 'has a value that is no text, number or boolean'],
    ['(l) => l === undefined', 'uses `undefined` of its surroundings'],
    [`(l) => l.includes('${'x'.repeat(600)}')`, 'has more than 600 characters'],
  ])('%s', (text, why) => {
    expect(readExpression(text, GLOBALS)).toMatchObject({ why: expect.stringContaining(why) })
  })
})

describe('merges of two values', () => {
  test.each([
    ['(a, b) => Math.max(a, b)', 'greatest'],
    ['function (x, y) { return Math.min(y, x) }', 'lowest'],
    ['(a, b) => Math.max(a, a)', undefined],
    ['(a, b) => Math.max(a, b, 0)', undefined],
    ['(a, Math) => Math.max(a, Math)', undefined],
    ['function Math(a, b) { return Math.max(a, b) }', undefined],
    ['(a, b) => Math.hypot(a, b)', undefined],
    ['(a, b) => Math.toString(a, b)', undefined],
    ['(a, b) => Math?.max(a, b)', undefined],
  ])('%s', (text, merge) => {
    expect(readMerge(text, GLOBALS)).toBe(merge)
  })
})

function item(index: number) {
  return { is: 'item', of: split(','), index }
}

function pair(...of: object[]) {
  return { is: 'pair', of }
}
