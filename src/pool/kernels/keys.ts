import { isAscii } from 'node:buffer'

/** Decoded at once: a key that is kept keeps the string that it was cut from. */
const CUT_BYTES = 64 * 1024

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
