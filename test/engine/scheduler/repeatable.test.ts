import { describe, expect, test } from 'vitest'
import { CopyPolicy } from '#build/engine/scheduler/copies/repeatable.js'
import '#build/index.js'
import { impurityOf, mutationOf } from '#build/ops/functions/meaning/purity.js'

const never = () => {
  throw new Error('Nothing to look up.')
}
const source = (text: string, env = {}, more = {}) => ({ k: 'source', text, env, ...more })
const program = (fn: object, op = 'map', sink: object = { op: 'count' }) =>
  ({ plan: { op: 'chain', of: { op: 'input', input: 0 }, steps: [{ op, fn, label: op }] }, sink }) as never
const allows = (of: never, copyable: 'proven' | 'all' = 'proven', resolve: (ref: never) => never = never) =>
  new CopyPolicy(copyable, resolve as never).allows(1, of)

describe('a function whose text proves that it stays inside', () => {
  test.each([
    '(a, b) => a + b',
    '({ id, price = 0 }) => ({ id, price: Math.round(price * 100) / 100 })',
    '(line) => line.split(" ").map((word) => [word.toLowerCase(), 1])',
    '(x) => { const seen = new Map(); for (const y of x) seen.set(y, (seen.get(y) ?? 0) + 1); return [...seen] }',
    '(counts, x) => { counts[x] = (counts[x] ?? 0) + 1; counts.all.push(x); return counts }',
    'function* (line) { for (const part of line.match(/a+/g) ?? []) yield part }',
    '(x) => { const half = (n) => (n < 2 ? n : half(n / 2)); return half(x) }',
    '(x) => JSON.parse(x).name?.trim()',
    '(x) => { try { return Number(x) } catch { return undefined } }',
    '(x) => { if (x > 3) throw new RangeError(`no ${x}`); return x }',
    '(row) => row.filter(Boolean).map(Number).sort((a, b) => a - b)',
    '(s) => s.replace(/a/g, "b").replace(/c/g, (c) => c.toUpperCase())',
    '(x) => [x, new Date(x).getUTCDay(), Date.now(), Math.random(), Math.PI]',
    '(x) => ({ ...x, list: [...x.list, undefined], [x.key]: typeof x })',
    '(x) => { let a = 0; [a] = x; a++; return String.raw`${a}` }',
    '(x) => Array.from({ length: x }, (_, i) => i * 2)',
    '(x) => Object.entries(x).reduce((sum, [, n]) => sum + n, 0)',
  ])('%s', (text) => {
    expect(impurityOf(text, { globals: true, meanings: new Map() })).toBe(undefined)
    expect(allows(program(source(text)))).toBe(true)
  })

  test('a chain of calls of any length is proven or refused, and never overflows the stack', () => {
    for (let calls = 100; calls < 20_000; calls = Math.ceil(calls * 1.1)) {
      const text = `(x) => [x]${'.map((y) => y)'.repeat(calls)}`
      expect([undefined, expect.any(String)]).toContainEqual(impurityOf(text, { globals: true, meanings: new Map() }))
    }
  })

  test('values of withEnv are read, proven functions called, and accumulators added to', () => {
    const env = {
      limit: { value: 3 },
      prices: { value: { a: 1 } },
      half: { fn: source('(x) => x / 2') },
      seen: { accumulator: 1, gathering: 'list' },
      names: { broadcast: 4 },
    }
    const text =
      '(x) => { seen.add(x); return x > limit ? half(x) : [prices[x], prices.a, names.value.get(x), ...names.value] }'
    expect(allows(program(source(text, env)))).toBe(true)
  })

  test('functions of the library and of the language', () => {
    expect(allows(program({ k: 'global', path: 'Math.floor' }))).toBe(true)
    expect(allows(program({ k: 'builtin', name: 'split', args: [{ value: 'console' }] }))).toBe(true)
    expect(allows(program({ k: 'builtin', name: 'keyBy', args: [{ fn: source('(x) => x.id') }] }))).toBe(true)
  })

  test('a function of a pipeline module that uses nothing of its module', () => {
    expect(allows(program({ k: 'table', i: 0 }), 'proven', (() => (x: number) => x + 1) as never)).toBe(true)
  })
})

describe('a function that is not proven', () => {
  test.each([
    ['printing', '(x) => { console.log(x); return x }'],
    ['a standard stream', '(x) => process.stdout.write(x)'],
    ['a request', '(x) => fetch(x)'],
    ['an import', '(x) => import("node:fs")'],
    ['a timer', '(x) => setTimeout(() => x)'],
    ['an async function', 'async (x) => x'],
    ['an async function inside', '(x) => { const f = async () => { await x }; return f }'],
    ['this', 'function (x) { return this.send(x) }'],
    ['a class', '(x) => new (class { constructor() { fetch(x) } })()'],
    ['a name of the surroundings', '(x) => helper(x)'],
    ['a name of the surroundings as a value', '(x) => [x, helper]'],
    ['a change of a name of the surroundings', '(x) => { count++; return x }'],
    ['a change of a global', '(x) => { Math.max = x; return x }'],
    ['a change of what globalThis holds', '(x) => { globalThis.seen = x; return x }'],
    ['a parameter as a function', '(x, f) => f(x)'],
    ['a parameter of an inner function as a function', '(x) => { const run = (f) => f(x); return run(x.f) }'],
    ['a method that is not known', '(x) => x.send()'],
    ['a computed method', '(x, k) => x[k]()'],
    ['a computed method by a text in parts', '(x) => x["con" + "structor"]("return 1")'],
    ['the Function constructor', '(x) => x.constructor.constructor("return process")().exit()'],
    ['the Function constructor by a literal', '(x) => x["constructor"]'],
    ['the Function constructor by a pattern', '({ constructor: { constructor: f } }) => [1].map(f)'],
    ['the Function constructor as a callback', '(x, k) => ["1"].map(x[k][k])'],
    ['new Function', '(x) => new Function(x)'],
    ['eval', '(x) => eval(x)'],
    ['eval by its alias', '(x) => (0, eval)(x)'],
    ['call and apply', '(x) => x.slice.call(x)'],
    ['a tagged template', '(x, tag) => tag`${x}`'],
    ['a tagged template of a method', '(x) => x.run`a`'],
    ['a getter that prints', '(x) => ({ get a() { console.log(x) } }).a'],
    ['a setter that prints', '(x) => { const o = { set a(v) { console.log(v) } }; o.a = x }'],
    ['a conversion that prints', '(x) => `${{ toString() { console.log(x) } }}`'],
    ['a generator that prints', 'function* (x) { yield console.log(x) }'],
    ['a default that prints', '(x, y = console.log(x)) => x'],
    ['a computed key that prints', '(x) => ({ [console.log(x)]: 1 })'],
    ['an optional call', '(x) => x?.send?.()'],
    ['new with an unknown class', '(x, C) => new C(x)'],
    ['a Proxy', '(x) => new Proxy(x, { get: console.log })'],
    ['Reflect', '(x) => Reflect.apply(x.f, x, [])'],
    ['instanceof with a hook', '(x, C) => x instanceof C'],
    ['a prototype', '(x) => { Array.prototype.map = x; return x }'],
    ['a prototype by a computed key', '(x, k) => { x[k].map = x; return x }'],
    ['a prototype by a variable', '(x, k) => { const p = x[k]; p.map = x; return x }'],
    ['a prototype by __proto__', '(x) => { x.__proto__.map = 1; return x }'],
    ['a prototype in a literal', '(x) => ({ __proto__: x })'],
    ['a prototype by a pattern', '(x, k) => { for (x[k].map of x); return x }'],
    ['a prototype by a default', '(x, p = x["__pro" + "to__"]) => { p.map = 1; return x }'],
    ['defineProperty', '(x) => Object.defineProperty(x, "a", { get: console.log })'],
    ['a function that is replaced', '(x, f) => { let g = (y) => y; g = f; return g(x) }'],
    ['a sort by what it is given', '(x, f) => x.sort(f)'],
    ['a spread callback', '(x, f) => x.map(...f)'],
    ['a replacement that is a function', '(x, f) => x.replace("a", f)'],
    ['a debugger', '(x) => { debugger; return x }'],
    ['import.meta', '(x) => import.meta.url'],
    ['text that is no function', 'class A {}'],
    ['native code', 'function () { [native code] }'],
    ['text that does not parse', '(x) => {'],
  ])('%s', (_, text) => {
    expect(impurityOf(text, { globals: true, meanings: new Map() })).toEqual(expect.any(String))
    expect(allows(program(source(text)))).toBe(false)
    // Declared, or all: the user answers for it.
    expect(allows(program(source(text, {}, { pure: true })))).toBe(true)
    expect(allows(program(source(text)), 'all')).toBe(true)
  })

  test.each([
    ['calls a function that prints', '(x) => f(x)', { f: { fn: source('(x) => console.log(x)') } }],
    ['hides a global', '(x) => Math.max(x)', { Math: { fn: source('(x) => fetch(x)') } }],
    ['changes data of withEnv', '(x) => { seen.push(x); return x }', { seen: { value: [] } }],
    ['changes data of withEnv by an assignment', '(x) => { seen.all = x; return x }', { seen: { value: {} } }],
    ['changes data of withEnv by a variable', '(x) => { const s = seen.all; s.push(x) }', { seen: { value: {} } }],
    ['calls a method of data that is not known', '(x) => seen.send(x)', { seen: { value: {} } }],
    ['reads the value of an accumulator', '(x) => sum.value', { sum: { accumulator: 1, gathering: 'sum' } }],
  ])('%s', (_, text, env) => {
    expect(allows(program(source(text, env)))).toBe(false)
  })

  test('a function of the language that prints', () => {
    expect(allows(program({ k: 'global', path: 'console.log' }))).toBe(false)
  })

  test('a function of a pipeline module that uses names, which may be variables of the module', () => {
    const fns = [(x: number) => Math.max(x), (x: number) => Number(x), (x: number) => [x, never]]
    for (const fn of fns) expect(allows(program({ k: 'table', i: 0 }), 'proven', (() => fn) as never)).toBe(false)
  })

  test('a function that lies about its text', () => {
    const fn = Object.assign((x: number) => console.log(x), { toString: () => '(x) => x' })
    expect(allows(program({ k: 'table', i: 0 }), 'proven', (() => fn) as never)).toBe(false)
    expect(allows(program({ k: 'table', i: 0 }), 'proven', (() => new Proxy((x: number) => x, {})) as never)).toBe(
      false,
    )
  })
})

test('functions of the library that reach the outside are not copied, whatever the option says', () => {
  for (const name of ['pipeThrough', 'saveFormat', 'readObjects', 'unknown'])
    for (const copyable of ['proven', 'all'] as const)
      expect(allows(program({ k: 'builtin', name, args: [] }, 'mapPartitions'), copyable)).toBe(false)
})

test('nothing that awaits, or that hands records to a function as its output', () => {
  const pure = source('(x) => x')
  for (const copyable of ['proven', 'all'] as const) {
    expect(allows(program(pure, 'mapAsync'), copyable)).toBe(false)
    expect(allows(program(pure, 'map', { op: 'apply', fn: pure }), copyable)).toBe(false)
    expect(allows(program(pure, 'map', { op: 'foreach', fn: pure }), copyable)).toBe(false)
  }
})

describe('built-in objects that were changed', () => {
  const proven = program(source('(x) => x.map((y) => y + 1)'))
  const { map } = Array.prototype
  const changes: [string, () => void, () => void][] = [
    [
      'a method',
      () => {
        Array.prototype.map = function (this: unknown[], ...args: Parameters<typeof map>) {
          return map.apply(this, args)
        } as typeof map
      },
      () => {
        Array.prototype.map = map
      },
    ],
    [
      'a bound method',
      () => {
        Array.prototype.map = map.bind([]) as typeof map
      },
      () => {
        Array.prototype.map = map
      },
    ],
    [
      'an accessor that every object inherits',
      () => Object.defineProperty(Object.prototype, 'extra', { get: () => 1, configurable: true }),
      () => delete (Object.prototype as { extra?: unknown }).extra,
    ],
    [
      'how an array is iterated',
      () => {
        const iterator = Object.getPrototypeOf([][Symbol.iterator]()) as { next: unknown; before?: unknown }
        const before = iterator.next as () => unknown
        iterator.before = before
        iterator.next = function (this: unknown) {
          return before.call(this)
        }
      },
      () => {
        const iterator = Object.getPrototypeOf([][Symbol.iterator]()) as { next: unknown; before?: unknown }
        iterator.next = iterator.before
        delete iterator.before
      },
    ],
  ]
  test.each(changes)('%s', (_, change, undo) => {
    const policy = new CopyPolicy('proven', never as never)
    expect(policy.allows(1, proven)).toBe(true)
    change()
    const changed = policy.allows(1, proven)
    undo()
    expect(changed).toBe(false)
    expect(policy.allows(1, proven)).toBe(true)
  })
})

describe('a function whose text proves that it changes no part of its arguments', () => {
  const mutation = (text: string) => mutationOf(text, { globals: true, meanings: new Map() })

  test.each([
    '([, auction]) => auction.closed && auction.price > 0',
    '([key, { sum, count }]) => [key, Math.floor(sum / count)]',
    '([key, prices]) => [key, prices.reduce((a, b) => a + b, 0) / prices.length]',
    '(x) => { const copy = [...x]; copy.sort((a, b) => a - b); copy.push(1); return copy }',
    '(x) => { const seen = new Map(); for (const y of x) seen.set(y, 1); return seen.size }',
    '(x) => ({ ...x, n: x.n + 1 })',
    '(x) => { const { n } = x; let m = n; m += 1; return x.text.split(" ").map(Number)[m] }',
  ])('%s', (text) => expect(mutation(text)).toBe(undefined))

  test.each([
    '(x) => { x.n++; return x }',
    '(x) => { delete x.n }',
    '(x) => { [x.n] = [1] }',
    '(x) => x.sort()',
    '(x) => x.list.push(1)',
    '({ list }) => { list.n = 1 }',
    '(x) => { let y = x; y.n = 1 }',
    '(x) => { const [y] = x; y.n = 1 }',
    '(x) => { const y = [x]; y[0].n = 1 }',
    '(x) => { const o = { a: x }; o.a.n = 1 }',
    '(x) => { const o = { a: x }; const { a } = o; a.n = 1 }',
    '(x) => { for (const y of x) y.n = 1 }',
    '(x) => { for (x.n of [1, 2]) ; }',
    '(x) => x.map((y) => { y.n = 1; return y })',
    '(x) => { const f = (y) => { y.n = 1 }; f(x) }',
    '(x) => Object.assign(x, { n: 1 })',
    '(x) => { const view = new Uint8Array(x.buffer); view.fill(0) }',
    '(x) => x.re.test("a")',
    '(x) => "a".replace(x.re, "b")',
    '(x) => { (x.n ??= []).push(1) }',
    '(x) => helper(x)',
    'function (x) { this.x = x }',
    '(x, y = x) => { y.n = 1 }',
    '(x) => { const y = x.flat(); y[0].n = 1 }',
    '(x) => { x.date.setTime(0) }',
  ])('not %s', (text) => expect(mutation(text)).toEqual(expect.any(String)))
})
