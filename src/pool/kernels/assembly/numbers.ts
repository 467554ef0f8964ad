import { loadMasked } from './memory'

/** Powers of ten that a double has exactly. */
const POWERS: StaticArray<f64> = [
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21, 1e22,
]
const MAX_DIGITS: u32 = 15
const MAX_FRACTION: u32 = 22

/** Whether the last result of `numberIn` is certain to be that of the function. */
export let certain: bool = false

/**
 * Returns the number in a text, as parseNumber reads it: NaN for a blank text; a sign, digits and a fraction. If a
 * double represents all digits and the power of ten exactly, the single rounding of their division is the one that the
 * language requires. Other texts are not certain.
 */
export function numberIn(at: usize, length: u32): f64 {
  let end = at + length
  while (at < end && isBlank(load<u8>(at))) at++
  while (at < end && isBlank(load<u8>(end - 1))) end--
  certain = true
  if (at == end) return NaN
  const sign = load<u8>(at)
  if (sign == 0x2d || sign == 0x2b) at++
  const first = at
  let mantissa: u64 = 0
  let digits: u32 = 0
  for (; at < end && isDigit(at); at++) {
    mantissa = mantissa * 10 + digitAt(at)
    digits += u32(mantissa != 0)
  }
  let written = at - first
  let fraction: u32 = 0
  if (at < end && load<u8>(at) == 0x2e) {
    for (at++; at < end && isDigit(at); at++) {
      mantissa = mantissa * 10 + digitAt(at)
      digits += u32(mantissa != 0)
      fraction++
    }
    written += fraction
  }
  certain = at == end && written > 0 && digits <= MAX_DIGITS && fraction <= MAX_FRACTION
  if (!certain) return 0
  const value = fraction == 0 ? <f64>mantissa : <f64>mantissa / unchecked(POWERS[fraction])
  return sign == 0x2d ? -value : value
}

/** The end of the number that `wholeOrFraction` read; 0 if it is not certain. */
export let numberEnd: usize = 0

/** Returns the number of JSON that begins at `at`, certain as in `numberIn`. The bytes behind it are not tested. */
export function wholeOrFraction(at: usize): f64 {
  numberEnd = 0
  const negative = load<u8>(at) == 0x2d
  if (negative) at++
  if (!isDigit(at) || (load<u8>(at) == 0x30 && isDigit(at + 1))) return 0
  let mantissa: u64 = 0
  let digits: u32 = 0
  for (; isDigit(at) && digits <= MAX_DIGITS; at++) {
    mantissa = mantissa * 10 + digitAt(at)
    digits += u32(mantissa != 0)
  }
  let fraction: u32 = 0
  if (load<u8>(at) == 0x2e) {
    for (at++; isDigit(at) && digits <= MAX_DIGITS; at++) {
      mantissa = mantissa * 10 + digitAt(at)
      digits += u32(mantissa != 0)
      fraction++
    }
    if (fraction == 0) return 0
  }
  if (digits > MAX_DIGITS || fraction > MAX_FRACTION) return 0
  numberEnd = at
  const value = fraction == 0 ? <f64>mantissa : <f64>mantissa / unchecked(POWERS[fraction])
  return negative ? -value : value
}

/** Counts the UTF-16 units of UTF-8 text: a continuation byte adds none, the first byte of four adds two. */
export function unitsIn(at: usize, length: u32): u32 {
  const continuing = i8x16.splat(-64)
  const four = i8x16.splat(<i8>0xf0)
  let units = length
  const end = at + length
  for (; at < end; at += 16) {
    const rest = end - at
    const bytes = rest >= 16 ? v128.load(at) : loadMasked(at, <u32>rest)
    units -= popcnt(i8x16.bitmask(i8x16.lt_s(bytes, continuing)))
    units += popcnt(i8x16.bitmask(i8x16.ge_u(bytes, four)))
  }
  return units
}

@inline
function isBlank(byte: u8): bool {
  return byte == 32 || byte == 9
}

@inline
function isDigit(at: usize): bool {
  return <u8>(load<u8>(at) - 0x30) < 10
}

@inline
function digitAt(at: usize): u64 {
  return <u64>(load<u8>(at) - 0x30)
}
