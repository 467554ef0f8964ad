import { isAscii } from 'node:buffer'
import { isWellFormed } from './byte-arguments.js'

/** Bytes decoded at once: a stored key keeps the string from which it was cut in memory. */
const CUT_BYTES = 64 * 1024

/** The meaning of a key's bytes, in the two highest bits of its length: text, JSON, nothing (assembly/table.ts). */
const TAG_BITS = 30
const LENGTH = 2 ** TAG_BITS - 1
const TEXT = 0
const JSON_TAG = 1
const MISSING = 2

/** Whole numbers from this value on may be written in two ways, or represent others. */
const MAX_WHOLE = 1e15

/** Decodes consecutive UTF-8 strings from `at` on. */
export function cutKeys(bytes: Buffer, at: number, lengths: Uint32Array): string[] {
  const keys = new Array<string>(lengths.length)
  for (let i = 0; i < lengths.length; ) {
    let to = i + 1
    let end = at + lengths[i]!
    while (to < lengths.length && end + lengths[to]! - at <= CUT_BYTES) end += lengths[to++]!
    const piece = bytes.subarray(at, end)
    if (isAscii(piece)) {
      const text = piece.toString('latin1')
      for (let from = 0; i < to; from += lengths[i++]!) keys[i] = text.substring(from, from + lengths[i]!)
    } else {
      for (let from = at; i < to; from += lengths[i++]!) keys[i] = bytes.toString('utf8', from, from + lengths[i]!)
    }
    at = end
  }
  return keys
}

/** Like cutKeys, for keys of which some are no text: `lengths` have their tags. */
export function cutTaggedKeys(bytes: Buffer, at: number, lengths: Uint32Array): unknown[] {
  const keys: unknown[] = cutKeys(
    bytes,
    at,
    lengths.map((length) => length & LENGTH),
  )
  for (let i = 0; i < keys.length; i++) {
    const tag = lengths[i]! >>> TAG_BITS
    if (tag === MISSING) keys[i] = undefined
    else if (tag === JSON_TAG) keys[i] = JSON.parse(keys[i] as string)
  }
  return keys
}

/** Returns a key as text with a tag for its meaning; undefined if it has no such form, or more than one. */
export function taggedKey(key: unknown): { readonly text: string; readonly tag: number } | undefined {
  if (typeof key === 'string') return isWellFormed(key) ? { text: key, tag: TEXT } : undefined
  if (key === undefined) return { text: '', tag: MISSING * 2 ** TAG_BITS }
  // -0 becomes 0, as in every Map.
  const whole = typeof key === 'number' && Number.isInteger(key) && Math.abs(key) < MAX_WHOLE
  if (!whole && key !== null && typeof key !== 'boolean') return undefined
  return { text: String(key), tag: JSON_TAG * 2 ** TAG_BITS }
}
