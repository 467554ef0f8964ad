import { describe, expect, test } from 'vitest'
import { keyBy, sum } from '#build/ops/functions/common.js'
import type { AnyFunction } from '#build/ops/functions/ref.js'
import { FunctionTable } from '#build/ops/functions/table.js'

const made = (text: string): AnyFunction => new Function(`return (${text})`)() as AnyFunction
const print = (...texts: string[]): string[] => {
  const table = new FunctionTable()
  for (const text of texts) table.record(made(text), 'map', 'later')
  return table.fingerprint()
}

describe('FunctionTable', () => {
  test('numbers functions in order, each once', () => {
    const table = new FunctionTable()
    const [f, g] = [(x: number) => x ** 2, (x: number[]) => x.push(2)]
    // `keeps`: its text proves that it changes no argument.
    expect(table.record(f, 'map')).toEqual({ k: 'table', i: 0, keeps: true })
    expect(table.record(g, 'filter')).toEqual({ k: 'table', i: 1 })
    expect(table.record(f, 'flatMap')).toEqual({ k: 'table', i: 0, keeps: true })
    expect([table.get(0), table.get(1)]).toEqual([f, g])
    expect([table.indexOf(g), table.indexOf(() => 1), table.size]).toEqual([1, undefined, 2])
  })

  test('library functions and globals are known by name, functions inside them by number', () => {
    const table = new FunctionTable()
    expect(table.record(sum, 'reduce')).toEqual({ k: 'builtin', name: 'sum' })
    expect(table.record(Math.max, 'reduce')).toEqual({ k: 'global', path: 'Math.max', keeps: true })
    expect(table.size).toBe(0)
    expect(
      table.record(
        keyBy((x: number) => x ** 2),
        'map',
      ),
    ).toEqual({ k: 'builtin', name: 'keyBy', args: [{ fn: { k: 'table', i: 0, keeps: true } }] })
  })

  test('what is no function is refused with the operation', () => {
    expect(() => new FunctionTable().record('f' as never, 'mapValues')).toThrow('mapValues needs a function, got "f"')
  })

  test('the fingerprint is stable', () => {
    // Pinned: it must not change between runs. A change of normal form or hash is allowed, of a run is not.
    expect(print('(x) => x + 1')).toEqual(print('(x) => x + 1'))
    expect(print('(x) => x + 1')[0]).toMatch(/^map:[0-9a-f]{12}$/)
    expect(print('(x) => x + 1', 'function f() {}')).toMatchInlineSnapshot(`
      [
        "map:a23a61fcaccc",
        "map:ad9aeb08d687",
      ]
    `)
  })

  test.each([
    ['(x) => x + 1', '(x) => x + 2'],
    ['(x) => x + a', '(x) => x + b'],
    ['(x, y) => x - y', '(x, y) => y - x'],
    ['(x) => (y) => x', '(x) => (y) => y'],
    ['(x) => ({ x })', '(x) => ({ y: x })'],
    ['(x) => { { let y = 1 } return y }', '(x) => { { var y = 1 } return y }'],
    ['(x) => x + 1', '(x) => x - 1'],
    ['(x) => x + 1', "(x) => x + '1'"],
    ['(x) => x + 1', 'async (x) => x + 1'],
    ['(x) => x.a', '(x) => x[a]'],
    ['(x) => x?.a', '(x) => x.a'],
    ['(x) => /a/g', '(x) => /a/i'],
    ['(x) => `a${x}`', '(x) => `b${x}`'],
    ['(x) => { f(x) }', '(x) => { return f(x) }'],
    ['() => { const a = 1 }', '() => { let a = 1 }'],
    ['() => 1n', '() => 1'],
    ['() => true', "() => 'true'"],
    ['(x) => x ** 2', '(x) => x * 2'],
    ['() => [, 1]', '() => [1]'],
    ['() => class { static a = 1 }', '() => class { a = 1 }'],
    ['() => -x', '() => +x'],
    ['() => x++', '() => ++x'],
  ])('%s and %s differ', (a, b) => {
    expect(print(a)).not.toEqual(print(b))
  })

  test.each([
    ['(x) => x + 1', 'x=>x+1'],
    ['(x) => { return "a"; }', "(x        ) => { return 'a' } "],
    ['() => { const f = (x) => x }', '() => { const f = __name((x) => x, "f") }'],
    ['() => { function f() {} }', '() => { function f() {} __name(f, "f"); }'],
    ['() => { class K { a = 1 } }', '() => { class K { static { __name(this, "K") } a = 1 } }'],
    ['(x) => join(x)', '(x) => (0,__vite_ssr_import_3__.join)(x)'],
    ['(x) => ({ sep })', '(x) => ({ sep: __vite_ssr_import_3__.sep })'],
    ["() => import('./a.js')", '() => __vite_ssr_dynamic_import__("/test/a.js")'],
    ['() => 1_000', '() => 1e3'],
    ['(x) => x // comment\n', '(x) => /* other */ x'],
    ['(x) => ((x + 1))', '(x) => x + 1'],
    ['(x) => { const f = (x) => ({ x }) }', '(x) => { const f = (x2) => ({ x: x2 }) }'],
    ['({ a, b = 1 }) => a + b', '({ a: a2, b: b2 = 1 }) => a2 + b2'],
    ['() => { class K { m() { return K } } }', '() => { class K2 { m() { return K2 } } }'],
  ])('%s and %s are the same, loaded differently', (a, b) => {
    expect(print(a)).toEqual(print(b))
  })
})
