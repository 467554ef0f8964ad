import { Session } from 'node:inspector'
import { describe, expect, test, vi } from 'vitest'
import { capture } from '#build/ops/functions/capture.js'
import { withEnv } from '#build/ops/functions/env.js'
import { type Known, readExpression } from '#build/ops/functions/meaning/read-expression.js'
import { readMerge } from '#build/ops/functions/meaning/read-merge.js'
import type { AnyFunction } from '#build/ops/functions/ref.js'
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
    ["(l) => `${l}:${l.split(',')[1]}`", { is: 'template', of: [record, { is: 'value', value: ':' }, item(1)] }],
    [
      "(l) => ['x', 1, null].includes(l.split(',')[3])",
      { is: 'oneOf', of: { is: 'item', of: split(','), index: 3 }, values: ['x', 1, null] },
    ],
    ["(l) => l + '!'", { is: '+', of: [record, { is: 'value', value: '!' }] }],
    ['(l) => -Math.round(l / 2)', { is: 'negative', of: { is: 'round', of: { is: '/' } } }],
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

  const table = new FunctionTable()

  test('a function of a module means the same', () => {
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

  // biome-ignore-start lint/suspicious/noShadowRestrictedNames: a module may have such variables
  test.each<[string, () => [AnyFunction, object]]>([
    [
      'an import or variable',
      () => {
        const JSON = { parse: (text: string) => ({ a: text }) }
        return [(l: string) => JSON.parse(l).a, { means: false }]
      },
    ],
    [
      'a parameter',
      () => ((Number: AnyFunction) => [(l: string) => Number(l), { means: false }])((of: string) => of) as never,
    ],
    [
      'a variable of a block that has no value yet',
      () => {
        const fn = (l: string) => Number(l)
        table.record(fn, 'map')
        const Number = () => 1
        return [fn, { means: false }]
      },
    ],
    [
      'a merge',
      () =>
        ((Math: Math) => [(a: number, b: number) => Math.max(a, b), { merges: false }])({
          max: () => 1,
        } as never) as never,
    ],
    ['a class', () => [sloppy('class JSON { static f = (l) => JSON.parse(l).a }; return JSON.f'), { means: false }]],
    [
      'the name of a function',
      () => [
        sloppy('return (function Number() { const x = 1; return [(l) => Number(l), () => x] })()[0]'),
        { means: false },
      ],
    ],
    ['a property of `with`', () => [sloppy('with ({ JSON: 1 }) return (l) => JSON.parse(l)'), { means: false }]],
    ['a variable of `eval`', () => [sloppy('eval("var JSON = 1"); return (l) => JSON.parse(l)'), { means: false }]],
    [
      'a caught error',
      () => [sloppy('try { throw 1 } catch (JSON) { return (l) => JSON.parse(l) }'), { means: false }],
    ],
    ['another name', () => [sloppy('const Math = 1; return [(l) => Number(l), () => Math][0]'), { means: true }]],
    ['one of two names', () => [sloppy('const JSON = 1; return (l) => Number(JSON.parse(l))'), { means: false }]],
  ])('in a module, a name of a global may be %s', (_, make) => {
    const [fn, found] = make()
    const ref = table.record(fn, 'map')
    for (const [name, there] of Object.entries(found)) expect(name in ref, String(fn)).toBe(there)
  })

  test('no function of a module runs when a graph records it', () => {
    const calls: string[] = []
    const JSON = { parse: (text: string) => ({ a: calls.push(text) }) }
    const Math = { max: () => calls.push('max') }
    const upper = vi.spyOn(String.prototype, 'toUpperCase')
    try {
      table.record((l: string) => JSON.parse(l).a, 'map')
      table.record((l: string) => calls.push(JSON.parse(l).a), 'map')
      table.record((a: number, b: number) => Math.max(a, b), 'reduce')
      expect(table.record((l: string) => Number(l.toUpperCase()), 'map')).toHaveProperty('means')
      expect(calls).toEqual([])
      expect(upper).not.toHaveBeenCalled()
    } finally {
      upper.mockRestore()
    }
  })
  // biome-ignore-end lint/suspicious/noShadowRestrictedNames: a module may have such variables

  test('without an inspector, a name of a global is not certain', () => {
    const connect = vi.spyOn(Session.prototype, 'connect').mockImplementation(() => {
      throw new Error('Access to this API has been restricted')
    })
    try {
      expect(table.record((l: string) => Number(l), 'map')).not.toHaveProperty('means')
    } finally {
      connect.mockRestore()
    }
    expect(table.record((l: string) => Number(l), 'map')).toHaveProperty('means')
  })

  test('threads read no functions: the driver sends their meanings', () => {
    const fn = (l: string) => l.split(' ')
    expect(new FunctionTable({ reads: false }).record(fn, 'flatMap')).toEqual({ k: 'table', i: 0 })
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
    ['(l) => ({ ...l })', 'makes an object with methods, computed names or a spread'],
    ['(l) => ({ [l]: 1 })', 'makes an object with methods, computed names or a spread'],
    ['(l) => ({ m() {} })', 'makes an object with methods, computed names or a spread'],
    ['(l) => ({ __proto__: l })', 'makes an object with `__proto__`'],
    ['(l) => ({ a: 1, a: l })', 'makes an object with `a`'],
    ['(l) => l ** 2', 'uses `**`'],
    ['(l) => l * -0', 'has a value that is no text, number or boolean'],
    ['(l) => Math.sqrt(l)', 'calls `Math.sqrt`'],
    ['(l) => Math.floor(l, 1)', 'calls `Math.floor`'],
    ["(l) => ['a', l].includes('b')", 'makes a list of more than constants'],
    ["(l) => ['a', , 'b'].includes(l)", 'makes a list of more than constants'],
    ['(l) => ["a", ...l].includes(l)', 'has a SpreadElement'],
    ["(l) => ['a'].includes(l, 1)", 'calls `includes` of a list'],
    ['(l) => tag`${l}`', 'has a TaggedTemplateExpression'],
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

/** Compiles a body in sloppy mode, which has `with`. */
function sloppy(body: string): AnyFunction {
  return new Function(body)() as AnyFunction
}

function item(index: number) {
  return { is: 'item', of: split(','), index }
}

function pair(...of: object[]) {
  return { is: 'pair', of }
}
