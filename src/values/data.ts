import { kindOf } from './kinds.js'

/*
 * The result of checking a value for the codec. The results for its parts are combined by bitwise or, so a value is
 * data exactly if the result is below FOREIGN.
 */
export const PACKS = 0
/** Data that msgpack would change: -0, a lone surrogate, a hole, a RegExp. */
export const EXACT = 1
/** Not data. */
export const FOREIGN = 2

/** The limit of nesting. It refuses cycles, and keeps functions that visit values from overflowing the stack. */
export const MAX_DEPTH = 500
/** Beyond this many holes, `fitOf` visits only the existing items: an array of length 4 billion may hold one. */
const MANY_HOLES = 1024
/**
 * In longer arrays, only the property of a RegExp match is searched for: listing all names costs more than encoding the
 * items.
 */
const LISTED_ITEMS = 64

const LEAST_INT64 = -(2n ** 63n)
const MOST_INT64 = 2n ** 63n - 1n

/**
 * The limit of objects in a record. An object counts once for each place where it occurs, because each is encoded
 * separately. Without the limit, a small graph with much sharing would become an almost endless tree.
 */
export const MAX_OBJECTS = 2 ** 23
let objects = 0

/**
 * Classifies a value as PACKS, EXACT or FOREIGN. Never throws: a value whose getter or Proxy throws is FOREIGN. Costs
 * about 15 ns per field. `depth`: the number of levels above the value in its record.
 */
export function fitOf(value: unknown, depth = 0): number {
  objects = 0
  try {
    return partFit(value, depth)
  } catch {
    return FOREIGN
  }
}

/** Returns whether a value is data. Never throws. Costs next to nothing for numbers and texts. */
export function isData(value: unknown): boolean {
  if (typeof value === 'object') return value === null || fitOf(value) < FOREIGN
  return typeof value !== 'function' && typeof value !== 'symbol'
}

function partFit(value: unknown, depth: number): number {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? PACKS : EXACT
    case 'number':
      return value === 0 && 1 / value < 0 ? EXACT : PACKS
    case 'boolean':
    case 'undefined':
      return PACKS
    case 'bigint':
      return value >= LEAST_INT64 && value <= MOST_INT64 ? PACKS : EXACT
    case 'object':
      return value === null ? PACKS : fitOfObject(value, depth)
    default:
      return FOREIGN
  }
}

/*
 * Each loop stops at the first part that is not data. Otherwise an object with two cycles would be visited 2 **
 * MAX_DEPTH times.
 */

function fitOfObject(value: object, depth: number): number {
  if (depth >= MAX_DEPTH || ++objects > MAX_OBJECTS) return FOREIGN
  if (Object.getPrototypeOf(value) === Object.prototype) return fitOfFields(value, depth)
  const kind = kindOf(value)
  switch (kind) {
    case undefined:
      return FOREIGN
    case 'object':
    case 'bare':
      return EXACT | fitOfFields(value, depth)
    case 'array':
      return fitOfArray(value as readonly unknown[], depth)
    case 'map':
      return fitOfNames(value) | fitOfMap(value as ReadonlyMap<unknown, unknown>, depth)
    case 'set':
      return fitOfNames(value) | fitOfSet(value as ReadonlySet<unknown>, depth)
    case 'date':
      return fitOfNames(value) | (Number.isNaN((value as Date).getTime()) ? EXACT : PACKS)
    case 'buffer':
      return isDetached(value as Buffer) || hasOtherNames(value as Buffer) ? FOREIGN : PACKS
    case 'typed':
      return isDetached(value as Uint8Array) || hasOtherNames(value as Uint8Array) ? FOREIGN : EXACT
    case 'error':
      return EXACT | fitOfErrorFields(value, depth)
    case 'regexp':
      return EXACT | fitOfNames(value)
    case 'view':
      return isDetached(value as DataView) ? FOREIGN : EXACT | fitOfNames(value)
    case 'memory':
      return isDetached(value as ArrayBuffer) || isResizable(value as ArrayBuffer) ? FOREIGN : EXACT | fitOfNames(value)
  }
}

function fitOfFields(value: object, depth: number): number {
  let all = PACKS
  for (const name in value) {
    // msgpack renames the first, treats the second as a class, and calls the third.
    if (name === '__proto__' || name === 'constructor' || name === 'toJSON' || !name.isWellFormed()) all |= EXACT
    all |= partFit((value as Readonly<Record<string, unknown>>)[name], depth + 1)
    if (all >= FOREIGN) return FOREIGN
  }
  return Object.getOwnPropertySymbols(value).length > 0 ? FOREIGN : all
}

function fitOfErrorFields(value: object, depth: number): number {
  let all = PACKS
  for (const name of Object.getOwnPropertyNames(value)) {
    if (name !== 'stack') all |= partFit((value as Readonly<Record<string, unknown>>)[name], depth + 1)
    if (all >= FOREIGN) return FOREIGN
  }
  return Object.getOwnPropertySymbols(value).length > 0 ? FOREIGN : all
}

function fitOfArray(values: readonly unknown[], depth: number): number {
  let all = PACKS
  let holes = 0
  for (let i = 0; i < values.length; i++) {
    const item = values[i]
    if (item !== undefined || i in values) all |= partFit(item, depth + 1)
    else if (++holes > MANY_HOLES) return fitOfSparse(values, depth)
    if (all >= FOREIGN) return FOREIGN
  }
  return hasOtherNames(values) ? FOREIGN : all | (holes > 0 ? EXACT : PACKS)
}

function fitOfSparse(values: readonly unknown[], depth: number): number {
  let all = EXACT
  for (const name of Object.keys(values)) {
    all |= isIndex(name) ? partFit(values[Number(name)], depth + 1) : FOREIGN
    if (all >= FOREIGN) return FOREIGN
  }
  return all
}

/**
 * Returns whether an array has properties beside its items. In long arrays it searches only for the property of a
 * match.
 */
export function hasOtherNames(values: ArrayLike<unknown>): boolean {
  if (values.length > LISTED_ITEMS) return isMatch(values)
  const names = Object.keys(values)
  // The names of items come first.
  return names.length > 0 && !isIndex(names[names.length - 1]!)
}

/** Returns whether an array is a result of RegExp.exec or String.match. */
export function isMatch(values: ArrayLike<unknown>): boolean {
  return (values as { index?: unknown }).index !== undefined
}

export function isIndex(name: string): boolean {
  return String(Number(name) >>> 0) === name
}

function fitOfMap(map: ReadonlyMap<unknown, unknown>, depth: number): number {
  let all = PACKS
  for (const [key, value] of map) {
    all |= partFit(key, depth + 1)
    if (all < FOREIGN) all |= partFit(value, depth + 1)
    if (all >= FOREIGN) return FOREIGN
  }
  return all
}

function fitOfSet(set: ReadonlySet<unknown>, depth: number): number {
  let all = PACKS
  for (const value of set) {
    all |= partFit(value, depth + 1)
    if (all >= FOREIGN) return FOREIGN
  }
  return all
}

function fitOfNames(value: object): number {
  return hasOwnNames(value) ? FOREIGN : PACKS
}

/** Returns whether a Map, Date or other built-in object has properties of its own, which the codec would lose. */
export function hasOwnNames(value: object): boolean {
  return Reflect.ownKeys(value).some((name) => name !== 'lastIndex')
}

/** Returns whether the memory of an ArrayBuffer or of a view was transferred, to a worker for example. */
export function isDetached(value: ArrayBuffer | ArrayBufferView): boolean {
  const memory: ArrayBufferLike = ArrayBuffer.isView(value) ? value.buffer : value
  if (memory.byteLength > 0) return false
  try {
    new Uint8Array(memory)
    return false
  } catch {
    // Node 20 has no property for it, so it is detected by an error.
    return true
  }
}

export function isResizable(memory: ArrayBuffer): boolean {
  return (memory as { resizable?: boolean }).resizable === true
}
