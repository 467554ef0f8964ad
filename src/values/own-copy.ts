import { MAX_DEPTH } from './data.js'
import { kindOf } from './kinds.js'

/** Longer arrays may have far more places than items: only the items are visited. */
const LONG = 100_000

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/**
 * Returns a copy that shares no object with `value`, so that neither changes with the other. Numbers, texts and other
 * primitives are returned as they are; so are instances of classes that are not data, which no state or block can hold.
 */
export function copyOf<T>(value: T): T {
  return isObject(value) ? (copyOfObject(value, 0) as T) : value
}

function copyOfPart(value: unknown, depth: number): unknown {
  return isObject(value) && depth < MAX_DEPTH ? copyOfObject(value, depth + 1) : value
}

function copyOfObject(value: object, depth: number): object {
  if (Object.getPrototypeOf(value) === Object.prototype) return copyOfFields({ ...value }, depth)
  switch (kindOf(value)) {
    case undefined:
      return value
    case 'object':
      return copyOfFields({ ...value }, depth)
    case 'bare':
      return copyOfFields(Object.assign(Object.create(null) as object, value), depth)
    case 'array':
      return copyOfItems(value as unknown[], depth)
    case 'map':
      return new Map(
        Array.from(value as ReadonlyMap<unknown, unknown>, ([key, of]) => [
          copyOfPart(key, depth),
          copyOfPart(of, depth),
        ]),
      )
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
      return new DataView(buffer.slice(byteOffset, byteOffset + byteLength))
    }
    case 'error':
      return copyOfError(value as Error, depth)
  }
}

/** Of objects that are the copy's own already. */
function copyOfFields(copy: object, depth: number): object {
  const fields = copy as Record<string, unknown>
  for (const name in fields) {
    const part = fields[name]
    if (isObject(part)) fields[name] = copyOfPart(part, depth)
  }
  return copy
}

function copyOfItems(items: readonly unknown[], depth: number): unknown[] {
  if (items.length > LONG) return copyOfLong(items, depth)
  const copy = items.slice()
  for (let i = 0; i < copy.length; i++) {
    const part = copy[i]
    if (isObject(part)) copy[i] = copyOfPart(part, depth)
  }
  return copy
}

/** `slice` visits every place of an array with holes, of which there may be four billion. */
function copyOfLong(items: readonly unknown[], depth: number): unknown[] {
  const names = Object.keys(items)
  const copy = names.length === items.length ? items.slice() : new Array<unknown>(items.length)
  for (const name of names) copy[Number(name)] = copyOfPart(items[Number(name)], depth)
  return copy
}

function copyOfError(error: Error, depth: number): Error {
  const copy = new (error.constructor as ErrorConstructor)(error.message)
  const properties = Object.getOwnPropertyDescriptors(error) as Record<string, PropertyDescriptor>
  for (const property of Object.values(properties))
    if (isObject(property.value)) property.value = copyOfPart(property.value, depth)
  return Object.defineProperties(copy, properties)
}
