/*
 * Sorting by comparing calls a function n log n times and follows two pointers in each. Here what a key begins with is
 * packed into 32 bits that sort as the keys do, with the index beside it:
 *
 *   | high: prefix of the key | low: index of the record |
 *
 * and the runtime sorts these as integers, in native code. Only keys that agree in the prefix are looked at again: long
 * runs by what follows in them, short ones by comparing. The index makes it stable.
 */

/** Shorter runs are compared: packing them costs more. */
const SHORT = 32
/** Where texts agree for so long, comparing them takes over: each level is a call. */
const DEEPEST = 256

/** The indices of the keys in ascending order, equal ones as they came; undefined unless all are texts or all numbers. */
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

/** Sorts indices, which are ascending, of texts whose first `agreed` units are equal. */
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

/** Sorts by the packed prefixes; `refine` sorts the indices for which they are the same. */
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

/** The first unit, from `agreed` on, in which these texts differ; undefined if they are all equal. */
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

/** How many units go into a prefix, and the greatest that fits: one more is packed, as zero is the end of the text. */
interface Packing {
  readonly units: number
  readonly most: number
}
const NARROW: Packing = { units: 4, most: 0xfe }
const WIDE: Packing = { units: 2, most: 0xfffe }

/** Undefined if a unit does not fit. */
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
 * The upper half of the float, its bits turned so that they sort as unsigned integers: positive numbers get the sign bit,
 * negative ones are inverted. Zeros are one, and NaN is above infinity.
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

/** Sorts indices by comparing; what is equal keeps its order, as the sort is stable. */
function byComparing<K extends string | number>(keys: readonly K[], order: Uint32Array, flip: number): void {
  const sign = flip === 0 ? 1 : -1
  const sorted = Array.from(order).sort((a, b) => {
    const x = keys[a]!
    const y = keys[b]!
    if (x < y) return -sign
    if (x > y) return sign
    // Neither is NaN, or both; else the one that is comes last.
    return (Number(Number.isNaN(x)) - Number(Number.isNaN(y))) * sign
  })
  order.set(sorted)
}
