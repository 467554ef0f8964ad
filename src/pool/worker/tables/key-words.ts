import { SHORT_UNITS, type ShortTexts } from '../../blocks/key-column.js'

/*
 * A short text in three words: its bytes, the first one lowest, then zeros, and its length plus one in the highest
 * byte. So two texts have the same words exactly if they are equal.
 */

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
export function packLatin1({ view }: ShortTexts, at: number, length: number, words: Int32Array, to: number): void {
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
