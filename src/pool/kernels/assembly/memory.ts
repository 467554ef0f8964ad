/*
 * The memory of the kernels: private to a thread and grown, never shrunk.
 *
 * | from | |
 * | --- | --- |
 * | INPUT    | a piece of text, its distance to a multiple of 8 as in the block it came from |
 * | SELECTED | the lines of a piece that pass a filter |
 * | GIVEN    | a key that a function returned, or the shapes of lines (rows.ts) |
 * | NEEDLE   | the text that a filter searches for |
 * | WANTED   | the wanted fields of JSON (json.ts) |
 * | PROGRAM  | a condition (conditions.ts), then its texts |
 * | SHAPES   | the shapes of JSON objects (rows.ts) |
 * | FIELDS   | addresses of the separators in a line (parts.ts) |
 * | MASKS    | for n = 0..16: n bytes 0xff, then zeros |
 * | PAIRS    | a list of pairs (pairs.ts), or the values of lines (rows.ts) |
 * | KEYS     | the keys of listed pairs that are not in the text |
 * | HEAP     | the table of keys |
 *
 * Vector loads read up to 63 bytes past their range, so every area is followed by as many spare bytes.
 */
export const PIECE: usize = 128 * 1024
export const NEEDLE_BYTES: usize = 1024
export const WANTED_BYTES: usize = 2048
export const PROGRAM_BYTES: usize = 4096
export const WANTED_FIELDS: usize = 4
export const SHAPES_BYTES: usize = 16 * 1024
/** As many as the longest field index, and those of one more vector. */
const FIELD_BYTES: usize = (64 + 16) * 4
const PAIRS_BYTES: usize = 8192 * 16
const SLACK: usize = 128

export const INPUT: usize = (__heap_base + 63) & ~63
export const SELECTED: usize = INPUT + PIECE + SLACK
export const GIVEN: usize = SELECTED + PIECE + SLACK
export const NEEDLE: usize = GIVEN + PIECE + SLACK
export const WANTED: usize = NEEDLE + NEEDLE_BYTES + SLACK
export const PROGRAM: usize = WANTED + WANTED_FIELDS * WANTED_BYTES + SLACK
export const SHAPES: usize = PROGRAM + PROGRAM_BYTES + SLACK
export const FIELDS: usize = SHAPES + SHAPES_BYTES + SLACK
export const MASKS: usize = FIELDS + FIELD_BYTES + SLACK
/** At a multiple of 8, for doubles. */
export const PAIRS: usize = (MASKS + 17 * 16 + 63) & ~63
export const KEYS: usize = PAIRS + PAIRS_BYTES
const HEAP: usize = KEYS + PIECE + SLACK

let top: usize = HEAP

/** Allocates memory that is valid until the next `releaseAll`. */
export function allocate(bytes: usize): usize {
  const at = (top + 63) & ~63
  top = at + bytes
  const there = <usize>memory.size() << 16
  const needed = top + SLACK
  if (needed > there && memory.grow(i32((needed - there + 0xffff) >> 16)) < 0) unreachable()
  return at
}

export function releaseAll(): void {
  top = HEAP
  allocate(0)
}

/** Returns the end of all allocations. `releaseTo` frees what was allocated after it. */
export function heapTop(): usize {
  return top
}

export function releaseTo(end: usize): void {
  top = end
}

/** Returns the bytes of the table, outgrown ones included. */
export function heapBytes(): usize {
  return top - HEAP
}

export function writeMasks(): void {
  for (let n: usize = 0; n <= 16; n++) {
    for (let i: usize = 0; i < 16; i++) store<u8>(MASKS + (n << 4) + i, i < n ? 0xff : 0)
  }
}

/** Returns the 16 bytes at `at`, with zeros from `length` on. */
@inline
export function loadMasked(at: usize, length: u32): v128 {
  return v128.and(v128.load(at), v128.load(MASKS + (<usize>length << 4)))
}

/** Returns whether two texts of the same length are equal. */
@inline
export function equal(a: usize, b: usize, length: u32): bool {
  if (length > 16) return memory.compare(a, b, length) == 0
  return !v128.any_true(v128.xor(loadMasked(a, length), loadMasked(b, length)))
}
