import { before, spacesAt } from './bits'
import { certainLine } from './certain'
import { closed, lineEnd, NEWLINE } from './lines'
import { count } from './table'

/**
 * Counts the pieces of each line between runs of white space, as `split(/\s+/)` returns them: the first and the last
 * may be empty. With `trimmed`, only a blank line has an empty piece. Returns the first line with white space of several
 * bytes, or the end.
 */
export function countPieces(from: usize, length: u32, trimmed: bool): usize {
  const whole = closed(from, length)
  const end = beforeWide(from, whole)
  let line = from
  let start = from
  let empty = true
  for (let at = from; at < end; at += 64) {
    let found = before(end, at, spacesAt(at))
    while (found != 0) {
      const stop = at + <usize>ctz(found)
      found &= found - 1
      if (stop != start) {
        count(start, <u32>(stop - start))
        empty = false
      }
      start = stop + 1
      if (load<u8>(stop) != NEWLINE) {
        // Before the line's other pieces, because the table has its keys in the order of the text.
        if (stop == line && !trimmed && !endsAt(stop)) {
          count(line, 0)
          empty = false
        }
        continue
      }
      const last = lineEnd(line, stop)
      if (last == line || (trimmed && empty)) count(line, 0)
      else if (!trimmed && isSpace(load<u8>(last - 1))) count(line, 0)
      line = start
      empty = true
      certainLine()
    }
  }
  return end
}

/** Whether a carriage return at this place is no part of its line. */
@inline
function endsAt(at: usize): bool {
  return load<u8>(at) == 13 && load<u8>(at, 1) == NEWLINE
}

@inline
function isSpace(byte: u8): bool {
  return byte == 32 || <u8>(byte - 9) < 5
}

/** Returns the start of the first line with white space of several bytes, or the end. */
function beforeWide(from: usize, end: usize): usize {
  const limit = i8x16.splat(0)
  for (let at = from; at < end; at += 16) {
    // Bytes of which ASCII text has none.
    let found = i8x16.bitmask(i8x16.lt_s(v128.load(at), limit))
    while (found != 0) {
      const place = at + <usize>ctz(found)
      found &= found - 1
      if (place >= end) return end
      if (!isWide(place)) continue
      let start = place
      while (start > from && load<u8>(start - 1) != NEWLINE) start--
      return start
    }
  }
  return end
}

/** The white space of several bytes: U+00A0, U+1680, U+2000 to U+200A, U+2028, U+2029, U+202F, U+205F, U+3000, U+FEFF. */
function isWide(at: usize): bool {
  const first = load<u8>(at)
  const second = load<u8>(at, 1)
  const third = load<u8>(at, 2)
  if (first == 0xc2) return second == 0xa0
  if (first == 0xe1) return second == 0x9a && third == 0x80
  if (first == 0xe3) return second == 0x80 && third == 0x80
  if (first == 0xef) return second == 0xbb && third == 0xbf
  if (first != 0xe2) return false
  if (second == 0x81) return third == 0x9f
  return second == 0x80 && (<u8>(third - 0x80) <= 0x0a || third == 0xa8 || third == 0xa9 || third == 0xaf)
}
