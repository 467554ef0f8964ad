import { types } from 'node:util'
import type { DataError } from '../errors.js'
import { MAX_DEPTH } from './data.js'
import { advice, kindName } from './describe.js'
import { below, dataError } from './fault.js'
import { kindOf } from './kinds.js'

/**
 * Writes a value as one line of JSON, for files, programs and people. Each kind of data that JSON lacks has a form of
 * its own, so that none becomes `{}` or `null`:
 *
 * | value | JSON |
 * | --- | --- |
 * | bigint | a number with all of its digits |
 * | NaN, Infinity, -Infinity | the text `"NaN"`, `"Infinity"`, `"-Infinity"` |
 * | undefined in an array | `null`; an undefined field is omitted |
 * | Date | its ISO text, or `"Invalid Date"` |
 * | Map, Set | an array of `[key, value]`, an array |
 * | Buffer, typed arrays, ArrayBuffer, DataView | an array of numbers |
 * | RegExp, URL | its text |
 * | Error | `{ name, message, code, cause }`, without absent fields |
 *
 * An instance of another class is written as by JSON.stringify: the result of its `toJSON`, or its fields.
 *
 * @throws DataError for a function, a symbol, an object without fields (a Promise), or a value that contains itself.
 */
export function toJson(value: unknown): string {
  return isPlain(value, 0) ? (JSON.stringify(value) ?? 'null') : writeJson(value, '', [])
}

/**
 * Writes a record as a line of text: a text unchanged, other primitive values as `String` formats them, objects with
 * `toJson`, whose errors it throws.
 */
export function toLine(value: unknown): string {
  if (typeof value === 'string') return value
  return ['object', 'function', 'symbol'].includes(typeof value) ? toJson(value) : String(value)
}

const MAX_PLAIN_DEPTH = 100

/** Returns whether JSON.stringify would preserve the value, because it is five times as fast. */
function isPlain(value: unknown, depth: number): boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null || value === undefined) return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || depth > MAX_PLAIN_DEPTH) return false
  if (Array.isArray(value)) return value.every((item) => isPlain(item, depth + 1))
  if (Object.getPrototypeOf(value) !== Object.prototype) return false
  for (const name in value) if (!isPlain((value as Readonly<Record<string, unknown>>)[name], depth + 1)) return false
  return true
}

function writeJson(value: unknown, path: string, above: readonly object[]): string {
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number' && !Number.isFinite(value)) return `"${value}"`
  if (typeof value === 'function' || typeof value === 'symbol') throw noJson(value, path)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  if (above.includes(value)) throw unwritable(path, 'leads back to itself', 'Break the cycle: use an id in its place')
  if (above.length >= MAX_DEPTH)
    throw unwritable(path.slice(0, 100), `is nested deeper than ${MAX_DEPTH} levels`, 'Use a flat list')
  const inside = [...above, value]
  const form = jsonForm(value, path)
  if (typeof form !== 'object' || form === null) return writeJson(form, path, inside)
  if (Array.isArray(form))
    return `[${Array.from(form, (item, i) => writeJson(item, `${path}[${i}]`, inside)).join(',')}]`
  const fields: string[] = []
  for (const [name, field] of Object.entries(form)) {
    if (field !== undefined) fields.push(`${JSON.stringify(name)}:${writeJson(field, below(path, name), inside)}`)
  }
  return `{${fields.join(',')}}`
}

function noJson(value: unknown, path: string): DataError {
  return unwritable(path, `is ${kindName(value)}`, advice(value))
}

function unwritable(path: string, what: string, advice: string): DataError {
  return dataError('A record cannot be written as JSON', { path, what, advice })
}

/** Returns the JSON form of an object: an array, an object whose fields are written, or a primitive value. */
function jsonForm(value: object, path: string): unknown {
  if (Array.isArray(value)) return value
  if (types.isMap(value) || types.isSet(value)) return [...value]
  if (types.isDate(value)) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
  if (types.isRegExp(value)) return String(value)
  if (types.isBoxedPrimitive(value)) return value.valueOf()
  if (types.isTypedArray(value)) return Array.from(value as unknown as ArrayLike<unknown>)
  if (types.isDataView(value)) return Array.from(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
  if (types.isAnyArrayBuffer(value)) return Array.from(new Uint8Array(value))
  if (types.isNativeError(value)) {
    const { name, message, cause } = value
    return { name, message, code: (value as { code?: unknown }).code, cause }
  }
  const { toJSON } = value as { toJSON?: unknown }
  if (typeof toJSON === 'function') return (toJSON as () => unknown).call(value)
  if (kindOf(value) === undefined && Object.keys(value).length === 0) throw noJson(value, path)
  return value
}
