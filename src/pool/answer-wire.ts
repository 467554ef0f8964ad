import type { ByteWriter } from './blocks/byte-writer.js'
import { decodeRecords, encodeRecords } from './blocks/records-codec.js'

/**
 * What a task answers with, as it crosses threads. Structured cloning would change a Buffer, an error's code or an instance
 * of a class silently; so only primitive values travel as they are.
 */
export type Answer = { readonly value: unknown } | { readonly packed: Uint8Array; readonly list: boolean }

/** Packs an answer, with the bytes of `scratch`, which is reset. Throws a DataError for what is not data. */
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

/** Whether a value is an array of items and nothing else: the items are then encoded in columns. */
function isList(value: unknown): value is unknown[] {
  if (!Array.isArray(value) || value.length === 0 || Object.getPrototypeOf(value) !== Array.prototype) return false
  const names = Object.keys(value)
  return names.length === value.length && names[names.length - 1] === String(value.length - 1)
}
