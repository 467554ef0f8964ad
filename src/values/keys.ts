import { hasOtherNames, hasOwnNames, isData, MAX_DEPTH, MAX_OBJECTS } from './data.js'
import { mustBeData } from './fault.js'
import { type Kind, kindOf } from './kinds.js'

/**
 * Keys of pairs: their equality, and their partition.
 *
 * Every value that is data is a key. Numbers, strings, booleans, bigints, null and undefined are equal as in a Map.
 * Objects are equal if their kinds and contents are equal, in any order of fields, Map entries and Set items. The hash
 * selects the partition, so it must not change between threads, runs or versions; test/values/keys.test.ts pins it.
 */

/**
 * Returns a text that is the same for equal keys and differs for others. Throws a DataError for a key that is not data.
 */
export function canonical(key: unknown): string {
  objects = 0
  return textOf(key, 0) ?? refuse(key)
}

function refuse(key: unknown): never {
  mustBeData(key, 'A key cannot be compared', 'key')
  // Reached only if Object.prototype has enumerable properties: the parts are data, and no other difference remains.
  return mustBeData(Symbol('key'), 'A key cannot be compared', 'key') as never
}

let objects = 0

/** Returns undefined if a part is not data. */
function textOf(key: unknown, depth: number): string | undefined {
  if (typeof key === 'string') return JSON.stringify(key)
  if (typeof key === 'bigint') return `${key}n`
  if (typeof key === 'function' || typeof key === 'symbol') return undefined
  if (typeof key !== 'object' || key === null) return Object.is(key, -0) ? '0' : String(key)
  if (depth >= MAX_DEPTH || ++objects > MAX_OBJECTS) return undefined
  const kind = kindOf(key)
  return kind && TEXTS[kind](key as never, depth)
}

const TEXTS: { readonly [K in Kind]: (key: never, depth: number) => string | undefined } = {
  array: arrayText,
  object: fieldsText,
  bare: fieldsText,
  map: (map: ReadonlyMap<unknown, unknown>, depth) => {
    if (hasOwnNames(map)) return undefined
    const entries = allTexts([...map], (entry) => arrayText(entry, depth))
    return entries && `Map(${entries.sort().join(',')})`
  },
  set: (set: ReadonlySet<unknown>, depth) => {
    if (hasOwnNames(set)) return undefined
    const items = allTexts([...set], (item) => textOf(item, depth + 1))
    return items && `Set(${items.sort().join(',')})`
  },
  date: (date: Date) => `Date(${date.getTime()})`,
  regexp: ({ source, flags }: RegExp) => `RegExp(${JSON.stringify(source)},${flags})`,
  // A Buffer equals a Uint8Array with the same bytes: the package that read a record decides which of the two it
  // contains.
  buffer: bytesText,
  typed: (array: Exclude<NodeJS.TypedArray, Buffer>) => {
    const { name } = array.constructor
    if (name === 'Uint8Array') return bytesText(array as Uint8Array)
    if (!isData(array)) return undefined
    // Compared by value: -0 equals 0, and NaN equals NaN.
    return name.startsWith('Float') ? `${name}(${Array.from(array, floatText)})` : `${name}(${hex(array)})`
  },
  memory: (memory: ArrayBuffer) => (isData(memory) ? `ArrayBuffer(${hex(new Uint8Array(memory))})` : undefined),
  view: (view: DataView) => (isData(view) ? `DataView(${hex(view)})` : undefined),
  error: (error: Error, depth) => {
    const { name, message, cause, errors } = error as Error & { errors?: unknown }
    const parts = arrayText([name, message, cause, errors], depth)
    const fields = fieldsText(error, depth)
    return parts && fields && `Error(${parts},${fields})`
  },
}

function bytesText(bytes: Uint8Array): string | undefined {
  return isData(bytes) ? `Bytes(${hex(bytes)})` : undefined
}

function floatText(value: unknown): string {
  return value === 0 ? '0' : String(value)
}

function hex({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('hex')
}

/** Returns the texts of all parts; undefined if a part has none. */
function allTexts<T>(parts: readonly T[], text: (part: T) => string | undefined): string[] | undefined {
  const texts: string[] = []
  for (const part of parts) {
    const one = text(part)
    if (one === undefined) return undefined
    texts.push(one)
  }
  return texts
}

/** Longer arrays may consist of holes. */
const MAY_BE_SPARSE = 100_000

function arrayText(items: readonly unknown[], depth: number): string | undefined {
  if (hasOtherNames(items)) return undefined
  if (items.length > MAY_BE_SPARSE) {
    const names = Object.keys(items)
    if (names.length < items.length / 2) return `Sparse(${items.length},${fieldsText(items, depth)})`
  }
  let text = '['
  for (let i = 0; i < items.length; i++) {
    const item = textOf(items[i], depth + 1)
    if (item === undefined) return undefined
    text += i === 0 ? item : `,${item}`
  }
  return `${text}]`
}

function fieldsText(value: object, depth: number): string | undefined {
  if (Object.getOwnPropertySymbols(value).length > 0) return undefined
  let text = '{'
  for (const name of Object.keys(value).sort()) {
    const field = textOf((value as Readonly<Record<string, unknown>>)[name], depth + 1)
    if (field === undefined) return undefined
    text += text.length === 1 ? '' : ','
    text += `${JSON.stringify(name)}:${field}`
  }
  return `${text}}`
}

const float = new Float64Array(1)
const words = new Uint32Array(float.buffer)

function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

function hashText(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return mix(h)
}

/** Returns `hashKey` of a text of one byte per unit. */
export function hashLatin1(bytes: Uint8Array, at: number, length: number): number {
  let h = 0x811c9dc5
  for (let i = at; i < at + length; i++) h = Math.imul(h ^ bytes[i]!, 0x01000193)
  return mix(h)
}

/** Returns `hashKey` of a number. */
export function hashNumber(key: number): number {
  if ((key | 0) === key) return mix(key)
  // The bits of a NaN depend on its origin: 0 / 0 has another sign than the constant.
  float[0] = Number.isNaN(key) ? 0.5 : key
  return mix(words[0]! ^ Math.imul(words[1]!, 0x9e3779b1))
}

/** Returns an unsigned 32-bit hash, equal for equal keys. Throws a DataError for a key that is not data. */
export function hashKey(key: unknown): number {
  switch (typeof key) {
    case 'string':
      return hashText(key)
    case 'number':
      return hashNumber(key)
    case 'boolean':
      return key ? mix(1231) : mix(1237)
    case 'bigint':
      return hashText(`${key}n`)
    case 'undefined':
      return 0
    case 'object':
      return key === null ? 0 : hashText(canonical(key))
    default:
      return refuse(key)
  }
}

/**
 * A Map that compares objects as keys by content. Iterates primitive keys first, then objects, each in order of
 * insertion.
 */
export class KeyedMap<V> {
  /** Entries with primitive keys: the hot paths work on it directly. */
  readonly plain = new Map<unknown, V>()
  #composite: Map<string, [unknown, V]> | undefined

  get size(): number {
    return this.plain.size + (this.#composite?.size ?? 0)
  }

  get(key: unknown): V | undefined {
    if (typeof key !== 'object' || key === null) return this.plain.get(key)
    return this.#composite?.get(canonical(key))?.[1]
  }

  has(key: unknown): boolean {
    if (typeof key !== 'object' || key === null) return this.plain.has(key)
    return this.#composite?.has(canonical(key)) ?? false
  }

  set(key: unknown, value: V): void {
    if (typeof key !== 'object' || key === null) {
      this.plain.set(key, value)
      return
    }
    this.#composite ??= new Map()
    const text = canonical(key)
    const entry = this.#composite.get(text)
    if (entry) entry[1] = value
    else this.#composite.set(text, [key, value])
  }

  delete(key: unknown): boolean {
    if (typeof key !== 'object' || key === null) return this.plain.delete(key)
    return this.#composite?.delete(canonical(key)) ?? false
  }

  /** Returns the entries as an iterable of pairs. Does not copy them if all keys are primitive. */
  entries(): Iterable<[unknown, V]> {
    if (!this.#composite?.size) return this.plain
    return this.#both(this.#composite)
  }

  values(): Iterable<V> {
    if (!this.#composite?.size) return this.plain.values()
    return this.#valuesOfBoth(this.#composite)
  }

  *#valuesOfBoth(composite: Map<string, [unknown, V]>): Iterable<V> {
    yield* this.plain.values()
    for (const [, value] of composite.values()) yield value
  }

  *#both(composite: Map<string, [unknown, V]>): Iterable<[unknown, V]> {
    yield* this.plain
    for (const [key, value] of composite.values()) yield [key, value]
  }
}
