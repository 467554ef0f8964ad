import { basename, join } from 'node:path'
import { Context, field, hashtags, jsonField, split as splitLines, words } from 'millrace'
import { describe, expect, test } from 'vitest'
import { builtin, defineBuiltin } from '#build/ops/functions/builtin.js'
import { capture } from '#build/ops/functions/capture.js'
import { identity, keyBy, split } from '#build/ops/functions/common.js'
import { BROADCAST_ID, withEnv } from '#build/ops/functions/env.js'
import type { AnyFunction } from '#build/ops/functions/ref.js'
import { FunctionTable } from '#build/ops/functions/table.js'

function faultOf(action: () => unknown): { code: string; message: string } {
  try {
    action()
  } catch (error) {
    return error as { code: string; message: string }
  }
  throw new Error('nothing was thrown')
}

describe('what capture decides', () => {
  const limit = 3
  const plain = (x: number): number => x ** 2
  const closure = (x: number): boolean => x > limit

  test.each([
    [Math.floor, 'Math.floor'],
    [Number, 'Number'],
    [String, 'String'],
    [Boolean, 'Boolean'],
    [JSON.parse, 'JSON.parse'],
    [Object.entries, 'Object.entries'],
    [parseInt, 'parseInt'],
    [Number.isInteger, 'Number.isInteger'],
    [Array.from, 'Array.from'],
    [Date.now, 'Date.now'],
    [Buffer.byteLength, 'Buffer.byteLength'],
    [atob, 'atob'],
    [structuredClone, 'structuredClone'],
  ] as [AnyFunction, string][])('the global $1', (fn, path) => {
    expect(capture(fn, 'map')).toMatchObject({ k: 'global', path })
  })

  test('text', () => {
    expect(capture(plain, 'map')).toEqual({ k: 'source', text: String(plain), keeps: true })
    expect(capture(plain, 'map')).toBe(capture(plain, 'filter'))
  })

  test('library functions, with functions among their arguments', () => {
    expect(capture(split(' '), 'map')).toEqual({ k: 'builtin', name: 'split', args: [{ value: ' ' }] })
    expect(capture(identity, 'map')).toEqual({ k: 'builtin', name: 'identity' })
    expect(capture(keyBy(plain), 'map')).toEqual({
      k: 'builtin',
      name: 'keyBy',
      args: [{ fn: { k: 'source', text: String(plain), keeps: true } }],
    })
    expect(faultOf(() => capture(keyBy(closure), 'keyBy')).message).toContain('keyBy: the function uses `limit`')
  })

  test('the table goes before exports, exports before text', () => {
    const table = new FunctionTable()
    table.record(plain, 'map')
    expect(capture(plain, 'map', { table, exports: new Map([[plain, 'plain']]) })).toEqual({
      k: 'table',
      i: 0,
      keeps: true,
    })
    expect(capture(closure, 'map', { table, exports: new Map([[closure, 'closure']]) })).toMatchObject({
      k: 'export',
      name: 'closure',
      means: { is: '>' },
    })
    expect(capture(keyBy(closure), 'map', { exports: new Map([[closure, 'closure']]) })).toMatchObject({
      k: 'builtin',
      name: 'keyBy',
      args: [{ fn: { k: 'export', name: 'closure' } }],
    })
    expect(capture(withEnv({ limit }, closure), 'map', { exports: new Map([[closure, 'closure']]) })).toMatchObject({
      k: 'export',
      name: 'closure',
    })
    // A function that was captured by text is later still found by number.
    expect(capture(plain, 'map')).toMatchObject({ k: 'source' })
    expect(capture(plain, 'map', { table })).toEqual({ k: 'table', i: 0, keeps: true })
  })

  test('only the values that are used travel', () => {
    const ref = capture(withEnv({ limit, other: 1 }, closure), 'filter')
    expect({ ...ref, means: undefined, keeps: undefined }).toEqual({
      k: 'source',
      text: String(closure),
      env: { limit: { value: 3 } },
    })
  })

  test('functions and broadcast variables as values', () => {
    const table = { [BROADCAST_ID]: 7, value: new Map([['a', 1]]) }
    const look = (key: string): number | undefined => table.value.get(key)
    expect(capture(withEnv({ table }, look), 'map')).toMatchObject({ env: { table: { broadcast: 7 } } })
    const outer = (x: number): boolean => closure(plain(x))
    const ref = capture(withEnv({ plain, closure: withEnv({ limit }, closure) }, outer), 'filter')
    expect(ref).toMatchObject({
      env: { plain: { fn: { k: 'source' } }, closure: { fn: { k: 'source', env: { limit: { value: 3 } } } } },
    })
    const fault = faultOf(() => capture(withEnv({ plain, closure }, outer), 'filter'))
    expect(fault.message).toContain('filter (closure passed through withEnv): the function uses `limit`')
  })

  test('an inner function is named by what is known at each call', () => {
    const outer = withEnv({ plain }, (x: number): number => plain(x))
    expect(capture(outer, 'map')).toMatchObject({ env: { plain: { fn: { k: 'source' } } } })
    expect(capture(outer, 'map', { exports: new Map([[plain, 'plain']]) })).toMatchObject({
      env: { plain: { fn: { k: 'export', name: 'plain' } } },
    })
  })

  test('imports keep their written names under a loader that renames them', () => {
    const fn = (path: string): string => basename(join('a', path))
    expect(faultOf(() => capture(fn, 'map')).message).toContain('withEnv({ basename, join }, fn)')
  })
})

describe('what capture refuses', () => {
  test.each([words, hashtags, splitLines, field, jsonField])(
    '%o that is not called: the error says to call it',
    (factory) => {
      const ctx = new Context({ threads: 1 })
      expect(() => ctx.parallelize(['a b']).map(factory as never)).toThrow(
        `map got ${factory.name}, which returns the function to use. Call it: ${factory.name}(...).`,
      )
    },
  )

  const a = 1
  let b = 2
  class Counter {
    count = 0
    add(x: number): number {
      this.count += x
      return this.count
    }
    get double(): number {
      return 2 * this.count
    }
  }
  const getter = Object.getOwnPropertyDescriptor(Counter.prototype, 'double')?.get as AnyFunction

  test.each([
    [
      'variables',
      (x: number) => x + a + b,
      ['reduceByKey', '`a`, `b`', 'withEnv({ a, b }, fn)', 'broadcast', 'pipeline module', 'export'],
    ],
    ['assignment', () => (b = 4), ['`b`']],
    ['this', new Counter().add, ['reduceByKey', '`this`', 'only where it was written']],
    ['class', Counter, ['reduceByKey', 'is a class', 'wrap']],
    ['getter', getter, ['reduceByKey', 'is a getter']],
    ['bound', ((x: number) => x).bind(null), ['reduceByKey', 'bound function', 'pipeline module']],
    ['native method', new Map().get, ['reduceByKey', 'native code']],
    ['import.meta', () => import.meta.url, ['`import.meta`']],
    ['relative import', () => import('./fixtures/pipeline-functions.js'), ['relative']],
    ['a name of Object.prototype', (x: unknown) => [x, toString], ['`toString`']],
  ] as [string, AnyFunction, string[]][])('%s', (_, fn, words) => {
    const fault = faultOf(() => capture(fn, 'reduceByKey'))
    expect(fault.code).toBe('ERR_MILLRACE_CAPTURE')
    for (const word of words) expect(fault.message).toContain(word)
  })

  test.each([[5], [undefined], ['x => x'], [{}]])('%s is no function', (value) => {
    const fault = faultOf(() => capture(value as never, 'flatMap'))
    expect(fault.code).toBe('ERR_MILLRACE_ARGUMENT')
    expect(fault.message).toMatch(/^flatMap needs a function, got /)
  })

  test('what the program itself put on globalThis later', () => {
    const holder = globalThis as unknown as Record<string, unknown>
    holder.lateGlobal = 1
    try {
      const fn = new Function('return (x) => x + lateGlobal')() as AnyFunction
      expect(faultOf(() => capture(fn, 'map')).message).toContain('`lateGlobal`')
    } finally {
      delete holder.lateGlobal
    }
  })
})

describe('withEnv', () => {
  test('behaves as the function', async () => {
    const k = 2
    const fn = withEnv({ k }, function scale(this: { by: number } | undefined, x: number, y: number): number {
      return (x + y) * k * (this?.by ?? 1)
    })
    expect(fn.call(undefined, 1, 2)).toBe(6)
    expect(fn.call({ by: 10 }, 1, 2)).toBe(60)
    expect([fn.name, fn.length]).toEqual(['scale', 2])
    expect(await withEnv({}, async (x: number) => x)(3)).toBe(3)
  })

  test('the values are those at the call', () => {
    const list = [1, 2]
    const fn = withEnv({ list }, (x: number) => list.includes(x))
    list.push(3)
    expect(capture(fn, 'filter')).toMatchObject({ env: { list: { value: [1, 2] } } })
  })

  test('called twice, both environments count, the later one more', () => {
    const [p, q] = [1, 2]
    const fn = withEnv(
      { q: 5 },
      withEnv({ p, q }, (x: number) => x + p + q),
    )
    expect(capture(fn, 'map')).toMatchObject({ env: { p: { value: 1 }, q: { value: 5 } } })
  })

  test.each(['a b', '1a', '', 'class', 'a){}(', 'this', 'await', 'arguments'])('the name %j is refused', (name) => {
    expect(faultOf(() => withEnv({ [name]: 1 }, (x: number) => x))).toMatchObject({
      code: 'ERR_MILLRACE_ARGUMENT',
      message: expect.stringContaining(JSON.stringify(name)),
    })
  })

  class Money {
    cents = 1
  }
  test.each([
    ['class instance', { a: [new Money()] }, 'value.a[0] is an instance of class Money'],
    ['nested function', { a: { f: () => 1 } }, 'value.a.f is a function'],
    ['symbol', [Symbol('s')], 'value[0] is a symbol'],
    ['Buffer', Buffer.from('a'), 'value is a Buffer. Use Uint8Array.from(value)'],
    ['in a Map', new Map([['k', new Money()]]), 'value.get("k") is an instance of class Money'],
    ['bare object', [Object.create(null)], 'value[0] is an object without a prototype'],
    ['error', new Map([[1, { e: new TypeError('x') }]]), 'value.get(1).e is a TypeError'],
    ['promise', Promise.resolve(1), 'value is a Promise'],
    ['subclass', new (class Names extends Set {})(), 'value is an instance of class Names'],
  ])('%s is refused with its path', (_, value, words) => {
    expect(faultOf(() => withEnv({ value }, (x: number) => x)).message).toContain(words)
  })

  test('plain data of all kinds is taken', () => {
    const value: Record<string, unknown> = {
      d: new Date(5),
      r: /a/g,
      m: new Map([[1, new Set([2])]]),
      t: new Float64Array(2),
      n: null,
      u: undefined,
      b: 1n,
      z: -0,
    }
    const fn = withEnv({ value }, () => value)
    const ref = capture(fn, 'map') as unknown as { env: { value: { value: typeof value } } }
    expect(ref.env.value.value).toEqual(value)
    expect(ref.env.value.value).not.toBe(value)
  })
})

describe('library functions', () => {
  test('a name is given once', () => {
    defineBuiltin('test:add', (n: number) => (x: number) => x + n)
    expect(builtin<(x: number) => number>('test:add', 2)(3)).toBe(5)
    expect(faultOf(() => defineBuiltin('test:add', () => () => 0)).message).toContain('test:add')
  })

  test('unknown names, arguments that cannot travel, factories that return no function or always the same', () => {
    expect(faultOf(() => builtin('test:nothing')).message).toContain('test:nothing')
    expect(faultOf(() => builtin('test:add', { f: () => 1 })).message).toContain('argument 1.f is a function')
    defineBuiltin('test:number', () => 5 as never)
    expect(faultOf(() => builtin('test:number')).message).toContain('5')
    const one = (x: number): number => x
    defineBuiltin('test:shared', (_: number) => one)
    builtin('test:shared', 1)
    expect(faultOf(() => builtin('test:shared', 2)).message).toContain('must return a new function')
  })
})
