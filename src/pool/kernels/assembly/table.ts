import { allocate, heapBytes, loadMasked, releaseAll } from './memory'

/*
 * Counts or values by key, keys being bytes: an open-addressing table with linear probing, at most half full. An entry:
 *
 * | offset | type | field |
 * | --- | --- | --- |
 * | 0  | 16 bytes | the key and zeros, if it has at most 16 bytes; else its hash (u64) and its address (u64) |
 * | 16 | u32 | count; 0: there is no entry |
 * | 20 | u32 | bytes of the key, and in the two highest bits its tag: the meaning of the bytes |
 * | 24 | f64 | the merged value of the key |
 *
 * `order` lists the entries by their first occurrence, as a Map would.
 */
const ENTRY: u32 = 32
const COUNT: usize = 16
const LENGTH: usize = 20
const VALUE: usize = 24
const FIRST_BITS: u32 = 9

/** Tags of keys. A text has none. */
export const TEXT: u32 = 0
/** The JSON of a number, of true, false or null. */
export const ATOM: u32 = 1 << 30
/** Nothing: the field is missing. */
export const MISSING: u32 = 2 << 30
const LENGTH_OF_KEY: u32 = (1 << 30) - 1

/** Merges of two values. */
export const SUM: u32 = 0
export const MAX: u32 = 1
export const MIN: u32 = 2
export const LEAST: u32 = 3
export const GREATEST: u32 = 4

let table: usize = 0
let order: usize = 0
let bits: u32 = 0
let size: u32 = 0
let tagged: u32 = 0
/** Whether `entryOf` has added the entry. */
let fresh: bool = false

/** Empties the table. It keeps space for as many keys as it had, because the next task counts about as many. */
export function clearTable(): void {
  bits = FIRST_BITS
  while (<u32>1 << bits <= size << 1) bits++
  size = 0
  tagged = 0
  releaseAll()
  makeTable()
}

export function tableSize(): u32 {
  return size
}

/** Keys that are no text. */
export function taggedKeys(): u32 {
  return tagged
}

export function tableBytes(): u32 {
  return <u32>heapBytes()
}

@inline
export function count(at: usize, length: u32): void {
  if (length <= 16) countShort(at, length)
  else countLong(at, length)
}

export function countTagged(at: usize, length: u32, tag: u32): void {
  const entry = entryOf(at, length, tag)
  if (!fresh) store<u32>(entry, load<u32>(entry, COUNT) + 1, COUNT)
}

/** Merges a value into that of the key, like the functions of the same names. */
export function add(at: usize, length: u32, tag: u32, value: f64, how: u32): void {
  const entry = entryOf(at, length, tag)
  store<f64>(entry, fresh ? value : merged(load<f64>(entry, VALUE), value, how), VALUE)
}

@inline
function merged(a: f64, b: f64, how: u32): f64 {
  if (how == SUM) return a + b
  const sticks = b != b
  if (how == MAX) return a < b || sticks ? b : a
  if (how == MIN) return a > b || sticks ? b : a
  // The smallest in natural order, where NaN is greater than every number.
  if (how == LEAST) return a > b || a != a ? b : a
  // As Math.max and Math.min.
  return how == GREATEST ? max<f64>(a, b) : min<f64>(a, b)
}

function entryOf(at: usize, length: u32, tag: u32): usize {
  const short = length <= 16
  const key = loadMasked(at, min<u32>(length, 16))
  const hash = short ? mix(i64x2.extract_lane(key, 0), i64x2.extract_lane(key, 1)) : hashLong(at, length)
  let slot = slotOf(hash)
  let entry = table + slot * ENTRY
  while (load<u32>(entry, COUNT) != 0) {
    fresh = false
    if (load<u32>(entry, LENGTH) == (length | tag)) {
      if (short) {
        if (!v128.any_true(v128.xor(key, v128.load(entry)))) return entry
      } else if (load<u64>(entry) == hash && memory.compare(<usize>load<u64>(entry, 8), at, length) == 0) return entry
    }
    slot = after(slot)
    entry = table + slot * ENTRY
  }
  if (short) v128.store(entry, key)
  else storeLong(entry, hash, at, length)
  insert(slot, length, tag)
  fresh = true
  // Not `entry`, because the table may have grown.
  return table + load<u32>(order + (<usize>(size - 1) << 2))
}

@inline
function countShort(at: usize, length: u32): void {
  const key = loadMasked(at, length)
  let slot = slotOf(mix(i64x2.extract_lane(key, 0), i64x2.extract_lane(key, 1)))
  for (;;) {
    const entry = table + slot * ENTRY
    const n = load<u32>(entry, COUNT)
    if (n == 0) {
      v128.store(entry, key)
      insert(slot, length, TEXT)
      return
    }
    if (load<u32>(entry, LENGTH) == length && !v128.any_true(v128.xor(key, v128.load(entry)))) {
      store<u32>(entry, n + 1, COUNT)
      return
    }
    slot = after(slot)
  }
}

function countLong(at: usize, length: u32): void {
  const hash = hashLong(at, length)
  let slot = slotOf(hash)
  for (;;) {
    const entry = table + slot * ENTRY
    const n = load<u32>(entry, COUNT)
    if (n == 0) {
      storeLong(entry, hash, at, length)
      insert(slot, length, TEXT)
      return
    }
    if (load<u32>(entry, LENGTH) == length && load<u64>(entry) == hash) {
      if (memory.compare(<usize>load<u64>(entry, 8), at, length) == 0) {
        store<u32>(entry, n + 1, COUNT)
        return
      }
    }
    slot = after(slot)
  }
}

/**
 * Writes the table: the lengths (u32, with their tags), the counts (u32), all keys one after the other. Returns the
 * address; the bytes of the keys end where the memory in use ends.
 */
export function writeTable(): usize {
  const lengths = allocate(<usize>size << 3)
  const counts = lengths + (<usize>size << 2)
  let bytes: usize = 0
  for (let i: u32 = 0; i < size; i++) {
    const entry = table + load<u32>(order + (<usize>i << 2))
    const length = load<u32>(entry, LENGTH)
    store<u32>(lengths + (<usize>i << 2), length)
    store<u32>(counts + (<usize>i << 2), load<u32>(entry, COUNT))
    bytes += length & LENGTH_OF_KEY
  }
  // The 16 bytes of a short key are stored whole.
  let to = allocate(bytes + 16)
  for (let i: u32 = 0; i < size; i++) {
    const entry = table + load<u32>(order + (<usize>i << 2))
    const length = load<u32>(entry, LENGTH) & LENGTH_OF_KEY
    if (length <= 16) v128.store(to, v128.load(entry))
    else memory.copy(to, <usize>load<u64>(entry, 8), length)
    to += length
  }
  return lengths
}

/** Writes the values of the keys, in the same order. Returns the address. */
export function writeValues(): usize {
  const values = allocate(<usize>size << 3)
  for (let i: u32 = 0; i < size; i++) {
    const entry = table + load<u32>(order + (<usize>i << 2))
    store<f64>(values + (<usize>i << 3), load<f64>(entry, VALUE))
  }
  return values
}

function makeTable(): void {
  const bytes = <usize>ENTRY << bits
  table = allocate(bytes)
  memory.fill(table, 0, bytes)
  order = allocate(<usize>2 << bits)
}

function storeLong(entry: usize, hash: u64, at: usize, length: u32): void {
  const key = allocate(length)
  memory.copy(key, at, length)
  store<u64>(entry, hash)
  store<u64>(entry, key, 8)
}

function insert(slot: u32, length: u32, tag: u32): void {
  const entry = table + slot * ENTRY
  store<u32>(entry, 1, COUNT)
  store<u32>(entry, length | tag, LENGTH)
  if (tag != TEXT) tagged++
  store<u32>(order + (<usize>size << 2), slot * ENTRY)
  size++
  if (size << 1 == <u32>1 << bits) grow()
}

function grow(): void {
  const from = table
  const list = order
  bits++
  makeTable()
  for (let i: u32 = 0; i < size; i++) {
    const old = from + load<u32>(list + (<usize>i << 2))
    const short = (load<u32>(old, LENGTH) & LENGTH_OF_KEY) <= 16
    let slot = slotOf(short ? mix(load<u64>(old), load<u64>(old, 8)) : load<u64>(old))
    while (load<u32>(table + slot * ENTRY, COUNT) != 0) slot = after(slot)
    memory.copy(table + slot * ENTRY, old, ENTRY)
    store<u32>(order + (<usize>i << 2), slot * ENTRY)
  }
}

@inline
function slotOf(hash: u64): u32 {
  return <u32>(hash >> (64 - bits))
}

@inline
function after(slot: u32): u32 {
  return (slot + 1) & ((1 << bits) - 1)
}

@inline
function mix(low: u64, high: u64): u64 {
  let hash = low * 0x9e3779b97f4a7c15 + rotl(high * 0xc2b2ae3d27d4eb4f, 32)
  hash ^= hash >> 32
  return hash * 0xd6e8feb86659fd93
}

function hashLong(at: usize, length: u32): u64 {
  let hash: u64 = length
  for (; length > 16; at += 16, length -= 16) hash = mix(hash ^ load<u64>(at), load<u64>(at, 8))
  const rest = loadMasked(at, length)
  return mix(hash ^ i64x2.extract_lane(rest, 0), i64x2.extract_lane(rest, 1))
}
