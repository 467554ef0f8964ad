import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { capture } from '#build/ops/functions/capture.js'
import { keyBy, max, split, sum } from '#build/ops/functions/common.js'
import { BROADCAST_ID, withEnv } from '#build/ops/functions/env.js'
import { unguarded } from '#build/ops/functions/guard.js'
import type { AnyFunction, FnRef } from '#build/ops/functions/ref.js'
import { FunctionResolver, resolveFn } from '#build/ops/functions/resolve.js'
import { FunctionTable } from '#build/ops/functions/table.js'
import fc from '../../support/fast-check.js'
import { countLong } from './fixtures/pipeline-functions.js'

const kindOf = (fn: AnyFunction) => (fn.constructor.name === 'GeneratorFunction' ? 'each' : 'later')

/** As if another thread had it; its results are not checked. */
const remote = (fn: AnyFunction): AnyFunction =>
  resolveFn(structuredClone({ ...capture(fn, 'test', {}, kindOf(fn)), returns: 'later' }))

const limit = 10
const weights = new Map([['a', 2]])
const add = (a: number, b: number): number => a + b
const scale = withEnv({ add }, (x: number): number => add(x, x))

const FUNCTIONS: readonly [name: string, fn: AnyFunction][] = [
  ['arrow', (x: string, n: number) => `${x}:${n}`],
  ['function', (x: string, n: number) => [n, x]],
  [
    'recursion',
    function f(x: string, n: number): string {
      return Math.abs(n) < 1 ? x : f(x, Math.trunc(n / 2))
    },
  ],
  [
    'method',
    {
      m(x: string, n: number) {
        return { x, n }
      },
    }.m,
  ],
  [
    'computed method',
    {
      [Symbol.iterator](x: string) {
        return [x, [...x].reverse().join('')]
      },
    }[Symbol.iterator] as AnyFunction,
  ],
  [
    'generator',
    function* (x: string, n: number) {
      yield x
      yield* [n]
    },
  ],
  ['rest and defaults', (x: string, ...[n = 3, more = n + 1]: number[]) => [x, n, more]],
  [
    'inner class',
    (x: string, n: number) => {
      class Pair {
        a = x
        #b = n
        sum() {
          return this.a + this.#b
        }
      }
      return new Pair().sum()
    },
  ],
  [
    'inner named function',
    (x: string) => {
      const inner = (y: string): string => y + y
      return [inner(x), inner.name]
    },
  ],
  ['environment', withEnv({ limit }, (x: string, n: number) => (n > limit ? x : limit))],
  ['environment of a Map', withEnv({ weights }, (x: string) => weights.get(x) ?? weights.size)],
  ['environment of functions', withEnv({ scale }, (x: string, n: number) => x.length + scale(n))],
  ['library', split('a')],
  ['library with a function', keyBy((x: string) => x.length)],
  ['global', String],
  ['imported', withEnv({ countLong }, (x: string, n: number) => countLong(x, n))],
]

describe('capture, clone, resolve', () => {
  test.each(FUNCTIONS)('%s', (name, fn) => {
    const other = remote(fn)
    // Only a global is the same object in both.
    expect(other === fn).toBe(name === 'global')
    const value = (result: unknown): unknown =>
      typeof result === 'object' && result !== null && 'next' in result ? [...(result as Iterable<unknown>)] : result
    fc.assert(
      fc.property(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), (x, n) => {
        expect(value(other(x, n))).toEqual(value(fn(x, n)))
      }),
      { numRuns: 200 },
    )
  })

  test('a default that sees no variable of the body compiles as it was', () => {
    expect(remote(new Function('return (a = 1) => { var b = 2; return a + b }')() as AnyFunction)()).toBe(3)
  })

  test('async functions', async () => {
    expect(await remote(async (x: number) => x * 2)(4)).toBe(8)
  })

  test('text runs in strict mode and is found in stack traces', () => {
    expect(
      remote(() =>
        (function (this: unknown) {
          return this
        })(),
      )(),
    ).toBeUndefined()
    const fault = remote(() => {
      throw new Error('x')
    })
    expect(fault).toThrowError(
      expect.objectContaining({ stack: expect.stringMatching(/millrace-fn-[0-9a-f]{12}\.js:\d+/) }),
    )
  })

  test('a function made of text can be captured again with its values', () => {
    const once = remote(withEnv({ limit, scale }, (n: number) => scale(n) + limit))
    expect(remote(once)(1)).toBe(12)
    expect(capture(once, 'map')).toEqual(capture(remote(once), 'map'))
  })

  test('a broadcast variable is read when it is used', () => {
    const names = { [BROADCAST_ID]: 4, value: new Map<string, string>() }
    const ref = structuredClone(
      capture(
        withEnv({ names }, (x: string) => names.value.get(x)),
        'map',
      ),
    )
    const values = new Map([[4, new Map([['a', 'b']])]])
    const fn = resolveFn(ref, { broadcast: (id) => values.get(id) })
    expect(fn('a')).toBe('b')
    values.set(4, new Map([['a', 'c']]))
    expect(fn('a')).toBe('c')
    expect(() => resolveFn(ref)('a')).toThrowError(expect.objectContaining({ code: 'ERR_MILLRACE_STATE' }))
    // It is still a broadcast variable, not a copy of one.
    expect(capture(fn, 'map')).toEqual(ref)
  })
})

describe('references to a pipeline module', () => {
  const twice = (x: number): number => x * limit
  test('table and exports', () => {
    const table = new FunctionTable()
    const ref = table.record(withEnv({ limit }, twice), 'map')
    expect(unguarded(resolveFn(ref, { table }))).toBe(twice)
    expect(unguarded(resolveFn({ k: 'export', name: 'twice' }, { exports: { twice } }))).toBe(twice)
  })

  test.each([
    ['no table', { k: 'table', i: 2 }, {}, 'ERR_MILLRACE_PIPELINE', 'Function 2'],
    ['a shorter table', { k: 'table', i: 2 }, { table: new FunctionTable() }, 'ERR_MILLRACE_FINGERPRINT', 'recorded 0'],
    ['no module', { k: 'export', name: 'f' }, {}, 'ERR_MILLRACE_PIPELINE', 'no pipeline module'],
    ['no such export', { k: 'export', name: 'f' }, { exports: { g: twice } }, 'ERR_MILLRACE_PIPELINE', 'exports g'],
    [
      'an inherited export',
      { k: 'export', name: 'toString' },
      { exports: { g: twice } },
      'ERR_MILLRACE_PIPELINE',
      'toString',
    ],
    ['an export that is no function', { k: 'export', name: 'f' }, { exports: { f: 1 } }, 'ERR_MILLRACE_PIPELINE', 'f'],
    ['no such builtin', { k: 'builtin', name: 'nix' }, {}, 'ERR_MILLRACE_ARGUMENT', 'nix'],
    ['no such global', { k: 'global', path: 'Math.nix.nax' }, {}, 'ERR_MILLRACE_CAPTURE', 'Math.nix.nax'],
    ['bad text', { k: 'source', text: '(x => ' }, {}, 'ERR_MILLRACE_CAPTURE', 'does not compile'],
    ['no function', { k: 'source', text: '5' }, {}, 'ERR_MILLRACE_CAPTURE', '5'],
  ] as [string, FnRef, object, string, string][])('%s', (_, ref, env, code, words) => {
    expect(() => resolveFn(ref, env)).toThrowError(
      expect.objectContaining({ code, message: expect.stringContaining(words) }),
    )
  })
})

describe('FunctionResolver', () => {
  test('equal references give one function', () => {
    const resolver = new FunctionResolver()
    const ref = capture(
      withEnv({ limit }, (x: number) => x > limit),
      'filter',
    )
    expect(resolver.resolve(structuredClone(ref))).toBe(resolver.resolve(structuredClone(ref)))
    expect(resolver.resolve({ k: 'builtin', name: 'sum' })).toBe(sum)
  })

  test('references that JSON would confuse stay apart', () => {
    const given = (value: unknown): FnRef => ({ k: 'source', text: '() => v', env: { v: { value } } })
    const values = [
      null,
      Number.NaN,
      undefined,
      0,
      -0,
      {},
      new Map(),
      new Map([[1, 2]]),
      new Set(),
      new Date(0),
      '1970-01-01T00:00:00.000Z',
      1n,
      [undefined],
      [null],
      new Uint8Array(1),
      { 0: 0 },
      Number.POSITIVE_INFINITY,
    ]
    const resolver = new FunctionResolver()
    const got = values.map((value) => resolver.resolve(given(value))())
    expect(got.map((value, i) => Object.is(value, values[i]))).toEqual(values.map(() => true))
    expect(new Set(values.map((value) => resolver.resolve(given(value)))).size).toBe(values.length)
  })

  test('keeps at most `limit` functions', () => {
    const resolver = new FunctionResolver({}, 2)
    const ref = (n: number): FnRef => ({ k: 'source', text: `() => ${n}` })
    const first = resolver.resolve(ref(1))
    resolver.resolve(ref(2))
    expect(resolver.resolve(ref(1))).toBe(first)
    resolver.resolve(ref(3))
    expect(resolver.resolve(ref(1))).not.toBe(first)
    expect(resolver.resolve(ref(1))()).toBe(1)
  })
})

describe('loaders', () => {
  /** The source of the fixture's functions when another process loads them with tsx. */
  const underTsx = JSON.parse(
    execFileSync(
      process.execPath,
      ['--import', 'tsx', fileURLToPath(new URL('fixtures/named-by-loader.ts', import.meta.url))],
      {
        encoding: 'utf8',
      },
    ),
  ) as { ref: FnRef; text: string; fingerprint: string[]; imported: string }

  test("tsx's text needs its naming helper, and gets it", () => {
    expect(underTsx.text).toContain('__name(')
    expect(resolveFn(underTsx.ref)('a abcdefghijkl')).toEqual({
      kind: 'result',
      names: ['isLong', 'count', 'Result'],
      count: 1,
    })
  })

  test('dynamic import works in a function made of text', () => {
    expect(underTsx.imported).toBe('b')
  })

  test('the fingerprint does not depend on the loader', () => {
    const table = new FunctionTable()
    table.record(countLong, 'map')
    expect(String(countLong)).not.toBe(underTsx.text)
    expect(table.fingerprint()).toEqual(underTsx.fingerprint)
  })

  test('lowered `using` declarations dispose in order, last first, and keep the first error', () => {
    const text = `(log, fail) => { var _stack = []; try { const a = __using(_stack, { [Symbol.dispose]() { log.push('a') } });
      const b = __using(_stack, { [Symbol.dispose]() { log.push('b'); if (fail) throw new Error('b') } });
      const c = __using(_stack, null); log.push('body'); if (fail) throw new Error('body'); return log
      } catch (_) { var _error = _, _hasError = true } finally { __callDispose(_stack, _error, _hasError) } }`
    const fn = resolveFn(capture(new Function(`return ${text}`)() as AnyFunction, 'map'))
    expect(fn([], false)).toEqual(['body', 'b', 'a'])
    const log: string[] = []
    expect(() => fn(log, true)).toThrowError(
      expect.objectContaining({ name: 'SuppressedError', error: new Error('b'), suppressed: new Error('body') }),
    )
    expect(log).toEqual(['body', 'b', 'a'])
  })
})

test('max is the maximum in either order', () => {
  expect([max(1, 2), max(2, 1), max('b', 'a')]).toEqual([2, 2, 'b'])
})
