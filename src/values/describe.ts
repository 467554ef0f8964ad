import { types } from 'node:util'

/** Returns the name of a value's class; an empty text if it has none or reading it throws. */
export function className(value: object): string {
  if (types.isProxy(value)) return ''
  try {
    const prototype: unknown = Object.getPrototypeOf(value)
    const made: unknown = prototype === null ? undefined : (prototype as { constructor?: unknown }).constructor
    return typeof made === 'function' ? functionName(made) : ''
  } catch {
    return ''
  }
}

/** Returns the name of a function. The static member `name` of a class may have any value. */
function functionName(fn: object): string {
  const name = types.isProxy(fn) ? undefined : Object.getOwnPropertyDescriptor(fn, 'name')
  return typeof name?.value === 'string' ? short(name.value) : ''
}

/** Returns the kind of a value, with an article: `a URL`, `a function`, `an instance of class Point`. */
export function kindName(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value !== 'object') return `${/^[aeiou]/.test(typeof value) ? 'an' : 'a'} ${typeof value}`
  if (types.isProxy(value)) return 'a Proxy'
  const name = className(value)
  if (Array.isArray(value) && name === 'Array') return 'an array'
  if (name === '') return isBare(value) ? 'an object' : 'an object with a prototype of its own'
  if (name === 'Object') return isOrdinary(value) ? 'an object' : 'an object with a prototype of its own'
  if (BUILT_IN.has(name)) return `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`
  return `an instance of class ${name}`
}

function isBare(value: object): boolean {
  return Object.getPrototypeOf(value) === null
}

function isOrdinary(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Classes of the platform, which need no "instance of class" before their name. */
const BUILT_IN = new Set(
  (
    'Promise URL URLSearchParams Map Set WeakMap WeakSet WeakRef Date RegExp Error TypeError RangeError SyntaxError ' +
    'ReferenceError EvalError URIError AggregateError Boolean Number String Symbol BigInt ArrayBuffer SharedArrayBuffer ' +
    'Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float32Array Float64Array ' +
    'BigInt64Array BigUint64Array DataView Buffer Blob File Headers Request Response FormData AbortSignal AbortController ReadableStream'
  ).split(' '),
)

const ADVICE: Readonly<Record<string, string>> = {
  Promise: 'Await it, or use mapAsync',
  URL: 'Use its href',
  URLSearchParams: 'Use its text, String(value)',
  Boolean: 'Use the value in it, valueOf()',
  Number: 'Use the value in it, valueOf()',
  String: 'Use the value in it, valueOf()',
  Symbol: 'Use its description',
  BigInt: 'Use the value in it, valueOf()',
  SharedArrayBuffer: 'Copy its bytes, for example into a Uint8Array',
}

/** Returns what to use instead of a value that is not data, as a sentence without its full stop. */
export function advice(value: unknown): string {
  if (typeof value === 'symbol') return 'Use its description'
  if (typeof value === 'function') return 'Leave it out, or use what it returns'
  if (typeof value !== 'object' || value === null) return 'Leave it out'
  if (types.isProxy(value)) return 'Use a plain object of its properties, for example { ...value }'
  const name = className(value)
  if (Object.hasOwn(ADVICE, name)) return ADVICE[name]!
  if (types.isNativeError(value)) return 'Use a plain object of its properties, for example { name, message }'
  if (isIterator(value)) return 'Use an array of the values that it yields'
  return 'Use a plain object of its properties, for example { ...value }'
}

function isIterator(value: object): boolean {
  try {
    return typeof (value as { next?: unknown }).next === 'function'
  } catch {
    return false
  }
}

/**
 * Returns a value as error messages show it: `"text"`, `5`, `5n`, `an array`, `a function compare`. Never throws, and
 * shows at most 40 characters. Shows only the kind of objects, because their fields may be secrets.
 */
export function describe(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(short(value))
    case 'bigint':
      return BigInt.asIntN(128, value) === value ? `${value}n` : 'a bigint of more than 128 bits'
    case 'symbol':
      return short(String(value))
    case 'function':
      return `a function ${functionName(value)}`.trimEnd()
    case 'object': {
      const kind = kindName(value)
      return kind === 'an array' && (value as readonly unknown[]).length === 0 ? 'an empty array' : kind
    }
    default:
      return Object.is(value, -0) ? '-0' : String(value)
  }
}

const LONGEST = 40

function short(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text
}
