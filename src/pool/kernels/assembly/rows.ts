import { certainLine } from './certain'
import { afterLiteral, escaped, stringEnd } from './json-text'
import { closed, lineEnd, lineStop, NEWLINE } from './lines'
import { GIVEN, KEYS, loadMasked, PAIRS, PIECE, SHAPES } from './memory'
import { numberEnd, wholeOrFraction } from './numbers'
import { isAscii } from './pairs'

/*
 * Lines of JSON that are objects of known shapes: the same names and constant values, in the same order. The host writes
 * the shapes, from SHAPES on: for each, `u32` of the address of its steps. A step is
 *
 * | offset | type | field |
 * | --- | --- | --- |
 * | 0 | u32 | the kind of the value behind these bytes; END: the line ends there |
 * | 4 | u32 | address of the bytes |
 * | 8 | u32 | their number |
 *
 * The results are the shape of each line, a byte each, at GIVEN, and the values of all lines, eight bytes each,
 * from PAIRS to the end of KEYS.
 */
const END: u32 = 0
const INT: u32 = 1
const NUMBER: u32 = 2
const TEXT: u32 = 3
const WORD: u32 = 4

const STEP: usize = 12

/** In place of a shape: the line is read by the function. Its value is the line's address and length. */
const OTHER: u8 = 255

const MOST_VALUES: usize = 64
const LIMIT: usize = KEYS + PIECE - MOST_VALUES * 8

/** Where the next value goes. */
let out: usize = 0
let rows: u32 = 0

/** The number of lines that the last `readRows` read. */
export function rowsRead(): u32 {
  return rows
}

/** Reads lines of the first `shapes` shapes. Returns the first line for whose values there is no room, or the end. */
export function readRows(from: usize, length: u32, shapes: u32): usize {
  const end = closed(from, length)
  let at = from
  let shape: u32 = 0
  out = PAIRS
  for (rows = 0; at < end && out <= LIMIT; rows++) {
    const values = out
    let stop = match(shape, at)
    if (stop == 0) {
      for (let other: u32 = 0; other < shapes && stop == 0; other++) {
        if (other == shape) continue
        out = values
        stop = match(other, at)
        if (stop != 0) shape = other
      }
    }
    if (stop == 0) {
      stop = lineStop(at, end)
      store<u32>(values, <u32>at)
      store<u32>(values, <u32>(lineEnd(at, stop - 1) - at), 4)
      out = values + 8
      store<u8>(GIVEN + rows, OTHER)
    } else {
      store<u8>(GIVEN + rows, <u8>shape)
      certainLine()
    }
    at = stop
  }
  return at
}

/** Returns the end of the line, after writing its values; 0 if it is not of the shape. */
function match(shape: u32, at: usize): usize {
  let step = <usize>load<u32>(SHAPES + (<usize>shape << 2))
  while (at != 0) {
    const bytes = load<u32>(step, 8)
    if (!same(at, <usize>load<u32>(step, 4), bytes)) return 0
    at += bytes
    const kind = load<u32>(step)
    if (kind == INT) at = readInt(at)
    else if (kind == TEXT) at = readText(at)
    else if (kind == NUMBER) at = readNumber(at)
    else if (kind == WORD) at = readWord(at)
    else {
      if (load<u8>(at) == 13) at++
      return load<u8>(at) == NEWLINE ? at + 1 : 0
    }
    out += 8
    step += STEP
  }
  return 0
}

/** Stops at the first difference, which is the newline at the latest: no shape has one. */
@inline
function same(a: usize, b: usize, bytes: u32): bool {
  for (; bytes >= 16; bytes -= 16, a += 16, b += 16) {
    if (v128.any_true(v128.xor(v128.load(a), v128.load(b)))) return false
  }
  return !v128.any_true(v128.xor(loadMasked(a, bytes), loadMasked(b, bytes)))
}

@inline
function digitAt(at: usize): u32 {
  return <u32>load<u8>(at) - 0x30
}

/** A number that an i32 holds. The next bytes of the shape refuse what is written otherwise: `01`, `1.0`, `1e3`. */
@inline
function readInt(at: usize): usize {
  const negative = load<u8>(at) == 0x2d
  at += usize(negative)
  let digit = digitAt(at)
  if (digit > 9 || (digit == 0 && negative)) return 0
  let value: i64 = <i64>digit
  at++
  if (digit != 0) {
    for (digit = digitAt(at); digit <= 9; digit = digitAt(at)) {
      value = value * 10 + digit
      if (value > 0x80000000) return 0
      at++
    }
  }
  if (negative) value = -value
  if (value != <i64>(<i32>value)) return 0
  store<i32>(out, <i32>value)
  return at
}

@inline
function readNumber(at: usize): usize {
  store<f64>(out, wholeOrFraction(at))
  return numberEnd
}

@inline
function readText(at: usize): usize {
  if (load<u8>(at) != 0x22) return 0
  const end = stringEnd(at + 1)
  if (end == 0 || escaped || !isAscii(at + 1, <u32>(end - at - 1))) return 0
  store<u32>(out, <u32>(at + 1))
  store<u32>(out, <u32>(end - at - 1), 4)
  return end + 1
}

/** 0 for false, 1 for true, 2 for null. */
@inline
function readWord(at: usize): usize {
  const first = load<u8>(at)
  const end = first == 0x74 || first == 0x66 || first == 0x6e ? afterLiteral(at) : 0
  store<u32>(out, first == 0x74 ? 1 : first == 0x66 ? 0 : 2)
  return end
}
