/** Below this number of keys, clearing the counters of the wide digits would cost more than the passes that they save. */
const WIDE_FROM = 1 << 15

/** 64-bit keys in two words each, with the index of the record that the key belongs to. */
export interface PackedKeys {
  readonly high: Uint32Array
  readonly low: Uint32Array
  readonly order: Uint32Array
}

/**
 * Sorts keys by their words, and moves the indices with them. Stable. Sorts by one digit after the other, from the
 * lowest; skips digits that are the same in all keys.
 */
export function radixSort(keys: PackedKeys): void {
  const n = keys.order.length
  const bits = n < WIDE_FROM ? 8 : 16
  const counts = new Uint32Array(1 << bits)
  let from = keys
  let to: PackedKeys = { high: new Uint32Array(n), low: new Uint32Array(n), order: new Uint32Array(n) }
  for (const word of ['low', 'high'] as const) {
    for (let shift = 0; shift < 32; shift += bits) {
      if (!startsOfDigits(from[word], shift, counts)) continue
      move(from, to, from[word], shift, counts)
      ;[from, to] = [to, from]
    }
  }
  if (from === keys) return
  keys.high.set(from.high)
  keys.low.set(from.low)
  keys.order.set(from.order)
}

/** Counts the keys before each digit. Returns false if all keys have the same digit. */
function startsOfDigits(words: Uint32Array, shift: number, counts: Uint32Array): boolean {
  const mask = counts.length - 1
  counts.fill(0)
  for (let i = 0; i < words.length; i++) counts[(words[i]! >>> shift) & mask]!++
  if (counts[(words[0]! >>> shift) & mask] === words.length) return false
  let before = 0
  for (let digit = 0; digit < counts.length; digit++) {
    const count = counts[digit]!
    counts[digit] = before
    before += count
  }
  return true
}

function move(from: PackedKeys, to: PackedKeys, words: Uint32Array, shift: number, next: Uint32Array): void {
  const mask = next.length - 1
  const { high, low, order } = from
  const { high: toHigh, low: toLow, order: toOrder } = to
  for (let i = 0; i < words.length; i++) {
    const at = next[(words[i]! >>> shift) & mask]!++
    toHigh[at] = high[i]!
    toLow[at] = low[i]!
    toOrder[at] = order[i]!
  }
}
