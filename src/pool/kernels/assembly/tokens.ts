import { before, eitherOf, spacesAt } from './bits'
import { lineEnd, NEWLINE } from './lines'
import { count, countTagged, MISSING } from './table'

/** Counts the pieces between separators in each line, empty ones too. */
export function countSplit(from: usize, length: u32, separator: u32): void {
  const newline = i8x16.splat(NEWLINE)
  const separators = i8x16.splat(<i8>separator)
  const end = from + length
  let start = from
  for (let at = from; at < end; at += 64) {
    let found = before(end, at, eitherOf(at, newline, separators))
    while (found != 0) {
      const stop = at + <usize>ctz(found)
      found &= found - 1
      count(start, <u32>((load<u8>(stop) == NEWLINE ? lineEnd(start, stop) : stop) - start))
      start = stop + 1
    }
  }
  if (unfinished(from, end)) count(start, <u32>(lineEnd(start, end) - start))
}

/** Counts the words between runs of white space. */
export function countWords(from: usize, length: u32): void {
  const end = from + length
  let start = from
  for (let at = from; at < end; at += 64) {
    let found = before(end, at, spacesAt(at))
    while (found != 0) {
      const stop = at + <usize>ctz(found)
      found &= found - 1
      if (stop != start) count(start, <u32>(stop - start))
      start = stop + 1
    }
  }
  if (start != end) count(start, <u32>(end - start))
}

/** Counts the words between runs of white space that contain `mark`. */
export function countMarked(from: usize, length: u32, mark: u32): void {
  const marks = i8x16.splat(<i8>mark)
  const end = from + length
  let start = from
  let marked: usize = 0
  for (let at = from; at < end; at += 64) {
    const space = spacesAt(at)
    let found = before(end, at, space | eitherOf(at, marks, marks))
    while (found != 0) {
      const bit = found & (0 - found)
      const stop = at + <usize>ctz(found)
      found ^= bit
      if ((space & bit) == 0) marked = stop
      else {
        if (marked >= start) count(start, <u32>(stop - start))
        start = stop + 1
      }
    }
  }
  if (marked >= start && start != end) count(start, <u32>(end - start))
}

/** Counts field `index` of each line; a line with fewer fields counts as missing. */
export function countField(from: usize, length: u32, separator: u32, index: u32): void {
  const newline = i8x16.splat(NEWLINE)
  const separators = i8x16.splat(<i8>separator)
  const end = from + length
  let at_field: u32 = 0
  let start = from
  for (let at = from; at < end; at += 64) {
    let found = before(end, at, eitherOf(at, newline, separators))
    while (found != 0) {
      const stop = at + <usize>ctz(found)
      found &= found - 1
      const ends = load<u8>(stop) == NEWLINE
      if (at_field == index) count(start, <u32>((ends ? lineEnd(start, stop) : stop) - start))
      else if (ends && at_field < index) countTagged(start, 0, MISSING)
      at_field = ends ? 0 : at_field + 1
      start = stop + 1
    }
  }
  if (unfinished(from, end)) {
    if (at_field == index) count(start, <u32>(lineEnd(start, end) - start))
    else if (at_field < index) countTagged(start, 0, MISSING)
  }
}

/** Whether the last line has no newline. */
@inline
function unfinished(from: usize, end: usize): bool {
  return end > from && load<u8>(end - 1) != NEWLINE
}
