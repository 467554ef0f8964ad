import { className } from '../../values/describe.js'
import { ERRORS, type Kind, kindOf, TYPED_ARRAYS } from '../../values/kinds.js'
import type { ByteWriter } from './byte-writer.js'

/**
 * The tag byte before each value of an exact column, and the bytes that follow it:
 *
 * | tag | follows |
 * | --- | --- |
 * | undefined, null, false, true | nothing |
 * | number | f64 |
 * | latin1, utf16 | u32 units, the units |
 * | bigint | its digits, as a text |
 * | date | f64: its time, NaN if it has none |
 * | regexp | its source and its flags as texts, u32 lastIndex |
 * | array | u32 length, u32 items; the items; if there are fewer than the length, the index of each before it, as u32 |
 * | object, bare | u32 fields; name and value of each. `bare`: its prototype is null |
 * | map, set | u32 size; keys and values, or values |
 * | buffer, memory, view | u32 bytes, the bytes |
 * | typed | u8 class, u32 bytes, the bytes |
 * | error | u8 class, u32 fields; of each a name, u8 enumerable, the value |
 */
export const TAG = {
  undefined: 0,
  null: 1,
  false: 2,
  true: 3,
  number: 4,
  latin1: 5,
  utf16: 6,
  bigint: 7,
  date: 8,
  regexp: 9,
  array: 10,
  object: 11,
  bare: 12,
  map: 13,
  set: 14,
  buffer: 15,
  memory: 16,
  view: 17,
  typed: 18,
  error: 19,
} as const

const WIDE = /[\u0100-\uffff]/

/** Writes a value that is data (`fitOf`) without any loss. */
export function writeExact(w: ByteWriter, value: unknown): void {
  if (typeof value === 'string') writeText(w, value)
  else if (typeof value === 'number') {
    w.u8(TAG.number)
    w.f64(value)
  } else if (typeof value === 'bigint') {
    w.u8(TAG.bigint)
    writeText(w, String(value))
  } else if (typeof value === 'object' && value !== null) writeObject(w, value)
  else w.u8(value === undefined ? TAG.undefined : value === null ? TAG.null : value ? TAG.true : TAG.false)
}

function writeText(w: ByteWriter, text: string): void {
  const wide = WIDE.test(text)
  w.u8(wide ? TAG.utf16 : TAG.latin1)
  w.u32(text.length)
  if (wide) w.writeUcs2(text)
  else w.writeLatin1(text)
}

function writeObject(w: ByteWriter, value: object): void {
  const kind = kindOf(value) ?? 'object'
  WRITERS[kind](w, value as never)
}

const WRITERS: { readonly [K in Kind]: (w: ByteWriter, value: never) => void } = {
  object: (w, value) => writeFields(w, value, TAG.object),
  bare: (w, value) => writeFields(w, value, TAG.bare),
  array: writeArray,
  map: (w, map: ReadonlyMap<unknown, unknown>) => {
    w.u8(TAG.map)
    w.u32(map.size)
    for (const [key, item] of map) {
      writeExact(w, key)
      writeExact(w, item)
    }
  },
  set: (w, set: ReadonlySet<unknown>) => {
    w.u8(TAG.set)
    w.u32(set.size)
    for (const item of set) writeExact(w, item)
  },
  date: (w, date: Date) => {
    w.u8(TAG.date)
    w.f64(date.getTime())
  },
  regexp: (w, { source, flags, lastIndex }: RegExp) => {
    w.u8(TAG.regexp)
    writeText(w, source)
    writeText(w, flags)
    w.u32(lastIndex)
  },
  buffer: (w, buffer: Buffer) => writeBytes(w, TAG.buffer, bytesOf(buffer)),
  memory: (w, memory: ArrayBuffer) => writeBytes(w, TAG.memory, bytesOf(memory)),
  view: (w, view: DataView) => writeBytes(w, TAG.view, bytesOf(view)),
  typed: (w, array: ArrayBufferView) => {
    w.u8(TAG.typed)
    writeBytes(w, classOf(TYPED_ARRAYS, array), bytesOf(array))
  },
  error: writeError,
}

function writeArray(w: ByteWriter, values: readonly unknown[]): void {
  const names = Object.keys(values)
  w.u8(TAG.array)
  w.u32(values.length)
  w.u32(names.length)
  const dense = names.length === values.length
  for (const name of names) {
    if (!dense) w.u32(Number(name))
    writeExact(w, values[Number(name)])
  }
}

function writeFields(w: ByteWriter, value: object, tag: number): void {
  const names = Object.keys(value)
  w.u8(tag)
  w.u32(names.length)
  for (const name of names) {
    writeText(w, name)
    writeExact(w, (value as Readonly<Record<string, unknown>>)[name])
  }
}

function writeError(w: ByteWriter, error: Error): void {
  const names = Object.getOwnPropertyNames(error)
  w.u8(TAG.error)
  w.u8(classOf(ERRORS, error))
  w.u32(names.length)
  for (const name of names) {
    writeText(w, name)
    w.u8(Object.prototype.propertyIsEnumerable.call(error, name) ? 1 : 0)
    writeExact(w, (error as unknown as Readonly<Record<string, unknown>>)[name])
  }
}

/** Returns the index of a value's class in a list, by name: the class may be one of another realm. */
function classOf(classes: readonly { readonly name: string }[], value: object): number {
  return classes.findIndex(({ name }) => name === className(value))
}

function bytesOf(value: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value)
}

function writeBytes(w: ByteWriter, tag: number, bytes: Uint8Array): void {
  w.u8(tag)
  w.u32(bytes.length)
  w.write(bytes)
}
