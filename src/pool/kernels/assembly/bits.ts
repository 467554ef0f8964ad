/*
 * Masks of matching bytes among the 64 bytes from `at` on: bit i for byte i. Loops over set bits mispredict once per 64
 * bytes instead of once per word.
 */

/** Returns the mask of bytes that equal one of two. */
@inline
export function eitherOf(at: usize, a: v128, b: v128): u64 {
  return (
    either(v128.load(at), a, b) |
    (either(v128.load(at, 16), a, b) << 16) |
    (either(v128.load(at, 32), a, b) << 32) |
    (either(v128.load(at, 48), a, b) << 48)
  )
}

/** Returns the mask of white space: bytes 9 to 13, and 32. */
@inline
export function spacesAt(at: usize): u64 {
  return (
    space(v128.load(at)) |
    (space(v128.load(at, 16)) << 16) |
    (space(v128.load(at, 32)) << 32) |
    (space(v128.load(at, 48)) << 48)
  )
}

/** Returns `found` without the bytes at `end` or after it. */
@inline
export function before(end: usize, at: usize, found: u64): u64 {
  return at + 64 > end ? found & ((<u64>1 << (end - at)) - 1) : found
}

@inline
function either(bytes: v128, a: v128, b: v128): u64 {
  return <u64>(<u32>i8x16.bitmask(v128.or(i8x16.eq(bytes, a), i8x16.eq(bytes, b))))
}

@inline
function space(bytes: v128): u64 {
  const control = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(9)), i8x16.splat(5))
  return <u64>(<u32>i8x16.bitmask(v128.or(control, i8x16.eq(bytes, i8x16.splat(32)))))
}
