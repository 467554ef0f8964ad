import { describe, expect, test } from 'vitest'
import { freeVariables } from '#build/ops/functions/syntax/free-variables.js'

const ROWS: readonly [text: string, ...free: string[]][] = [
  // Parameters
  ['x => x'],
  ['(x) => x + y', 'y'],
  ['() => [a, b, a]', 'a', 'b'],
  ['(x, y = x) => x + y'],
  ['(x = y) => x', 'y'],
  ['(...rest) => rest.length'],
  ['({ a, b: c, ...d }) => [a, c, d]'],
  ['({ a, b: c }) => [a, b, c]', 'b'],
  ['([a, , [b]]) => a + b'],
  ['({ a = fallback }) => a', 'fallback'],
  ['({ [key]: v }) => v', 'key'],
  ['(x, f = () => x + z) => f()', 'z'],
  ['(a = b) => { var b = 1; return a + b }', 'b'],
  // Kinds of functions
  ['function (x) { return x }'],
  ['function f(n) { return n < 2 ? 1 : n * f(n - 1) }'],
  ['async (x) => await g(x)', 'g'],
  ['async function () { for await (const x of xs) x }', 'xs'],
  ['function* () { yield* inner() }', 'inner'],
  ['async function* () { yield 1 }'],
  ['f(x) { return x }'],
  ['f(x) { return f(x) }', 'f'],
  ['async f(x) { return y }', 'y'],
  ['*f() { yield z }', 'z'],
  ['async *f() { yield z }', 'z'],
  ['[Symbol.iterator](x) { return x }'],
  ["'quoted name'(x) { return x }"],
  ['get(x) { return x }'],
  ['async(x) { return x }'],
  ['static(x) { return x }'],
  // Properties and labels are no variables
  ['(o) => o.a.b?.c'],
  ['(o) => o[key]', 'key'],
  ['(o) => ({ a: 1, b: o, o })'],
  ['() => ({ a })', 'a'],
  ['() => ({ [a]: 1, b() { return b } })', 'a', 'b'],
  ['() => { loop: for (;;) { break loop } }'],
  ['() => { again: while (true) continue again }'],
  // Scopes
  ['() => { const a = 1; let b = a; return b }'],
  ['() => { { let a = 1 } return a }', 'a'],
  ['() => { { var a = 1 } return a }'],
  ['() => { if (1) { var a } else { a = 2 } return a }'],
  ['() => { return f(); function f() { return 1 } }'],
  ['() => { { function f() {} } return f }', 'f'],
  ['() => { const { a, b: [c] } = source; return a + c }', 'source'],
  ['() => { for (let i = 0; i < n; i++) {} return i }', 'n', 'i'],
  ['() => { for (var i = 0; i < 9; i++) {} return i }'],
  ['(xs) => { for (const [k, v] of xs) use(k, v) }', 'use'],
  ['(o) => { for (k in o) ; }', 'k'],
  ['() => { try { f() } catch (e) { return e } }', 'f'],
  ['() => { try { f() } catch ({ message }) { return message } finally { message } }', 'f', 'message'],
  ['() => { try { 1 } catch { return e } }', 'e'],
  ['(x) => { switch (x) { case a: let b = 1; default: return b } }', 'a'],
  ['(x) => { switch (x) { default: let b } return b }', 'b'],
  ['(x) => (y) => (z) => x + y + z + w', 'w'],
  ['() => { const g = function inner() { return inner }; return inner }', 'inner'],
  ['() => { var x; return () => { x = 1; y = 2 } }', 'y'],
  // Assigning counts
  ['() => { total += 1 }', 'total'],
  ['() => { count++ }', 'count'],
  ['([x]) => { [a, o.b, ...c] = x }', 'a', 'o', 'c'],
  ['(x) => { ({ a, b: c = d } = x) }', 'a', 'c', 'd'],
  ['(x) => delete cache[x]', 'cache'],
  ['() => typeof perhaps', 'perhaps'],
  // Templates, operators, expressions
  ['(x) => `a${x}b${y}`', 'y'],
  ['(x) => tag`a${x}`', 'tag'],
  ['(x) => x ?? other?.[x]', 'other'],
  ['(x) => x instanceof Kind && new Other(...more)', 'Kind', 'Other', 'more'],
  ['(s) => s.replace(/a(b)c/g, Math.max)', 'Math'],
  // Classes
  ['() => { class A { m() { return A } } return new A() }'],
  ['() => class extends Base { [name] = 1; #p = q; static { r() } }', 'Base', 'name', 'q', 'r'],
  ['() => { const C = class D { x = D }; return D }', 'D'],
  ['(o) => class { #p; static is(x) { return #p in x && x.#p } }'],
  ['() => class { static a = 1; static { var v = 1; v } m() { return v } }', 'v'],
  // this and its kin
  ['() => this.x', 'this'],
  ['function () { return this.x }', 'this'],
  ['f() { return this.x }', 'this'],
  ['function () { return () => this }', 'this'],
  ['() => function () { return this }'],
  ['() => ({ m() { return () => this.x } })'],
  ['() => class { a = this; static { this.b } constructor() { this.c = new.target } }'],
  ['() => class extends this.Base { [this.key] = 1 }', 'this'],
  ['() => class extends Object { constructor() { super(); super.toString() } }', 'Object'],
  ['() => arguments[0]', 'arguments'],
  ['function () { return () => arguments.length }'],
  ['f() { return super.f() }', 'super'],
  ['() => super.f()', 'super'],
  ['function () { return new.target }', 'new.target'],
  ['() => new.target', 'new.target'],
  ['() => import.meta.url', 'import.meta'],
  ["() => import('node:fs')"],
  ['() => import(where)', 'where'],
  // Text that TypeScript was stripped from: types become spaces, or disappear
  ['(x        , y         )         => x + y'],
  ['async        (x             ) => { const y            = x; return y        }'],
  // Comments and strings
  ['(x) => /* y */ x // z\n'],
  ['(x) => \'y\' + "z"'],
]

describe('free variables', () => {
  test.each(ROWS)('%s', (text, ...free) => {
    expect(freeVariables(text).names).toEqual(free)
  })

  test('the text of a method becomes an expression', () => {
    expect(freeVariables('f(x) { return x }').text).toBe('function (x) { return x }')
    expect(freeVariables('async *f(x) { yield x }').text).toBe('async function* (x) { yield x }')
    expect(freeVariables('[key()](x) { return x }').text).toBe('function (x) { return x }')
    expect(freeVariables('(x) => x').text).toBe('(x) => x')
  })

  test("names that a test runner's loader writes go back to those of the source", () => {
    const text =
      '(x) => [__vite_ssr_import_3__.sep, (0,__vite_ssr_import_3__.join)(x), __vite_ssr_import_4__.default.cpus]'
    const found = freeVariables(text)
    expect(found.names).toEqual(['sep', 'join', '__vite_ssr_import_4__'])
    expect(found.text).toBe('(x) => [sep, (0,join)(x), __vite_ssr_import_4__.default.cpus]')
    expect(freeVariables('() => __vite_ssr_dynamic_import__("node:fs")')).toEqual({
      names: [],
      relativeImports: [],
      text: '() => import("node:fs")',
    })
    expect(freeVariables('() => __vite_ssr_import_meta__.url').names).toEqual(['import.meta'])
    const hidden = freeVariables('(join) => (0,__vite_ssr_import_3__.join)(join)')
    expect(hidden.names).toEqual(['__vite_ssr_import_3__'])
    expect(hidden.text).toContain('__vite_ssr_import_3__.join')
  })

  test('relative imports are told apart', () => {
    expect(
      freeVariables("() => [import('./a.js'), import('../b.js'), import('c'), import('/d.js')]").relativeImports,
    ).toEqual(['./a.js', '../b.js'])
    expect(freeVariables("() => __vite_ssr_dynamic_import__('/src/a.ts')").relativeImports).toEqual(['/src/a.ts'])
  })

  test.each([
    ['class A { }', 'class'],
    ['get x() { return 1 }', 'getter'],
    ['set x(v) { }', 'setter'],
    ['#secret(x) { return x }', 'private method'],
    ['async *#secret(x) { yield x }', 'private method'],
    ['function floor() { [native code] }', 'native code'],
    ['function () { with (a) { b } }', 'strict mode'],
    ['1 + 1', 'BinaryExpression'],
    ['() => 1), (() => 2', 'SequenceExpression'],
    ['(x) => ', 'strict mode'],
  ])('%s is refused', (text, word) => {
    expect(() => freeVariables(text)).toThrowError(
      expect.objectContaining({ code: 'ERR_MILLRACE_CAPTURE', message: expect.stringContaining(word) }),
    )
  })
})
