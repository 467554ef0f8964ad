import { KEYS, loadMasked, PAIRS, PIECE } from './memory'

/*
 * A list of pairs, for shuffles that do not combine. An entry:
 *
 * | offset | type | field |
 * | --- | --- | --- |
 * | 0 | u32 | address of the key |
 * | 4 | u32 | bytes of the key |
 * | 8 | f64 | the value |
 */
export const MOST_PAIRS: u32 = 8192
export const PAIR_BYTES: u32 = 16

/** In place of a merge: the pairs are listed. */
export const LIST: u32 = 6

let count: u32 = 0
/** Bytes of keys in KEYS. */
let copied: usize = 0

export function clearPairs(): void {
  count = 0
  copied = 0
}

export function listedPairs(): u32 {
  return count
}

/** Adds a pair; false if the list is full, or the key is no ASCII. */
export function list(at: usize, length: u32, value: f64): bool {
  if (count == MOST_PAIRS || !isAscii(at, length)) return false
  const entry = PAIRS + <usize>(count * PAIR_BYTES)
  store<u32>(entry, <u32>at)
  store<u32>(entry, length, 4)
  store<f64>(entry, value, 8)
  count++
  return true
}

/** Like `list`, for a key whose memory is used again. */
export function listCopy(at: usize, length: u32, value: f64): bool {
  const to = KEYS + copied
  if (copied + length > PIECE) return false
  memory.copy(to, at, length)
  if (!list(to, length, value)) return false
  copied += length
  return true
}

export function isAscii(at: usize, length: u32): bool {
  const end = at + length
  for (; at + 16 <= end; at += 16) if (i8x16.bitmask(v128.load(at)) != 0) return false
  return i8x16.bitmask(loadMasked(at, <u32>(end - at))) == 0
}
