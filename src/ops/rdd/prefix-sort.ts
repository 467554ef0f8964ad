import { type PackedKeys, radixSort } from './radix-sort.js'
import { Alphabet, StringKeys, type TextKeys } from './text-keys.js'

/*
 * A sort by comparison calls a function n log n times, and each call follows two pointers. This sort packs as many
 * units of each text as fit into 64 bits that sort like the texts, and sorts these by their digits:
 *
 *   | high: the first units | low: the next units |
 *
 * Each unit is its rank among the units that occur: four bits for decimal digits, so 16 of them fit, and six for letters. Texts that
 * agree in all of these units are sorted again: long runs by their next units, short runs by comparison.
 */

/** Shorter runs are sorted by comparison, because packing them would cost more. */
const SHORT = 64
/** After this many common units, texts are sorted by comparison: each level of prefixes is a nested call. */
const DEEPEST = 256
/** Units that 64 bits can take at most, of texts with few different units. */
const MOST_UNITS = 16

const alphabet = new Alphabet()

/**
 * Returns the indices of the keys in ascending or descending order; equal keys stay in their original order. Returns
 * undefined unless all keys are texts or all are numbers.
 */
export function sortedIndices(keys: readonly unknown[], ascending: boolean): Uint32Array | undefined {
  const type = typeof keys[0]
  if (type !== 'string' && type !== 'number') return undefined
  for (let i = 1; i < keys.length; i++) if (typeof keys[i] !== type) return undefined
  if (type === 'string') return sortedTexts(new StringKeys(keys as readonly string[]), ascending)
  return sortedNumbers(keys as readonly number[], ascending)
}

/** Like `sortedIndices`, of texts. */
export function sortedTexts(keys: TextKeys, ascending: boolean): Uint32Array {
  const order = indices(keys.length)
  sortRun(keys, order, 0, ascending ? 0 : -1)
  return order
}

function sortedNumbers(keys: readonly number[], ascending: boolean): Uint32Array {
  const packed = packedNumbers(keys, ascending ? 0 : -1)
  radixSort(packed)
  return packed.order
}

/** Returns the numbers from 0 to n - 1. */
export function indices(n: number): Uint32Array {
  const order = new Uint32Array(n)
  for (let i = 0; i < n; i++) order[i] = i
  return order
}

/** Sorts ascending indices of texts whose first `agreed` units are equal. */
function sortRun(keys: TextKeys, order: Uint32Array, agreed: number, flip: number): void {
  if (order.length <= SHORT || agreed > DEEPEST) {
    byComparing(keys, order, agreed, flip)
    return
  }
  const at = firstDifference(keys, order, agreed)
  if (at === undefined) return
  const { packed, units } = packTexts(keys, order, at, flip)
  radixSort(packed)
  order.set(packed.order)
  const { high, low } = packed
  for (let from = 0; from < order.length; ) {
    let to = from + 1
    while (to < order.length && high[to] === high[from] && low[to] === low[from]) to++
    if (to - from > 1) sortTied(keys, order.subarray(from, to), at + units, flip)
    from = to
  }
}

/** Sorts texts that agree in all packed units: some of them may end there. */
function sortTied(keys: TextKeys, order: Uint32Array, agreed: number, flip: number): void {
  for (let i = 0; i < order.length; i++) {
    if (keys.lengthOf(order[i]!) <= agreed) continue
    sortRun(keys, order, agreed, flip)
    return
  }
}

/** Returns the index, from `agreed` on, of the first unit in which the texts differ; undefined if all are equal. */
export function firstDifference(keys: TextKeys, order: Uint32Array, agreed: number): number | undefined {
  const first = order[0]!
  const length = keys.lengthOf(first)
  let end = length
  let equal = true
  for (let i = 1; i < order.length; i++) {
    const at = keys.agreement(order[i]!, first, agreed, end)
    if (at < length || keys.lengthOf(order[i]!) > length) equal = false
    end = at
    if (end <= agreed && !equal) break
  }
  return equal ? undefined : end
}

/** Packs the next units of the texts, and returns how many. */
function packTexts(
  keys: TextKeys,
  order: Uint32Array,
  at: number,
  flip: number,
): { readonly packed: PackedKeys; readonly units: number } {
  for (let i = 0; i < order.length; i++) keys.mark(order[i]!, at, MOST_UNITS, alphabet)
  alphabet.rank()
  const bits = Math.max(4, 32 - Math.clz32(alphabet.size))
  const units = Math.floor(32 / bits)
  const { ranks } = alphabet
  const high = new Uint32Array(order.length)
  const low = new Uint32Array(order.length)
  for (let i = 0; i < order.length; i++) {
    high[i] = keys.pack(order[i]!, at, units, bits, ranks) ^ flip
    low[i] = keys.pack(order[i]!, at + units, units, bits, ranks) ^ flip
  }
  alphabet.clear()
  return { packed: { high, low, order: order.slice() }, units: 2 * units }
}

/**
 * Returns doubles as unsigned integers that sort in the same order: sets the sign bit of positive numbers, inverts all
 * bits of negative ones. Both zeros are equal, and NaN is above Infinity.
 */
function packedNumbers(keys: readonly number[], flip: number): PackedKeys {
  const high = new Uint32Array(keys.length)
  const low = new Uint32Array(keys.length)
  const float = new Float64Array(1)
  const halves = new Int32Array(float.buffer)
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!
    float[0] = Number.isNaN(key) ? Number.POSITIVE_INFINITY : key + 0
    const sign = halves[HIGH]! >> 31
    high[i] = (Number.isNaN(key) ? -1 : halves[HIGH]! ^ (sign | 0x80000000)) ^ flip
    low[i] = halves[LOW]! ^ sign ^ flip
  }
  return { high, low, order: indices(keys.length) }
}

const LOW = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1
const HIGH = 1 - LOW

/** Sorts indices by comparison. Equal texts keep their order, because the runtime's sort is stable. */
function byComparing(keys: TextKeys, order: Uint32Array, agreed: number, flip: number): void {
  order.set(
    Array.from(order).sort(flip === 0 ? (a, b) => keys.compare(a, b, agreed) : (a, b) => keys.compare(b, a, agreed)),
  )
}
