import { certainLine } from './certain'
import { FIRST, found, foundAt, foundBytes, LITERAL, NOTHING, NUMBER, STRING, scan, SECOND } from './json'
import { closed } from './lines'
import { certain, numberIn } from './numbers'
import { LIST, list } from './pairs'
import { ATOM, add, count, countTagged, MISSING, TEXT } from './table'

/**
 * Counts the first wanted field of each line. Returns the first line that falls back to the function, or the end. With
 * `strict`, these include lines without the field.
 */
export function countJson(from: usize, length: u32, strict: bool): usize {
  const end = closed(from, length)
  while (from < end) {
    const stop = scan(from)
    if (stop == 0) return from
    const kind = found(FIRST)
    if (kind == STRING) count(foundAt(FIRST), foundBytes(FIRST))
    else if (kind == NOTHING) {
      if (strict) return from
      countTagged(from, 0, MISSING)
    }
    else countTagged(foundAt(FIRST), foundBytes(FIRST), ATOM)
    from = stop + 1
    certainLine()
  }
  return end
}

/**
 * Merges the first wanted field of each line, a number, into the value of the second, its key, or lists both; without a
 * second field, all lines have one key. Returns the same as countJson; `strict` refers to the key.
 */
export function addJson(from: usize, length: u32, how: u32, strict: bool): usize {
  const end = closed(from, length)
  while (from < end) {
    const stop = scan(from)
    if (stop == 0 || found(FIRST) != NUMBER) return from
    const value = numberIn(foundAt(FIRST), foundBytes(FIRST))
    if (!certain) return from
    const kind = found(SECOND)
    if (strict && kind == NOTHING) return from
    const tag = kind == STRING ? TEXT : kind == NOTHING ? MISSING : ATOM
    if (how == LIST) {
      if (kind != STRING || !list(foundAt(SECOND), foundBytes(SECOND), value)) return from
      from = stop + 1
      certainLine()
      continue
    }
    // A number that can be written in two ways would be two keys here, so such lines fall back.
    if (kind == NUMBER && !isWhole(foundAt(SECOND), foundBytes(SECOND))) return from
    add(kind == NOTHING ? from : foundAt(SECOND), kind == NOTHING ? 0 : foundBytes(SECOND), tag, value, how)
    from = stop + 1
    certainLine()
  }
  return end
}

/** Returns whether a JSON number is a whole one of at most 15 digits, and not -0. */
export function isWhole(at: usize, length: u32): bool {
  const negative = load<u8>(at) == 0x2d
  if (length > 15 || (negative && load<u8>(at, 1) == 0x30)) return false
  for (let i: u32 = u32(negative); i < length; i++) if (<u8>(load<u8>(at + i) - 0x30) > 9) return false
  return true
}
