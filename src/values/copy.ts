import { type Kind, kindOf } from './kinds.js'

/** Bytes of a value of its own, as an estimate: a field, an item or an entry has a place, a tag and a length. */
const OVERHEAD = 8

/** A copy of a value, and about how many bytes it takes when it is encoded. */
export interface Copied {
  bytes: number
}

/**
 * Copies a value that is data (`fitOf`), so that later changes to it are not seen, and adds its size to `count`. Errors are
 * not copied. Costs about as much as encoding it.
 */
export function copyData(value: unknown, count: Copied): unknown {
  count.bytes += OVERHEAD
  if (typeof value === 'string') count.bytes += value.length
  if (typeof value !== 'object' || value === null) return value
  return COPIES[kindOf(value) ?? 'object'](value as never, count)
}

const COPIES: { readonly [K in Kind]: (value: never, count: Copied) => unknown } = {
  object: (value, count) => copyFields(value, {}, count),
  bare: (value, count) => copyFields(value, Object.create(null) as object, count),
  array: (items: readonly unknown[], count) => {
    const names = Object.keys(items)
    if (names.length === items.length) return items.map((item) => copyData(item, count))
    const copy = new Array<unknown>(items.length)
    for (const name of names) copy[Number(name)] = copyData(items[Number(name)], count)
    return copy
  },
  map: (map: ReadonlyMap<unknown, unknown>, count) =>
    new Map(Array.from(map, ([key, item]) => [copyData(key, count), copyData(item, count)])),
  set: (set: ReadonlySet<unknown>, count) => new Set(Array.from(set, (item) => copyData(item, count))),
  date: (date: Date) => new Date(date.getTime()),
  regexp: ({ source, flags, lastIndex }: RegExp) => Object.assign(new RegExp(source, flags), { lastIndex }),
  buffer: (bytes: Buffer, count) => {
    count.bytes += bytes.length
    return Buffer.from(bytes)
  },
  typed: (array: Uint8Array, count) => {
    count.bytes += array.byteLength
    return array.slice()
  },
  memory: (memory: ArrayBuffer, count) => {
    count.bytes += memory.byteLength
    return memory.slice(0)
  },
  view: ({ buffer, byteOffset, byteLength }: DataView, count) => {
    count.bytes += byteLength
    return new DataView(new Uint8Array(new Uint8Array(buffer, byteOffset, byteLength)).buffer)
  },
  error: (error: Error, count) => {
    count.bytes += error.message.length + (error.stack?.length ?? 0)
    return error
  },
}

function copyFields(value: object, into: object, count: Copied): object {
  for (const name of Object.keys(value)) {
    count.bytes += name.length
    const field = copyData((value as Readonly<Record<string, unknown>>)[name], count)
    if (name !== '__proto__') (into as Record<string, unknown>)[name] = field
    else Object.defineProperty(into, name, { value: field, enumerable: true, writable: true, configurable: true })
  }
  return into
}
