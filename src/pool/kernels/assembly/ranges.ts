import { before, eitherOf } from './bits'
import { closed, countLines, NEWLINE } from './lines'
import { allocate, heapTop, releaseTo } from './memory'

/*
 * Divides the lines of a text by the ranges between bounds. Lines are ASCII, without carriage returns. A unit of a bound
 * that is no ASCII is 0xff here: it is above all units of the lines.
 *
 * | memory, above the table | |
 * | --- | --- |
 * | bounds  | u32: where each begins among their bytes, and the end of the last one; their bytes |
 * | parts   | for each part u32: the end of its lines, and of its bytes |
 * | lines   | u32, u32: the part and the length of each line |
 * | lengths | u32: the lengths of the lines, by part |
 * | texts   | the lines without their ends, by part; after each part GAP spare bytes |
 */

/** Spare bytes after each part: short lines are copied as 16 bytes. */
export const GAP: u32 = 16

let base: usize = 0
let bounds: u32 = 0
let starts: usize = 0
let bytes: usize = 0
let parts: usize = 0
let lengths: usize = 0
let texts: usize = 0

/** Reserves memory for bounds, and returns the place of their starts. `endRanges` frees it. */
export function beginRanges(size: u32, n: u32): usize {
  base = heapTop()
  bounds = n
  starts = allocate((<usize>n + 1) * 4)
  bytes = allocate(size)
  parts = allocate((<usize>n + 1) * 8)
  return starts
}

export function boundBytes(): usize {
  return bytes
}

export function endRanges(): void {
  releaseTo(base)
}

/** Divides the lines of a text, and returns their number. The results are valid until the next call. */
export function divideLines(from: usize, length: u32, ascending: bool): u32 {
  const top = heapTop()
  const count = countLines(from, length)
  const lines = allocate(<usize>count * 8)
  lengths = allocate(<usize>count * 4)
  texts = allocate(<usize>length + (<usize>bounds + 1) * GAP)
  releaseTo(top)
  memory.fill(parts, 0, (<usize>bounds + 1) * 8)
  const end = closed(from, length)
  const newline = i8x16.splat(NEWLINE)
  let line: usize = lines
  let start = from
  for (let block = from; block < end; block += 64) {
    for (let found = before(end, block, eitherOf(block, newline, newline)); found != 0; found &= found - 1) {
      const at = block + <usize>ctz(found)
      const size = <u32>(at - start)
      const part = rangeOf(start, size, ascending)
      store<u32>(line, part)
      store<u32>(line, size, 4)
      line += 8
      const totals = parts + (<usize>part << 3)
      store<u32>(totals, load<u32>(totals) + 1)
      store<u32>(totals, load<u32>(totals, 4) + size, 4)
      start = at + 1
    }
  }
  beginParts()
  start = from
  for (let i: u32 = 0; i < count; i++) {
    const entry = lines + (<usize>i << 3)
    const totals = parts + (<usize>load<u32>(entry) << 3)
    const size = load<u32>(entry, 4)
    const to = texts + load<u32>(totals, 4)
    if (size <= GAP) v128.store(to, v128.load(start))
    else memory.copy(to, start, size)
    store<u32>(lengths + (<usize>load<u32>(totals) << 2), size)
    store<u32>(totals, load<u32>(totals) + 1)
    store<u32>(totals, load<u32>(totals, 4) + size, 4)
    start += size + 1
  }
  return count
}

/** The ends of each part's lines and bytes. */
export function partEnds(): usize {
  return parts
}

export function partLengths(): usize {
  return lengths
}

export function partTexts(): usize {
  return texts
}

/** Replaces the totals of each part by the totals of the parts before it. */
function beginParts(): void {
  let lines: u32 = 0
  let size: u32 = 0
  for (let part: u32 = 0; part <= bounds; part++) {
    const totals = parts + (<usize>part << 3)
    const ownLines = load<u32>(totals)
    const ownSize = load<u32>(totals, 4)
    store<u32>(totals, lines)
    store<u32>(totals, size, 4)
    lines += ownLines
    size += ownSize + GAP
  }
}

/** Returns the number of bounds before a line. */
function rangeOf(at: usize, length: u32, ascending: bool): u32 {
  let low: u32 = 0
  let high = bounds
  while (low < high) {
    const middle = (low + high) >> 1
    const order = compare(at, length, middle)
    if (ascending ? order <= 0 : order >= 0) high = middle
    else low = middle + 1
  }
  return low
}

function compare(at: usize, length: u32, bound: u32): i32 {
  const place = starts + (<usize>bound << 2)
  const start = load<u32>(place)
  const own = load<u32>(place, 4) - start
  const from = bytes + start
  const shorter = min(length, own)
  for (let i: u32 = 0; i < shorter; i++) {
    const difference = i32(load<u8>(at + i)) - i32(load<u8>(from + i))
    if (difference != 0) return difference
  }
  return i32(length) - i32(own)
}
