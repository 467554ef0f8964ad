/*
 * A sort by comparison calls a function n log n times, and each call follows two pointers. This sort packs the
 * beginning of each key into 32 bits that sort like the keys, with the index of the record beside them:
 *
 *   | high: prefix of the key | low: index of the record |
 *
 * The runtime sorts these integers in native code. Keys with equal prefixes are sorted again: long runs by their next
 * characters, short runs by comparison. The index makes the sort stable.
 */

/** Shorter runs are sorted by comparison, because packing them would cost more. */
const SHORT = 32
/** After this many common characters, texts are sorted by comparison: each level of prefixes is a nested call. */
const DEEPEST = 256

/**
 * Returns the indices of the keys in ascending or descending order; equal keys stay in their original order. Returns
 * undefined unless all keys are texts or all are numbers.
 */
export function sortedIndices(keys: readonly unknown[], ascending: boolean): Uint32Array | undefined {
  const type = typeof keys[0]
  if (type !== 'string' && type !== 'number') return undefined
  for (let i = 1; i < keys.length; i++) if (typeof keys[i] !== type) return undefined
  const order = new Uint32Array(keys.length)
  for (let i = 0; i < order.length; i++) order[i] = i
  const flip = ascending ? 0 : 0xffffffff
  if (type === 'string') sortTexts(keys as readonly string[], order, 0, flip)
  else sortNumbers(keys as readonly number[], order, flip)
  return order
}

/** Sorts ascending indices of texts whose first `agreed` UTF-16 units are equal. */
function sortTexts(keys: readonly string[], order: Uint32Array, agreed: number, flip: number): void {
  const at = order.length > SHORT && agreed <= DEEPEST ? firstDifference(keys, order, agreed) : undefined
  for (const packing of at === undefined ? [] : [NARROW, WIDE]) {
    const packed = packTexts(keys, order, at!, packing, flip)
    if (!packed) continue
    byPrefix(order, packed, (run) => sortTexts(keys, run, at! + packing.units, flip))
    return
  }
  byComparing(keys, order, flip)
}

function sortNumbers(keys: readonly number[], order: Uint32Array, flip: number): void {
  if (order.length <= SHORT) byComparing(keys, order, flip)
  else byPrefix(order, packNumbers(keys, order, flip), (run) => byComparing(keys, run, flip))
}

/** Sorts by packed prefixes. Calls `refine` to sort each run of indices with equal prefixes. */
function byPrefix(order: Uint32Array, packed: BigUint64Array, refine: (run: Uint32Array) => void): void {
  packed.sort()
  const words = new Uint32Array(packed.buffer)
  for (let i = 0; i < order.length; i++) order[i] = words[2 * i + LOW]!
  for (let from = 0; from < order.length; ) {
    let to = from + 1
    while (to < order.length && words[2 * to + HIGH] === words[2 * from + HIGH]) to++
    if (to - from > 1) refine(order.subarray(from, to))
    from = to
  }
}

const LOW = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1
const HIGH = 1 - LOW

/** Returns the index, from `agreed` on, of the first unit in which the texts differ; undefined if all are equal. */
function firstDifference(keys: readonly string[], order: Uint32Array, agreed: number): number | undefined {
  const first = keys[order[0]!]!
  let end = first.length
  let equal = true
  for (let i = 1; i < order.length; i++) {
    const key = keys[order[i]!]!
    let at = Math.min(agreed, end)
    while (at < end && key.charCodeAt(at) === first.charCodeAt(at)) at++
    if (at < end || key.length > end) equal = false
    end = at
  }
  return equal ? undefined : end
}

/**
 * The number of units in a prefix, and the greatest unit that fits. A unit is stored plus one, because zero marks the
 * end of a text.
 */
interface Packing {
  readonly units: number
  readonly most: number
}
const NARROW: Packing = { units: 4, most: 0xfe }
const WIDE: Packing = { units: 2, most: 0xfffe }

/** Returns undefined if a unit does not fit. */
function packTexts(
  keys: readonly string[],
  order: Uint32Array,
  at: number,
  { units, most }: Packing,
  flip: number,
): BigUint64Array | undefined {
  const packed = new BigUint64Array(order.length)
  const words = new Uint32Array(packed.buffer)
  const bits = 32 / units
  for (let i = 0; i < order.length; i++) {
    const index = order[i]!
    const key = keys[index]!
    let prefix = 0
    for (let unit = at; unit < at + units; unit++) {
      const code = unit < key.length ? key.charCodeAt(unit) + 1 : 0
      if (code > most + 1) return undefined
      prefix = (prefix << bits) | code
    }
    words[2 * i + HIGH] = prefix ^ flip
    words[2 * i + LOW] = index
  }
  return packed
}

/**
 * Returns the upper half of a double as an unsigned integer that sorts in the same order: sets the sign bit of positive
 * numbers, inverts all bits of negative ones. Both zeros are equal, and NaN is above Infinity.
 */
function packNumbers(keys: readonly number[], order: Uint32Array, flip: number): BigUint64Array {
  const packed = new BigUint64Array(order.length)
  const words = new Uint32Array(packed.buffer)
  const float = new Float64Array(1)
  const halves = new Int32Array(float.buffer)
  for (let i = 0; i < order.length; i++) {
    const index = order[i]!
    const key = keys[index]!
    float[0] = key + 0
    const high = halves[HIGH]!
    const turned = Number.isNaN(key) ? -1 : high < 0 ? ~high : high | 0x80000000
    words[2 * i + HIGH] = turned ^ flip
    words[2 * i + LOW] = index
  }
  return packed
}

/** Sorts indices by comparison. Equal keys keep their order, because the runtime's sort is stable. */
function byComparing<K extends string | number>(keys: readonly K[], order: Uint32Array, flip: number): void {
  const sign = flip === 0 ? 1 : -1
  const sorted = Array.from(order).sort((a, b) => {
    const x = keys[a]!
    const y = keys[b]!
    if (x < y) return -sign
    if (x > y) return sign
    // NaN comes last, and two NaN are equal.
    return (Number(Number.isNaN(x)) - Number(Number.isNaN(y))) * sign
  })
  order.set(sorted)
}
