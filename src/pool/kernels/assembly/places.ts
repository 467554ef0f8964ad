import { allocate, heapTop, PAIRS, releaseTo } from './memory'
import { listedPairs, PAIR_BYTES } from './pairs'

/*
 * Divides the listed pairs by the hashes of their keys, into columns for each part of a shuffle.
 *
 * | memory, above the table | |
 * | --- | --- |
 * | parts   | for each part u32: the end of its pairs, and of the bytes of its keys |
 * | part of | u32: the part of each pair in the list |
 * | values  | i32 or f64: the values, by part |
 * | lengths | u8: the lengths of the keys, by part |
 * | texts   | the keys, by part; after each part GAP spare bytes |
 */

/** Spare bytes after each part: short keys are copied as 16 bytes. */
const GAP: u32 = 16
/** The length of a key is one byte. */
const LONGEST: u32 = 0xff

/** The type of the values; or a key is too long, and nothing is divided. */
const TOO_LONG: u32 = 0
const INTS: u32 = 1
const FLOATS: u32 = 2

let parts: usize = 0
let values: usize = 0
let lengths: usize = 0
let texts: usize = 0

/** Divides the pairs, and returns the type of the values. The results are valid until memory is allocated. */
export function placePairs(count: u32): u32 {
  const pairs = listedPairs()
  const top = heapTop()
  parts = allocate(<usize>count * 8)
  const partOf = allocate(<usize>pairs * 4)
  values = allocate(<usize>pairs * 8)
  lengths = allocate(<usize>pairs)
  memory.fill(parts, 0, <usize>count * 8)
  let type = INTS
  let size: u32 = 0
  for (let i: u32 = 0; i < pairs; i++) {
    const entry = pairAt(i)
    const length = load<u32>(entry, 4)
    if (length > LONGEST) {
      releaseTo(top)
      return TOO_LONG
    }
    const part = count == 1 ? 0 : hashOf(load<u32>(entry), length) % count
    store<u32>(partOf + (<usize>i << 2), part)
    const totals = parts + (<usize>part << 3)
    store<u32>(totals, load<u32>(totals) + 1)
    store<u32>(totals, load<u32>(totals, 4) + length, 4)
    size += length
    if (!isInt(load<f64>(entry, 8))) type = FLOATS
  }
  texts = allocate(<usize>size + <usize>count * GAP)
  releaseTo(top)
  beginParts(count)
  for (let i: u32 = 0; i < pairs; i++) {
    const entry = pairAt(i)
    const length = load<u32>(entry, 4)
    const totals = parts + (<usize>load<u32>(partOf + (<usize>i << 2)) << 3)
    const place = load<u32>(totals)
    const end = load<u32>(totals, 4)
    const from = <usize>load<u32>(entry)
    const to = texts + end
    if (length <= GAP) v128.store(to, v128.load(from))
    else memory.copy(to, from, length)
    store<u8>(lengths + place, <u8>length)
    const value = load<f64>(entry, 8)
    if (type == INTS) store<i32>(values + (<usize>place << 2), <i32>value)
    else store<f64>(values + (<usize>place << 3), value)
    store<u32>(totals, place + 1)
    store<u32>(totals, end + length, 4)
  }
  return type
}

/** The ends of each part's pairs and bytes. */
export function placedEnds(): usize {
  return parts
}

export function placedValues(): usize {
  return values
}

export function placedLengths(): usize {
  return lengths
}

export function placedTexts(): usize {
  return texts
}

@inline
function pairAt(i: u32): usize {
  return PAIRS + <usize>(i * PAIR_BYTES)
}

/** Replaces the totals of each part by those of the parts before it. */
function beginParts(count: u32): void {
  let pairs: u32 = 0
  let size: u32 = 0
  for (let part: u32 = 0; part < count; part++) {
    const totals = parts + (<usize>part << 3)
    const ownPairs = load<u32>(totals)
    const ownSize = load<u32>(totals, 4)
    store<u32>(totals, pairs)
    store<u32>(totals, size, 4)
    pairs += ownPairs
    size += ownSize + GAP
  }
}

/** Returns `hashLatin1` of a key: src/values/keys.ts. */
function hashOf(at: usize, length: u32): u32 {
  let hash: u32 = 0x811c9dc5
  for (const end = at + length; at < end; at++) hash = (hash ^ load<u8>(at)) * 0x01000193
  hash = (hash ^ (hash >>> 16)) * 0x85ebca6b
  hash = (hash ^ (hash >>> 13)) * 0xc2b2ae35
  return hash ^ (hash >>> 16)
}

/** Whether an i32 holds exactly this number. */
@inline
function isInt(value: f64): bool {
  return <f64>(<i32>value) == value && reinterpret<u64>(value) != 0x8000000000000000
}
