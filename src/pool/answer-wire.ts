import type { ByteWriter } from './blocks/byte-writer.js'
import { decodeRecords, encodeRecords } from './blocks/records-codec.js'

/**
 * The result of a task in the form that is sent between threads. Structured cloning silently changes a Buffer, an
 * error's code and class instances, so only primitive values are sent unpacked.
 */
export type Answer = { readonly value: unknown } | { readonly packed: Uint8Array; readonly list: boolean }

/** Packs a result into the bytes of `scratch`, which it resets. Throws DataError for a value that is not data. */
export function packAnswer(value: unknown, scratch: ByteWriter): Answer {
  if (value === null || !['object', 'function', 'symbol'].includes(typeof value)) return { value }
  const list = isList(value)
  scratch.reset()
  encodeRecords(scratch, list ? value : [value])
  return { packed: new Uint8Array(scratch.bytes()), list }
}

export function unpackAnswer(answer: Answer): unknown {
  if ('value' in answer) return answer.value
  const { packed, list } = answer
  const values = decodeRecords(Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength))
  return list ? values : values[0]
}

/** Returns whether a value is an array of items and nothing else: its items are encoded in columns. */
function isList(value: unknown): value is unknown[] {
  if (!Array.isArray(value) || value.length === 0 || Object.getPrototypeOf(value) !== Array.prototype) return false
  const names = Object.keys(value)
  return names.length === value.length && names[names.length - 1] === String(value.length - 1)
}
