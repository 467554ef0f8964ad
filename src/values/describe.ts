import { types } from 'node:util'

/** The name of a value's class, or an empty text. */
export function className(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value)
  const made: unknown = prototype === null ? undefined : (prototype as { constructor?: unknown }).constructor
  return typeof made === 'function' ? made.name : ''
}

/** Names what a value is, with its article: `a URL`, `a function`, `an instance of class Point`. */
export function kindName(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value !== 'object') return `${/^[aeiou]/.test(typeof value) ? 'an' : 'a'} ${typeof value}`
  if (types.isProxy(value)) return 'a Proxy'
  if (Array.isArray(value) && className(value) === 'Array') return 'an array'
  const name = className(value)
  if (name === '') return 'an object with a prototype of its own'
  if (name === 'Object') return isOrdinary(value) ? 'an object' : 'an object with a prototype of its own'
  if (BUILT_IN.has(name)) return `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`
  return `an instance of class ${name}`
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

/** What to put in the place of a value that is not data, as a sentence without its full stop. */
export function advice(value: unknown): string {
  if (typeof value === 'symbol') return 'Use its description'
  if (typeof value === 'function') return 'Leave it out, or use what it returns'
  if (typeof value !== 'object' || value === null) return 'Leave it out'
  const name = className(value)
  if (Object.hasOwn(ADVICE, name)) return ADVICE[name]!
  if (typeof (value as { next?: unknown }).next === 'function') return 'Use an array of what it yields'
  if (value instanceof Error) return 'Use a plain object of its properties, for example { name, message }'
  return 'Use a plain object of its properties, for example { ...value }'
}

/** Names a given value in an error message. Never throws, and never prints much. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return `the string ${JSON.stringify(short(value))}`
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? 'an array' : `an object of class ${className(value) || 'null'}`
  if (typeof value === 'function') return `a function ${value.name}`.trimEnd()
  return value === undefined || value === null ? String(value) : `the ${typeof value} ${String(value)}`
}

const LONGEST = 40

function short(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text
}
