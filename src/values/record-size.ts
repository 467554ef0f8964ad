import { MAX_OBJECTS } from './data.js'

/** Deeper parts of a record are not counted: a record that refers to itself must not be followed for ever. */
const DEEPEST = 32
/** Longer arrays may have far more places than items: only the items are visited. */
const LONG = 100_000

let objects = 0

/**
 * About the bytes that a record takes once it is encoded: of texts, buffers and everything nested. Costs a visit of each
 * value in the record and allocates nothing for numbers and texts.
 */
export function recordSize(value: unknown): number {
  objects = 0
  return sizeOf(value, 0)
}

function sizeOf(value: unknown, depth: number): number {
  if (typeof value === 'string') return value.length + 4
  if (typeof value !== 'object' || value === null || depth > DEEPEST || ++objects > MAX_OBJECTS) return 8
  if (ArrayBuffer.isView(value)) return value.byteLength + 8
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return value.byteLength + 8
  let bytes = 8
  if (Array.isArray(value)) {
    if (value.length > LONG) bytes += sizeOfLong(value, depth)
    else for (let i = 0; i < value.length; i++) bytes += sizeOf(value[i], depth + 1)
  } else if (value instanceof Map) {
    for (const [key, item] of value) bytes += sizeOf(key, depth + 1) + sizeOf(item, depth + 1)
  } else if (value instanceof Set) {
    for (const item of value) bytes += sizeOf(item, depth + 1)
  } else {
    for (const key of Object.keys(value)) {
      bytes += key.length + sizeOf((value as Readonly<Record<string, unknown>>)[key], depth + 1)
    }
  }
  return bytes
}

function sizeOfLong(items: readonly unknown[], depth: number): number {
  let bytes = 0
  for (const name of Object.keys(items)) bytes += sizeOf(items[Number(name)], depth + 1)
  return bytes
}
