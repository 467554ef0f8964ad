import { isAscii } from 'node:buffer'
import { isWellFormed } from './byte-arguments.js'

/** Decoded at once: a key that is kept keeps the string that it was cut from. */
const CUT_BYTES = 64 * 1024

/** What the bytes of a key stand for, in the two highest bits of its length: text, JSON, nothing (assembly/table.ts). */
const TAG_BITS = 30
const LENGTH = 2 ** TAG_BITS - 1
const TEXT = 0
const JSON_TAG = 1
const MISSING = 2

/** Whole numbers from here on may be written in two ways, or stand for others. */
const MAX_WHOLE = 1e15

/** Strings that lie one after the other from `at` on, as UTF-8. */
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

/** As cutKeys, for keys of which some are no text: `lengths` have their tags. */
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

/** A key as text with a tag that says what it stands for; undefined where it has no such form, or more than one. */
export function taggedKey(key: unknown): { readonly text: string; readonly tag: number } | undefined {
  if (typeof key === 'string') return isWellFormed(key) ? { text: key, tag: TEXT } : undefined
  if (key === undefined) return { text: '', tag: MISSING * 2 ** TAG_BITS }
  // -0 becomes 0, as in every Map.
  const whole = typeof key === 'number' && Number.isInteger(key) && Math.abs(key) < MAX_WHOLE
  if (!whole && key !== null && typeof key !== 'boolean') return undefined
  return { text: String(key), tag: JSON_TAG * 2 ** TAG_BITS }
}
