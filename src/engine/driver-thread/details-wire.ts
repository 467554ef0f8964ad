import { decodeError, encodeError, type WireError } from '../../pool/error-wire.js'

const ERROR = 'millrace:error'

/**
 * Data of events and log messages as it crosses threads: errors in it keep class, code and cause; what cannot be cloned, or
 * leads back to itself, is told as text.
 */
export function packDetails(value: unknown, above: readonly object[] = []): unknown {
  if (value instanceof Error) return { [ERROR]: encodeError(value) }
  if (typeof value === 'function' || typeof value === 'symbol') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (above.includes(value)) return String(value)
  const path = [...above, value]
  if (Array.isArray(value)) return value.map((item) => packDetails(item, path))
  if (isPlain(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, packDetails(item, path)]))
  }
  try {
    return structuredClone(value)
  } catch {
    // A socket, a promise: its text still tells what it was.
    return String(value)
  }
}

export function unpackDetails(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(unpackDetails)
  if (ERROR in value) return decodeError(value[ERROR] as WireError)
  if (!isPlain(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unpackDetails(item)]))
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
