import { SHORT_UNITS, type ShortTexts } from '../../blocks/key-column.js'
import { hashText, SEED } from './seeded-hash.js'

/*
 * A short text in three words: its bytes, the first one lowest, then zeros, and its length plus one in the highest
 * byte. So two texts have the same words exactly if they are equal.
 */

/** The highest byte of the third word of a key that is no short text. A short text has its length plus one there. */
export const LONG_TEXT = 0x20 << 24
export const WHOLE = 0x30 << 24
export const FRACTION = 0x31 << 24
export const NOT_A_NUMBER = 0x32 << 24
export const OTHER = 0x40 << 24
export const OBJECT = 0x50 << 24

/** By length: the bits of each word that belong to the text. */
const masks = Int32Array.from({ length: (SHORT_UNITS + 1) * 3 }, (_, i) => {
  const bytes = Math.max(0, Math.min(4, Math.floor(i / 3) - (i % 3) * 4))
  return bytes === 4 ? -1 : 2 ** (bytes * 8) - 1
})

/** Packs a text of at most SHORT_UNITS. Returns false, with undefined words, if a unit has more than one byte. */
export function packText(text: string, words: Int32Array, to: number): boolean {
  const { length } = text
  let a = 0
  let b = 0
  let c = (length + 1) << 24
  let all = 0
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i)
    all |= unit
    if (i < 4) a |= unit << (i << 3)
    else if (i < 8) b |= unit << ((i - 4) << 3)
    else c |= unit << ((i - 8) << 3)
  }
  words[to] = a
  words[to + 1] = b
  words[to + 2] = c
  return all <= 0xff
}

/** Packs a text in memory. Reads whole words if it can. */
function packLatin1({ view }: ShortTexts, at: number, length: number, words: Int32Array, to: number): void {
  const tag = (length + 1) << 24
  if (at + 12 <= view.byteLength) {
    const mask = length * 3
    words[to] = view.getInt32(at, true) & masks[mask]!
    words[to + 1] = view.getInt32(at + 4, true) & masks[mask + 1]!
    words[to + 2] = (view.getInt32(at + 8, true) & masks[mask + 2]!) | tag
    return
  }
  words.fill(0, to, to + 3)
  for (let i = 0; i < length; i++) words[to + (i >> 2)]! |= view.getUint8(at + i) << ((i & 3) << 3)
  words[to + 2]! |= tag
}

/**
 * Packs texts `start` to `start + count`, of which the first one is at `at`, `stride` words apart. Returns the end of the last one.
 */
export function packTexts(
  texts: ShortTexts,
  start: number,
  count: number,
  at: number,
  words: Int32Array,
  stride: number,
): number {
  const { lengths } = texts
  for (let i = 0; i < count; i++) {
    const length = lengths[start + i]!
    packLatin1(texts, at, length, words, i * stride)
    at += length
  }
  return at
}

/** Returns whether the words are the whole key, and not only a hash of it. */
export function isWhole(third: number): boolean {
  const kind = third & 0xff000000
  return kind !== LONG_TEXT && kind !== OTHER
}

/** Returns a hash of the words, whose upper bits are the best: all keys of a partition may have the same lower bits. */
export function hashOf(a: number, b: number, c: number): number {
  let hash = Math.imul(a ^ SEED, 0x9e3779b1)
  hash = Math.imul((hash ^ (hash >>> 15)) + b, 0x85ebca6b)
  hash = Math.imul((hash ^ (hash >>> 13)) + c, 0xc2b2ae35)
  return hash
}

const float = new Float64Array(1)
const halves = new Int32Array(float.buffer)

/** Packs a key: itself, or a hash of it with a kind. */
export function packKey(key: unknown, words: Int32Array, to: number): void {
  if (typeof key === 'string') {
    if (key.length <= SHORT_UNITS && packText(key, words, to)) return
    write(words, to, hashText(key), 0, LONG_TEXT)
  } else if (typeof key === 'number') {
    // -0 is 0, and all NaN are one key, whatever their bits.
    if ((key | 0) === key) write(words, to, key | 0, 0, WHOLE)
    else if (Number.isNaN(key)) write(words, to, 0, 0, NOT_A_NUMBER)
    else {
      float[0] = key
      write(words, to, halves[0]!, halves[1]!, FRACTION)
    }
  }
  // No key has these words: an object is absent, and is not turned into text.
  else if (typeof key === 'object' && key !== null) write(words, to, 0, 0, OBJECT)
  else write(words, to, hashText(String(key)), 0, OTHER)
}

function write(words: Int32Array, to: number, a: number, b: number, c: number): void {
  words[to] = a
  words[to + 1] = b
  words[to + 2] = c
}
