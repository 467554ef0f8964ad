import { decodeError, encodeError, type WireError } from '../../pool/error-wire.js'
import { isData } from '../../values/data.js'
import { packRecords, unpackRecords } from './records-wire.js'

const ERROR = 'millrace:error'
const DATA = 'millrace:data'

/**
 * Converts data of events and log messages for another thread. Data, such as the record of a dead letter, arrives as it
 * would from a block. Errors keep their class, code and cause. A value that cannot be cloned, or contains itself,
 * becomes a text.
 */
export function packDetails(value: unknown, above: readonly object[] = []): unknown {
  if (value instanceof Error) return { [ERROR]: encodeError(value) }
  if (typeof value === 'function' || typeof value === 'symbol') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (above.includes(value)) return String(value)
  if (isData(value)) return { [DATA]: packRecords([value]) }
  const path = [...above, value]
  if (Array.isArray(value)) return value.map((item) => packDetails(item, path))
  if (isPlain(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, packDetails(item, path)]))
  }
  try {
    return structuredClone(value)
  } catch {
    // For a socket or a promise, the text still says what it was.
    return String(value)
  }
}

export function unpackDetails(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(unpackDetails)
  if (DATA in value) return unpackRecords(value[DATA] as Uint8Array)[0]
  if (ERROR in value) return decodeError(value[ERROR] as WireError)
  if (!isPlain(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unpackDetails(item)]))
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
