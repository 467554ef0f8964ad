import { allocate, heapTop, releaseTo } from './memory'

/*
 * Sorts texts of one byte per unit, by their bytes. As many units of each text as fit are packed into 64 bits, each as its
 * rank among the units that occur: four bits for decimal digits, so 16 of them fit. Texts that agree in all packed units
 * are sorted again, by their next units. Equal texts are the same bytes, so the sort need not be stable.
 *
 * | memory, above the table | |
 * | --- | --- |
 * | starts  | u32 for each text, and the end of the last one; from the first text on |
 * | texts   | one after the other |
 * | keys    | u64, twice: a digit moves the keys from one array to the other |
 * | order   | u32, twice |
 * | lengths | u32, in their order |
 * | sorted  | the texts, in their order |
 */

/** Shorter runs are sorted by insertion. */
const SHORT: u32 = 24
const MOST_UNITS: u32 = 16
/** Texts of which each is the beginning of the next nest once per 8 units. Deeper runs are sorted by comparison. */
const DEEPEST: u32 = 256
const ALL_EQUAL: u32 = 0xffffffff

const seen = memory.data(256)
const counts = memory.data(256 * 4)
/** The counts of the first digit, which outlive those of the others. */
const firsts = memory.data(257 * 4)

let before: usize = 0
let count: u32 = 0
let starts: usize = 0
let texts: usize = 0
let keys: usize = 0
let otherKeys: usize = 0
let order: usize = 0
let otherOrder: usize = 0
let sorted: usize = 0

/** Reserves memory for texts, and returns the place of their starts. `endSort` frees it. */
export function beginSort(bytes: u32, n: u32): usize {
  before = heapTop()
  count = n
  starts = allocate((<usize>n + 1) * 4)
  texts = allocate(bytes)
  keys = allocate(<usize>n * 8)
  otherKeys = allocate(<usize>n * 8)
  order = allocate(<usize>n * 4)
  otherOrder = allocate(<usize>n * 4)
  sorted = allocate(bytes)
  return starts
}

export function textsToSort(): usize {
  return texts
}

export function sortedTexts(): usize {
  return sorted
}

export function endSort(): void {
  releaseTo(before)
}

/** Sorts the texts, and copies them in their order. Returns the place of their lengths. */
export function sortTexts(ascending: bool): usize {
  for (let i: u32 = 0; i < count; i++) setIndex(i, i)
  sortRun(0, count, 0, 0)
  const lengths = otherKeys
  let to = sorted
  for (let i: u32 = 0; i < count; i++) {
    const text = index(ascending ? i : count - 1 - i)
    const length = lengthOf(text)
    store<u32>(lengths + (<usize>i << 2), length)
    const from = placeOf(text)
    // May write past the text; the next one, or the spare bytes, are there.
    if (length <= 16) v128.store(to, v128.load(from))
    else memory.copy(to, from, length)
    to += length
  }
  return lengths
}

/** Sorts texts from `low` to `high` of the order, whose first `agreed` units are equal. */
function sortRun(low: u32, high: u32, agreed: u32, depth: u32): void {
  if (high - low <= SHORT) return insertTexts(low, high, agreed)
  if (depth > DEEPEST) return heapSort(low, high, agreed)
  const at = firstDifference(low, high, agreed)
  if (at == ALL_EQUAL) return
  const bits = rankUnits(low, high, at)
  const units = min(MOST_UNITS, 64 / bits)
  packAll(low, high, at, units, bits)
  sortKeys(low, high)
  const past = at + units
  const last = ((<u64>1 << bits) - 1) << (64 - units * bits)
  for (let from = low; from < high; ) {
    const key = keyAt(from)
    let to = from + 1
    while (to < high && keyAt(to) == key) to++
    // Texts that end before the last unit are equal.
    if (to - from > 1 && (key & last) != 0) sortRun(from, to, past, depth + 1)
    from = to
  }
}

/** Returns the index of the first unit in which the texts differ. */
function firstDifference(low: u32, high: u32, agreed: u32): u32 {
  const first = placeOf(index(low))
  const length = lengthOf(index(low))
  let end = length
  let equal = true
  for (let i = low + 1; i < high; i++) {
    const text = index(i)
    const place = placeOf(text)
    const own = lengthOf(text)
    const most = min(end, own)
    let at = agreed
    while (at + 8 <= most && load<u64>(first + at) == load<u64>(place + at)) at += 8
    while (at < most && load<u8>(first + at) == load<u8>(place + at)) at++
    if (at < length || own > length) equal = false
    end = at
    if (end == agreed && !equal) break
  }
  return equal ? ALL_EQUAL : end
}

/** Ranks the units in a window of the texts, from 1 on; 0 is the end of a text. Returns the bits of a rank. */
function rankUnits(low: u32, high: u32, at: u32): u32 {
  memory.fill(seen, 0, 256)
  for (let i = low; i < high; i++) {
    const text = index(i)
    const place = placeOf(text)
    const end = place + min(lengthOf(text), at + MOST_UNITS)
    for (let unit = place + at; unit < end; unit++) store<u8>(seen + load<u8>(unit), 1)
  }
  let rank: u32 = 0
  for (let unit: u32 = 0; unit < 256; unit++) if (load<u8>(seen + unit) != 0) rank++
  // Ranks up to 256 do not fit into a byte: then each unit is its own rank, less one.
  let next: u32 = rank == 256 ? 0 : 1
  for (let unit: u32 = 0; unit < 256; unit++) {
    if (load<u8>(seen + unit) == 0) continue
    store<u8>(seen + unit, <u8>next)
    next++
  }
  lowest = rank == 256 ? 1 : 0
  return max<u32>(4, 32 - clz(rank))
}
/** The difference between a rank and its byte in `seen`. */
let lowest: u32 = 0

function packAll(low: u32, high: u32, at: u32, units: u32, bits: u32): void {
  for (let i = low; i < high; i++) {
    const text = index(i)
    const unit = placeOf(text) + at
    // Texts end at or after `at`.
    const there = min(lengthOf(text) - at, units)
    let key: u64 = 0
    for (let u: u32 = 0; u < there; u++) key = (key << bits) | (load<u8>(seen + load<u8>(unit + u)) + lowest)
    setKey(i, there == 0 ? 0 : key << (64 - there * bits))
  }
}

/** Sorts the keys, and the order with them: by the highest digit, then each of its groups, which fits the cache. */
function sortKeys(low: u32, high: u32): void {
  const groups = firsts
  memory.fill(groups, 0, 257 * 4)
  for (let i = low; i < high; i++) {
    const at = groups + ((<usize>(keyAt(i) >> 56) + 1) << 2)
    store<u32>(at, load<u32>(at) + 1)
  }
  store<u32>(groups, low)
  for (let digit: u32 = 0; digit < 256; digit++) {
    const at = groups + (digit << 2)
    const start = load<u32>(at)
    store<u32>(counts + (digit << 2), start)
    store<u32>(at, start + load<u32>(at, 4), 4)
  }
  for (let i = low; i < high; i++) {
    const key = keyAt(i)
    move(i, key, counts + (<usize>(key >> 56) << 2))
  }
  copyBack(low, high)
  for (let digit: u32 = 0; digit < 256; digit++) {
    const at = groups + (digit << 2)
    sortGroup(load<u32>(at), load<u32>(at, 4))
  }
}

/** Sorts keys whose highest byte is equal, by one byte after the other, from the lowest. Skips those that are equal. */
function sortGroup(low: u32, high: u32): void {
  if (high - low <= SHORT) return insertKeys(low, high)
  const first = keyAt(low)
  let differences: u64 = 0
  for (let i = low + 1; i < high; i++) differences |= keyAt(i) ^ first
  let moved = false
  for (let shift: u64 = 0; shift < 56; shift += 8) {
    if (((differences >> shift) & 0xff) == 0) continue
    memory.fill(counts, 0, 256 * 4)
    for (let i = low; i < high; i++) {
      const at = counts + (<usize>((keyAt(i) >> shift) & 0xff) << 2)
      store<u32>(at, load<u32>(at) + 1)
    }
    let start = low
    for (let digit: u32 = 0; digit < 256; digit++) {
      const at = counts + (digit << 2)
      const size = load<u32>(at)
      store<u32>(at, start)
      start += size
    }
    for (let i = low; i < high; i++) {
      const key = keyAt(i)
      move(i, key, counts + (<usize>((key >> shift) & 0xff) << 2))
    }
    swap()
    moved = !moved
  }
  if (!moved) return
  swap()
  copyBack(low, high)
}

/** Copies key i, and its text, to the next place of its digit in the other arrays. */
@inline
function move(i: u32, key: u64, next: usize): void {
  const to = load<u32>(next)
  store<u32>(next, to + 1)
  store<u64>(otherKeys + (<usize>to << 3), key)
  store<u32>(otherOrder + (<usize>to << 2), index(i))
}

function copyBack(low: u32, high: u32): void {
  const n = <usize>(high - low)
  memory.copy(keys + (<usize>low << 3), otherKeys + (<usize>low << 3), n << 3)
  memory.copy(order + (<usize>low << 2), otherOrder + (<usize>low << 2), n << 2)
}

function swap(): void {
  const k = keys
  keys = otherKeys
  otherKeys = k
  const o = order
  order = otherOrder
  otherOrder = o
}

function insertKeys(low: u32, high: u32): void {
  for (let i = low + 1; i < high; i++) {
    const key = keyAt(i)
    const text = index(i)
    let at = i
    for (; at > low && keyAt(at - 1) > key; at--) {
      setKey(at, keyAt(at - 1))
      setIndex(at, index(at - 1))
    }
    setKey(at, key)
    setIndex(at, text)
  }
}

function insertTexts(low: u32, high: u32, agreed: u32): void {
  for (let i = low + 1; i < high; i++) {
    const text = index(i)
    let at = i
    for (; at > low && isGreater(index(at - 1), text, agreed); at--) setIndex(at, index(at - 1))
    setIndex(at, text)
  }
}

function heapSort(low: u32, high: u32, agreed: u32): void {
  const n = high - low
  for (let root = n >> 1; root > 0; root--) sink(low, root - 1, n, agreed)
  for (let end = n - 1; end > 0; end--) {
    const greatest = index(low)
    setIndex(low, index(low + end))
    setIndex(low + end, greatest)
    sink(low, 0, end, agreed)
  }
}

function sink(low: u32, root: u32, end: u32, agreed: u32): void {
  const text = index(low + root)
  for (;;) {
    let child = root * 2 + 1
    if (child >= end) break
    if (child + 1 < end && isGreater(index(low + child + 1), index(low + child), agreed)) child++
    if (!isGreater(index(low + child), text, agreed)) break
    setIndex(low + root, index(low + child))
    root = child
  }
  setIndex(low + root, text)
}

/** Compares texts whose first `agreed` units are equal. */
function isGreater(a: u32, b: u32, agreed: u32): bool {
  const placeA = placeOf(a)
  const placeB = placeOf(b)
  const lengthA = lengthOf(a)
  const lengthB = lengthOf(b)
  const most = min(lengthA, lengthB)
  let at = agreed
  while (at + 8 <= most && load<u64>(placeA + at) == load<u64>(placeB + at)) at += 8
  for (; at < most; at++) {
    const unitA = load<u8>(placeA + at)
    const unitB = load<u8>(placeB + at)
    if (unitA != unitB) return unitA > unitB
  }
  return lengthA > lengthB
}

@inline
function placeOf(text: u32): usize {
  return texts + load<u32>(starts + (<usize>text << 2))
}

@inline
function lengthOf(text: u32): u32 {
  const at = starts + (<usize>text << 2)
  return load<u32>(at, 4) - load<u32>(at)
}

@inline
function index(i: u32): u32 {
  return load<u32>(order + (<usize>i << 2))
}

@inline
function setIndex(i: u32, text: u32): void {
  store<u32>(order + (<usize>i << 2), text)
}

@inline
function keyAt(i: u32): u64 {
  return load<u64>(keys + (<usize>i << 3))
}

@inline
function setKey(i: u32, key: u64): void {
  store<u64>(keys + (<usize>i << 3), key)
}
