import { equal } from './memory'

export const NEWLINE: u8 = 10
const CARRIAGE_RETURN: u8 = 13

/** Counts the lines of a text. The text after the last newline is a line unless it is empty. */
export function countLines(from: usize, length: u32): u32 {
  return countNewlines(from, length) + u32(length > 0 && load<u8>(from + length - 1) != NEWLINE)
}

export function countNewlines(from: usize, length: u32): u32 {
  const newline = i8x16.splat(NEWLINE)
  const end = from + length
  let lines: u32 = 0
  let at = from
  for (; at + 64 <= end; at += 64) {
    lines +=
      popcnt(i8x16.bitmask(i8x16.eq(v128.load(at), newline))) +
      popcnt(i8x16.bitmask(i8x16.eq(v128.load(at, 16), newline))) +
      popcnt(i8x16.bitmask(i8x16.eq(v128.load(at, 32), newline))) +
      popcnt(i8x16.bitmask(i8x16.eq(v128.load(at, 48), newline)))
  }
  for (; at < end; at++) lines += i32(load<u8>(at) == NEWLINE)
  return lines
}

/** Tests of a line: it begins or ends with the needle, or is equal to it. */
const BEGINS: u32 = 0
const ENDS: u32 = 1

/**
 * Copies the lines that contain the needle (1 byte or more, no newline) to `to`, or with `not` the others; returns
 * their bytes.
 */
export function selectIncluding(
  from: usize,
  length: u32,
  to: usize,
  needle: usize,
  needleLength: u32,
  not: bool,
): u32 {
  const end = from + length
  let out = to
  let at = from
  for (let found = find(at, end, needle, needleLength); found != end; found = find(at, end, needle, needleLength)) {
    let start = found
    while (start > at && load<u8>(start - 1) != NEWLINE) start--
    const stop = lineStop(found, end)
    out = not ? copied(out, at, start) : copied(out, start, stop)
    at = stop
  }
  if (not) out = copied(out, at, end)
  return <u32>(out - to)
}

/**
 * Copies the lines that begin or end with the needle, or are equal to it, to `to`, or with `not` the others; returns
 * their bytes. The needle has no newline or carriage return.
 */
export function selectAt(
  from: usize,
  length: u32,
  to: usize,
  needle: usize,
  needleLength: u32,
  where: u32,
  not: bool,
): u32 {
  const end = from + length
  let out = to
  for (let start = from; start < end; ) {
    const stop = lineStop(start, end)
    let last = load<u8>(stop - 1) == NEWLINE ? stop - 1 : stop
    last = lineEnd(start, last)
    const bytes = <u32>(last - start)
    const at = where == ENDS ? last - needleLength : start
    const fits = where == BEGINS || where == ENDS ? bytes >= needleLength : bytes == needleLength
    if ((fits && memory.compare(at, needle, needleLength) == 0) != not) out = copied(out, start, stop)
    start = stop
  }
  return <u32>(out - to)
}

@inline
function copied(to: usize, from: usize, end: usize): usize {
  memory.copy(to, from, end - from)
  return to + (end - from)
}

/** Returns the first position of the needle, or `end`. Compares positions whose first and last byte match. */
export function find(from: usize, end: usize, needle: usize, length: u32): usize {
  if (end - from < length) return end
  const first = i8x16.splat(load<i8>(needle))
  const last = i8x16.splat(load<i8>(needle + length - 1))
  const limit = end - length
  for (let at = from; at <= limit; at += 32) {
    let found = candidates(at, length, first, last) | (candidates(at + 16, length, first, last) << 16)
    while (found != 0) {
      const place = at + <usize>ctz(found)
      found &= found - 1
      if (place > limit) return end
      if (equal(place, needle, length)) return place
    }
  }
  return end
}

@inline
function candidates(at: usize, length: u32, first: v128, last: v128): u32 {
  const begins = i8x16.eq(v128.load(at), first)
  return i8x16.bitmask(v128.and(begins, i8x16.eq(v128.load(at + length - 1), last)))
}

/** Returns the position after the next newline from `at` on, or `end`. */
export function lineStop(at: usize, end: usize): usize {
  const newline = i8x16.splat(NEWLINE)
  for (; at < end; at += 16) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(at), newline))
    if (found != 0) return min<usize>(at + <usize>ctz(found) + 1, end)
  }
  return end
}

/**
 * Returns the end of a text, after writing a newline behind it if its last line has none. Every area has space for
 * that, so lines can be read without checking for the text's end.
 */
export function closed(from: usize, length: u32): usize {
  const end = from + length
  if (length == 0 || load<u8>(end - 1) == NEWLINE) return end
  store<u8>(end, NEWLINE)
  return end + 1
}

/** Returns the end of a line that stops before `stop`: a carriage return there is not part of it. */
@inline
export function lineEnd(start: usize, stop: usize): usize {
  return stop > start && load<u8>(stop - 1) == CARRIAGE_RETURN ? stop - 1 : stop
}
