import { DataError } from '../errors.js'
import { MAX_DEPTH } from './data.js'
import { kindName } from './describe.js'
import { kindOf } from './kinds.js'

/** Longer arrays may consist of holes, so only their existing items are visited. */
const LONG = 100_000

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/**
 * Returns a copy that shares no object with `value`, so that changing one does not change the other. Costs less than
 * encoding the value. Returns primitives unchanged, and also instances of classes that are not data, because no state
 * and no block can hold them.
 */
export function copyOf<T>(value: T): T {
  return isObject(value) ? (copyOfObject(value, 0) as T) : value
}

/** Returns copies of values, or the array itself if none of them is an object. */
export function copiesOf<T>(values: readonly T[]): readonly T[] {
  return values.some(isObject) ? values.map(copyOf) : values
}

/** Whether the current copy throws for a value that is not data. */
let strict = false

/**
 * Returns a copy of a value that `isData` accepts.
 * @throws DataError if a getter returned data to that check, and returns something else now.
 */
export function copyOfData<T>(value: T): T {
  if (!isObject(value)) return value
  strict = true
  try {
    return copyOfObject(value, 0) as T
  } finally {
    strict = false
  }
}

/** Returns a value that is not data unchanged, or throws in a strict copy. */
function notData<T>(value: T): T {
  if (strict) throw new DataError(`A record changed while it was copied: it now holds ${kindName(value)}.`)
  return value
}

function isCode(value: unknown): boolean {
  return typeof value === 'function' || typeof value === 'symbol'
}

function copyOfPart(value: unknown, depth: number): unknown {
  if (isObject(value)) return depth < MAX_DEPTH ? copyOfObject(value, depth + 1) : notData(value)
  return isCode(value) ? notData(value) : value
}

function copyOfObject(value: object, depth: number): object {
  if (Object.getPrototypeOf(value) === Object.prototype) return copyParts({ ...value }, depth)
  switch (kindOf(value)) {
    case undefined:
      return notData(value)
    case 'object':
      return copyParts({ ...value }, depth)
    case 'bare':
      return copyParts(Object.assign(Object.create(null) as object, value), depth)
    case 'array':
      return copyOfItems(value as unknown[], depth)
    case 'map':
      return copyOfMap(value as ReadonlyMap<unknown, unknown>, depth)
    case 'set':
      return new Set(Array.from(value as ReadonlySet<unknown>, (item) => copyOfPart(item, depth)))
    case 'date':
      return new Date((value as Date).getTime())
    case 'regexp': {
      const copy = new RegExp(value as RegExp)
      copy.lastIndex = (value as RegExp).lastIndex
      return copy
    }
    case 'buffer':
      return Buffer.from(value as Buffer)
    case 'typed':
      return (value as Uint8Array).slice()
    case 'memory':
      return (value as ArrayBuffer).slice(0)
    case 'view': {
      const { buffer, byteOffset, byteLength } = value as DataView
      return new DataView(new Uint8Array(buffer, byteOffset, byteLength).slice().buffer)
    }
    case 'error':
      return copyOfError(value as Error, depth)
  }
}

/** Replaces the objects in the fields of a shallow copy by copies. */
function copyParts(copy: object, depth: number): object {
  const fields = copy as Record<string, unknown>
  for (const name in fields) {
    const part = fields[name]
    if (isObject(part)) fields[name] = copyOfPart(part, depth)
    else if (isCode(part)) notData(part)
  }
  return copy
}

function copyOfItems(items: readonly unknown[], depth: number): unknown[] {
  if (items.length > LONG) return copyOfLong(items, depth)
  const copy = items.slice()
  for (let i = 0; i < copy.length; i++) {
    const part = copy[i]
    if (isObject(part)) copy[i] = copyOfPart(part, depth)
    else if (isCode(part)) notData(part)
  }
  return copy
}

/** `slice` would visit each hole, and there may be four billion. */
function copyOfLong(items: readonly unknown[], depth: number): unknown[] {
  const names = Object.keys(items)
  const copy = names.length === items.length ? items.slice() : new Array<unknown>(items.length)
  for (const name of names) copy[Number(name)] = copyOfPart(items[Number(name)], depth)
  return copy
}

function copyOfMap(map: ReadonlyMap<unknown, unknown>, depth: number): Map<unknown, unknown> {
  return new Map(Array.from(map, ([key, value]) => [copyOfPart(key, depth), copyOfPart(value, depth)]))
}

function copyOfError(error: Error, depth: number): Error {
  const { constructor: ErrorClass } = Object.getPrototypeOf(error) as { readonly constructor: ErrorConstructor }
  const copy = new ErrorClass(error.message)
  const properties = Object.getOwnPropertyDescriptors(error) as Record<string, PropertyDescriptor>
  for (const property of Object.values(properties))
    if (isObject(property.value)) property.value = copyOfPart(property.value, depth)
  return Object.defineProperties(copy, properties)
}
