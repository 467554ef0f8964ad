import { BlockCorruptError } from '../../errors.js'
import { ERRORS, TYPED_ARRAYS } from '../../values/kinds.js'
import { type Cursor, need } from './column-header.js'
import { TAG } from './exact-writer.js'

/** Reads a value that `writeExact` wrote. The value does not refer to the bytes. */
export function readExact(cursor: Cursor): unknown {
  const tag = u8(cursor)
  switch (tag) {
    case TAG.undefined:
      return undefined
    case TAG.null:
      return null
    case TAG.false:
      return false
    case TAG.true:
      return true
    case TAG.number:
      return f64(cursor)
    case TAG.latin1:
      return text(cursor, 'latin1', 1)
    case TAG.utf16:
      return text(cursor, 'utf16le', 2)
    case TAG.bigint:
      return BigInt(readExact(cursor) as string)
    case TAG.date:
      return new Date(f64(cursor))
    case TAG.regexp: {
      const regexp = new RegExp(readExact(cursor) as string, readExact(cursor) as string)
      regexp.lastIndex = u32(cursor)
      return regexp
    }
    case TAG.array:
      return readArray(cursor)
    case TAG.object:
      return readFields(cursor, {})
    case TAG.bare:
      return readFields(cursor, Object.create(null) as object)
    case TAG.map:
      return readMap(cursor)
    case TAG.set:
      return readSet(cursor)
    case TAG.buffer:
      return Buffer.from(memory(cursor))
    case TAG.memory:
      return memory(cursor)
    case TAG.view:
      return new DataView(memory(cursor))
    case TAG.typed: {
      const type = classAt(TYPED_ARRAYS, u8(cursor))
      return new type(memory(cursor))
    }
    case TAG.error:
      return readError(cursor)
    default:
      throw new BlockCorruptError(`These bytes are not encoded records: there is no tag ${tag}.`, { tag })
  }
}

function readArray(cursor: Cursor): unknown[] {
  const length = u32(cursor)
  const items = u32(cursor)
  const values: unknown[] = []
  if (items === length) for (let i = 0; i < length; i++) values.push(readExact(cursor))
  else {
    values.length = length
    for (let i = 0; i < items; i++) {
      const at = u32(cursor)
      values[at] = readExact(cursor)
    }
  }
  return values
}

function readFields(cursor: Cursor, into: object): object {
  for (let left = u32(cursor); left > 0; left--) {
    const name = readExact(cursor) as string
    define(into, name, readExact(cursor), true)
  }
  return into
}

function readMap(cursor: Cursor): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>()
  for (let left = u32(cursor); left > 0; left--) {
    const key = readExact(cursor)
    map.set(key, readExact(cursor))
  }
  return map
}

function readSet(cursor: Cursor): Set<unknown> {
  const set = new Set<unknown>()
  for (let left = u32(cursor); left > 0; left--) set.add(readExact(cursor))
  return set
}

function readError(cursor: Cursor): Error {
  const { prototype } = classAt(ERRORS, u8(cursor))
  const error = new Error()
  for (const name of Object.getOwnPropertyNames(error)) delete (error as unknown as Record<string, unknown>)[name]
  Object.setPrototypeOf(error, prototype)
  for (let left = u32(cursor); left > 0; left--) {
    const name = readExact(cursor) as string
    const enumerable = u8(cursor) === 1
    define(error, name, readExact(cursor), enumerable)
  }
  return error
}

/** Defines a field. Assignment would change the prototype if the name is `__proto__`. */
function define(into: object, name: string, value: unknown, enumerable: boolean): void {
  if (enumerable && name !== '__proto__') (into as Record<string, unknown>)[name] = value
  else Object.defineProperty(into, name, { value, enumerable, writable: true, configurable: true })
}

function classAt<C>(classes: readonly C[], number: number): C {
  const found = classes[number]
  if (found) return found
  throw new BlockCorruptError(`These bytes are not encoded records: there is no class ${number}.`, { number })
}

function u8(cursor: Cursor): number {
  need(cursor, 1)
  return cursor.bytes[cursor.at++]!
}

function u32(cursor: Cursor): number {
  need(cursor, 4)
  cursor.at += 4
  return cursor.bytes.readUInt32LE(cursor.at - 4)
}

function f64(cursor: Cursor): number {
  need(cursor, 8)
  cursor.at += 8
  return cursor.bytes.readDoubleLE(cursor.at - 8)
}

function text(cursor: Cursor, encoding: 'latin1' | 'utf16le', unitBytes: number): string {
  const length = u32(cursor) * unitBytes
  need(cursor, length)
  cursor.at += length
  return cursor.bytes.toString(encoding, cursor.at - length, cursor.at)
}

/** Returns a copy of the next bytes in its own memory. */
function memory(cursor: Cursor): ArrayBuffer {
  const length = u32(cursor)
  need(cursor, length)
  cursor.at += length
  return new Uint8Array(cursor.bytes.subarray(cursor.at - length, cursor.at)).buffer
}
