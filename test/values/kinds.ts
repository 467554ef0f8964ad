import { inspect, isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'

/** What becomes of a value at every boundary: it comes back equal, or a DataError says this of it. */
export interface Case {
  readonly kind: string
  readonly make: () => unknown
  /** Undefined: it comes back equal. Otherwise: what the error says, after the path to the value. */
  readonly refused?: string
}

/** Fails unless two values are the same to the last bit, prototypes and holes included. */
export function expectSame(actual: unknown, expected: unknown): void {
  // Two invalid dates are never equal there.
  if (/Invalid Date/.test(inspect(expected, { depth: 9 }))) expect(actual).toStrictEqual(expected)
  else expect(isDeepStrictEqual(actual, expected), inspect(actual)).toBe(true)
}

class Point {
  x = 1
}
class Money {
  #amount = 5
  toJSON() {
    return this.#amount
  }
}
class MyMap extends Map {}
class MyArray extends Array {}
class MyError extends Error {}

const equal = (kinds: Readonly<Record<string, () => unknown>>): Case[] =>
  Object.entries(kinds).map(([kind, make]) => ({ kind, make }))
const refused = (kinds: Readonly<Record<string, readonly [() => unknown, string]>>): Case[] =>
  Object.entries(kinds).map(([kind, [make, says]]) => ({ kind, make, refused: says }))

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let i = 0; i < depth; i++) value = { next: value }
  return value
}

function family(): unknown {
  const parent = { name: 'parent', children: [] as object[] }
  for (let i = 0; i < 3; i++) parent.children.push({ parent, name: `child ${i}`, nearest: parent })
  return parent
}

function transferred<T extends ArrayBufferView>(view: T): T {
  structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] })
  return view
}

function sparse(): unknown[] {
  const values: unknown[] = []
  values[4_000_000_000] = 'far'
  return values
}

export const CASES: readonly Case[] = [
  ...equal({
    undefined: () => undefined,
    null: () => null,
    true: () => true,
    false: () => false,
    zero: () => 0,
    'negative zero': () => -0,
    'a whole number': () => 42,
    'a negative number': () => -7,
    'a number of 33 bits': () => 2 ** 32 + 1,
    'the largest safe number': () => Number.MAX_SAFE_INTEGER,
    'the smallest number': () => Number.MIN_VALUE,
    'the largest number': () => Number.MAX_VALUE,
    'a fraction': () => 0.1,
    NaN: () => Number.NaN,
    Infinity: () => Infinity,
    '-Infinity': () => -Infinity,
    'a small bigint': () => 5n,
    'bigint zero': () => 0n,
    'a negative bigint': () => -5n,
    'the largest bigint of 64 bits': () => 2n ** 63n - 1n,
    'the smallest bigint of 64 bits': () => -(2n ** 63n),
    'a bigint of 65 bits': () => 2n ** 64n,
    'a huge bigint': () => 7n ** 500n,
    'a huge negative bigint': () => -(7n ** 500n),
    'an empty string': () => '',
    'a string': () => 'text',
    'a string with NUL': () => 'a\0b',
    'a latin string': () => 'grün',
    'a wide string': () => '漢字 👍',
    'a lone surrogate': () => '\ud800',
    'a lone low surrogate': () => 'a\udc00b',
    'a string with newlines': () => 'a\r\nb\n',
    'a long string': () => 'long '.repeat(20_000),
    'an array': () => [1, 'a', null],
    'an empty array': () => [],
    'an array of arrays': () => [[1], [[2]], []],
    'an array with undefined': () => [undefined, 1],
    // biome-ignore lint/suspicious/noSparseArray: that is the case.
    'an array with a hole': () => [, 1],
    // biome-ignore lint/suspicious/noSparseArray: that is the case.
    'an array with a hole at its end': () => [1, ,],
    'a pair with a hole': () => ['key'].concat(new Array(1)),
    'an array of holes': () => new Array(3),
    'a sparse array': sparse,
    'an array with -0': () => [-0, 1],
    'an array of 100 numbers': () => Array.from({ length: 100 }, (_, i) => i),
    'an object': () => ({ a: 1, b: 'x', c: null }),
    'an empty object': () => ({}),
    'an object with undefined': () => ({ a: undefined }),
    'an object with -0': () => ({ a: -0 }),
    'an object with NaN': () => ({ a: Number.NaN }),
    'an object with a lone surrogate': () => ({ a: '\ud800' }),
    'a lone surrogate as a name': () => ({ '\ud800': 1 }),
    'an empty name': () => ({ '': 1 }),
    'names that are numbers': () => ({ 1: 'a', 10: 'b', [-1]: 'c' }),
    '__proto__ as a name': () => JSON.parse('{"__proto__":1,"a":2}'),
    '__proto__ as a name, an object': () => JSON.parse('{"__proto__":{"x":1}}'),
    'constructor as a name': () => ({ constructor: 'x' }),
    'toString and others as names': () => ({ toString: 1, valueOf: 2, hasOwnProperty: 3, length: 4, then_: 5 }),
    'toJSON as a name': () => ({ toJSON: 1 }),
    'an object of many fields': () => Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`field${i}`, i])),
    'an object without a prototype': () => Object.assign(Object.create(null), { a: 1 }),
    'a getter': () => ({
      get a() {
        return 1
      },
    }),
    'a frozen object': () => Object.freeze({ a: 1 }),
    'a deep object': () => nested(300),
    'one object twice': () => {
      const shared = { a: 1 }
      return [shared, shared]
    },
    'a Date': () => new Date(1_700_000_000_123),
    'a Date before 1970': () => new Date(-5),
    'a far Date': () => new Date(8.64e15),
    'an invalid Date': () => new Date(Number.NaN),
    'a RegExp': () => /a.b\/[c]/giu,
    'a RegExp that has matched': () => {
      const regexp = /a/g
      regexp.test('aaa')
      return regexp
    },
    'a Map': () =>
      new Map<unknown, unknown>([
        ['a', 1],
        [{ k: 1 }, [2]],
      ]),
    'an empty Map': () => new Map(),
    'a Map with -0': () => new Map([['a', -0]]),
    'a Map of Maps': () => new Map([['a', new Map([['b', new Set([1])]])]]),
    'a Set': () => new Set([1, 'a', { b: 2 }]),
    'an empty Set': () => new Set(),
    'a Buffer': () => Buffer.from('bytes'),
    'an empty Buffer': () => Buffer.alloc(0),
    'a part of a Buffer': () => Buffer.from('some bytes').subarray(5),
    'an Int8Array': () => Int8Array.of(-1, 2),
    'a Uint8Array': () => Uint8Array.of(1, 2, 255),
    'a Uint8ClampedArray': () => Uint8ClampedArray.of(1, 2),
    'an Int16Array': () => Int16Array.of(-1, 2),
    'a Uint16Array': () => Uint16Array.of(1, 65535),
    'an Int32Array': () => Int32Array.of(-1, 2 ** 30),
    'a Uint32Array': () => Uint32Array.of(1, 2 ** 32 - 1),
    'a Float32Array': () => Float32Array.of(0.5, -0, Number.NaN),
    'a Float64Array': () => Float64Array.of(0.1, -0, Infinity),
    'a BigInt64Array': () => BigInt64Array.of(-5n),
    'a BigUint64Array': () => BigUint64Array.of(5n),
    'an ArrayBuffer': () => Uint8Array.of(1, 2, 3).buffer,
    'a DataView': () => new DataView(Uint8Array.of(1, 2, 3).buffer),
    'a view in the middle of memory': () => new Uint16Array(Uint16Array.of(1, 2, 3, 4).buffer, 2, 2),
    'an Error': () => new Error('broken'),
    'a TypeError': () => new TypeError('broken'),
    'an Error with a cause': () => new Error('broken', { cause: new RangeError('why') }),
    'an Error with a code': () => Object.assign(new Error('broken'), { code: 'ENOENT', errno: -2 }),
    'an AggregateError': () => new AggregateError([new Error('a')], 'all'),
    'a record of everything': () => ({ a: [new Map([[1, new Set([new Date(5)])]])], b: -0, c: Buffer.from('x') }),
  }),
  ...refused({
    'a function': [() => () => 1, 'is a function'],
    'a class': [() => Point, 'is a function'],
    'a symbol': [() => Symbol('x'), 'is a symbol'],
    'an object with a symbol': [() => ({ [Symbol('id')]: 1 }), 'has a property named by a symbol, Symbol(id)'],
    'a Promise': [() => Promise.resolve(1), 'is a Promise. Await it, or use mapAsync'],
    'a URL': [() => new URL('http://a/'), 'is a URL. Use its href'],
    'a URLSearchParams': [() => new URLSearchParams('a=1'), 'is a URLSearchParams'],
    'an instance of a class': [() => new Point(), 'is an instance of class Point. Use a plain object'],
    'an object with private fields': [() => new Money(), 'is an instance of class Money'],
    'an object with a prototype': [() => Object.create({ a: 1 }), 'is an object with a prototype of its own'],
    'a subclass of Map': [() => new MyMap(), 'is an instance of class MyMap'],
    'a subclass of Array': [() => MyArray.of(1, 2), 'is an instance of class MyArray'],
    'a subclass of Error': [() => new MyError('x'), 'is an instance of class MyError'],
    'a match of a regular expression': [() => 'abc'.match(/b/), "is an array with a property 'index'"],
    'a match with one group': [() => 'k=v'.match(/(k)/), "is an array with a property 'index'"],
    'an array with a property': [() => Object.assign([1, 2], { extra: 1 }), "is an array with a property 'extra'"],
    'a Map with a property': [() => Object.assign(new Map(), { extra: 1 }), "is a Map with a property 'extra'"],
    'a boxed string': [() => Object('x'), 'is a String. Use the value in it'],
    'a boxed number': [() => Object(1), 'is a Number'],
    'a boxed boolean': [() => Object(true), 'is a Boolean'],
    'a boxed bigint': [() => Object(1n), 'is a BigInt'],
    'a boxed symbol': [() => Object(Symbol('x')), 'is a Symbol'],
    'a WeakMap': [() => new WeakMap(), 'is a WeakMap'],
    'a WeakSet': [() => new WeakSet(), 'is a WeakSet'],
    'a WeakRef': [() => new WeakRef({}), 'is a WeakRef'],
    'a SharedArrayBuffer': [() => new SharedArrayBuffer(4), 'is a SharedArrayBuffer. Copy its bytes'],
    'a generator': [
      () =>
        (function* () {
          yield 1
        })(),
      'is an object with a prototype of its own. Use an array of the values that it yields',
    ],
    'an iterator of an array': [() => [1].values(), 'Use an array of the values that it yields'],
    'an AbortSignal': [() => new AbortController().signal, 'is an AbortSignal'],
    'a Blob': [() => new Blob(['x']), 'is a Blob'],
    Headers: [() => new Headers(), 'is a Headers'],
    Math: [() => Math, 'has a property named by a symbol'],
    'the global object': [() => globalThis, 'is'],
    'an object that leads to itself': [
      () => {
        const cycle: Record<string, unknown> = {}
        cycle.self = cycle
        return cycle
      },
      'leads back to itself',
    ],
    'an array in itself': [
      () => {
        const cycle: unknown[] = ['a']
        cycle.push(cycle)
        return cycle
      },
      'leads back to itself',
    ],
    'an object that leads to itself in two places': [
      () => {
        const cycle: Record<string, unknown> = {}
        return Object.assign(cycle, { left: cycle, right: cycle })
      },
      'leads back to itself',
    ],
    'a tree whose nodes know their parents': [() => family(), 'leads back to itself'],
    'a Uint8Array whose memory was transferred': [
      () => transferred(Uint8Array.of(1, 2)),
      'is a Uint8Array whose memory was transferred. Copy the bytes before you transfer them',
    ],
    'a Buffer whose memory was transferred': [() => transferred(Buffer.from(new ArrayBuffer(4))), 'is a Buffer whose'],
    'a DataView whose memory was transferred': [
      () => transferred(new DataView(new ArrayBuffer(4))),
      'is a DataView whose',
    ],
    'an ArrayBuffer that was transferred': [() => transferred(new Uint8Array(4)).buffer, 'is an ArrayBuffer whose'],
    'a resizable ArrayBuffer': [
      () => new (ArrayBuffer as unknown as new (n: number, o: object) => ArrayBuffer)(4, { maxByteLength: 8 }),
      'is a resizable ArrayBuffer. Use value.slice()',
    ],
    'a Buffer with a property': [
      () => Object.assign(Buffer.from('x'), { extra: 1 }),
      "is a Buffer with a property 'extra'",
    ],
    'a typed array with a property': [
      () => Object.assign(Int16Array.of(1), { extra: 1 }),
      "is an Int16Array with a property 'extra'",
    ],
    'an endless depth': [() => nested(20_000), 'is nested deeper than 500 levels'],
    'a function in an object': [() => ({ a: { b: [() => 1] } }), 'a.b[0] is a function'],
    'a method': [() => ({ run() {} }), 'run is a function'],
    'a symbol in a Map': [() => new Map([['a', Symbol('x')]]), 'is a symbol'],
    'a Promise in an array': [() => [1, Promise.resolve(1)], '[1] is a Promise'],
    'a URL in a Set': [() => new Set([new URL('http://a/')]), 'is a URL'],
    'a cause that is no data': [() => new Error('x', { cause: new URL('http://a/') }), 'is a URL'],
  }),
]
