import { firstDifference, indices } from '../../../ops/rdd/prefix-sort.js'
import { Alphabet, ByteKeys } from '../../../ops/rdd/text-keys.js'
import { copyText } from '../../blocks/copy-text.js'
import type { Texts } from '../../kernels/sort-bytes.js'

/** Fewer bytes stay in the processor's cache while they are sorted. */
const CACHED_BYTES = 256 * 1024
/** More groups would need more pages of memory at a time than the processor can address quickly. */
const GROUP_BITS = 10

const alphabet = new Alphabet()

/**
 * Divides texts into groups by their first units: all texts of a group come before those of the next. Sorting a group reads memory
 * in the cache; sorting all texts reads each from a random place. Does not divide large groups again: texts like `a`, `aa`, `aaa`
 * would be copied once for each of them.
 */
export function distributed(texts: Texts): Texts[] {
  const { starts } = texts
  if (starts[starts.length - 1]! - starts[0]! <= CACHED_BYTES) return [texts]
  const groupOf = groupsOf(texts)
  return groupOf ? scattered(texts, groupOf) : [texts]
}

/** Returns the group of each text; undefined if all are equal. */
function groupsOf({ bytes, starts }: Texts): Uint16Array | undefined {
  const keys = new ByteKeys(bytes, starts)
  const at = firstDifference(keys, indices(keys.length), 0)
  if (at === undefined) return undefined
  for (let i = 0; i < keys.length; i++) keys.mark(i, at, 2, alphabet)
  alphabet.rank()
  const bits = 32 - Math.clz32(alphabet.size)
  const units = Math.max(1, Math.floor(GROUP_BITS / bits))
  const groupOf = new Uint16Array(keys.length)
  for (let i = 0; i < groupOf.length; i++) groupOf[i] = keys.pack(i, at, Math.min(2, units), bits, alphabet.ranks)
  alphabet.clear()
  return groupOf
}

/** Copies the texts of each group behind one another. */
function scattered({ bytes, starts }: Texts, groupOf: Uint16Array): Texts[] {
  const firsts = new Uint32Array((1 << GROUP_BITS) + 1)
  const offsets = new Uint32Array(1 << GROUP_BITS)
  count({ bytes, starts }, groupOf, firsts, offsets)
  const next = firsts.slice()
  const to = Buffer.allocUnsafeSlow(starts[groupOf.length]! - starts[0]!)
  const toStarts = new Uint32Array(groupOf.length + 1)
  for (let i = 0; i < groupOf.length; i++) {
    const group = groupOf[i]!
    const at = offsets[group]!
    toStarts[next[group]!++] = at
    offsets[group] = copyText(bytes, starts[i]!, starts[i + 1]!, to, at)
  }
  toStarts[groupOf.length] = to.length
  const groups: Texts[] = []
  for (let group = 0; group < offsets.length; group++)
    if (firsts[group + 1]! > firsts[group]!)
      groups.push({ bytes: to, starts: toStarts.subarray(firsts[group]!, firsts[group + 1]! + 1) })
  return groups
}

/** Counts the texts, and their bytes, before each group. */
function count({ starts }: Texts, groupOf: Uint16Array, firsts: Uint32Array, offsets: Uint32Array): void {
  for (let i = 0; i < groupOf.length; i++) {
    firsts[groupOf[i]! + 1]!++
    offsets[groupOf[i]!]! += starts[i + 1]! - starts[i]!
  }
  let before = 0
  for (let group = 0; group < offsets.length; group++) {
    firsts[group + 1]! += firsts[group]!
    const length = offsets[group]!
    offsets[group] = before
    before += length
  }
}
