import { MAX_DEPTH, MAX_OBJECTS } from './data.js'
import { kindOf } from './kinds.js'

/** Longer arrays may consist of holes, so only their existing items are visited. */
const LONG = 100_000
/** Estimated bytes of a value's tag and length. */
const OVERHEAD = 8

let objects = 0

/**
 * Estimates the encoded bytes of a record: its texts, bytes and everything nested. Visits each value in the record and
 * allocates nothing for numbers and texts. Never throws: parts that throw when they are read count as nothing.
 */
export function recordSize(value: unknown): number {
  if (typeof value === 'string') return value.length + OVERHEAD
  if (typeof value !== 'object' || value === null) return sizeOfPrimitive(value)
  objects = 0
  try {
    return sizeOf(value, 0)
  } catch {
    return OVERHEAD
  }
}

function sizeOf(value: unknown, depth: number): number {
  if (typeof value === 'string') return value.length + OVERHEAD
  if (typeof value !== 'object' || value === null) return sizeOfPrimitive(value)
  if (depth > MAX_DEPTH || ++objects > MAX_OBJECTS) return OVERHEAD
  if (Array.isArray(value)) return sizeOfItems(value, depth)
  if (Object.getPrototypeOf(value) === Object.prototype) return sizeOfFields(value, depth)
  switch (kindOf(value)) {
    case 'map': {
      let bytes = OVERHEAD
      for (const [key, item] of value as ReadonlyMap<unknown, unknown>)
        bytes += sizeOf(key, depth + 1) + sizeOf(item, depth + 1)
      return bytes
    }
    case 'set': {
      let bytes = OVERHEAD
      for (const item of value as ReadonlySet<unknown>) bytes += sizeOf(item, depth + 1)
      return bytes
    }
    case 'buffer':
    case 'typed':
    case 'view':
    case 'memory':
      return (value as ArrayBuffer | ArrayBufferView).byteLength + OVERHEAD
    case 'error': {
      const { message, stack = '', cause } = value as Error
      return sizeOfFields(value, depth) + message.length + stack.length + sizeOf(cause, depth + 1)
    }
    case 'date':
      return 2 * OVERHEAD
    case 'regexp':
      return (value as RegExp).source.length + OVERHEAD
    default:
      return sizeOfFields(value, depth)
  }
}

/** A bigint is encoded as its decimal digits. */
function sizeOfPrimitive(value: unknown): number {
  if (typeof value !== 'bigint' || BigInt.asIntN(64, value) === value) return OVERHEAD
  return Math.ceil(value.toString(16).length * Math.log10(16)) + OVERHEAD
}

function sizeOfFields(value: object, depth: number): number {
  let bytes = OVERHEAD
  for (const name in value) {
    bytes += name.length + sizeOf((value as Readonly<Record<string, unknown>>)[name], depth + 1)
  }
  return bytes
}

function sizeOfItems(items: readonly unknown[], depth: number): number {
  let bytes = OVERHEAD
  if (items.length > LONG) for (const name of Object.keys(items)) bytes += sizeOf(items[Number(name)], depth + 1)
  else {
    for (let i = 0; i < items.length; i++) {
      const item = items[i]
      // Most items of most records. V8 does not inline the recursive call.
      bytes += typeof item === 'number' ? OVERHEAD : sizeOf(item, depth + 1)
    }
  }
  return bytes
}
