import { before, eitherOf } from './bits'
import { certainLine } from './certain'
import { closed, lineEnd, NEWLINE } from './lines'
import { certain, numberIn, unitsIn } from './numbers'
import { LIST, list } from './pairs'
import { add, MISSING, TEXT } from './table'

/** In place of a field's number: the whole line; none. */
const LINE: u32 = 0xffffffff
const NONE: u32 = 0xfffffffe

/** The kind of a line's value: its number, where a missing field is NaN or falls back; its length. */
const NUMBER_OR_NAN: u32 = 0
const LENGTH: u32 = 2
/** As by `Number`: a blank text is 0, a missing field NaN. */
const TO_NUMBER: u32 = 3

/**
 * Merges the value of each line (one field or the whole line) into the value of its key, another field, or lists both;
 * with NONE, all lines have one key. Returns the first line that falls back to the function, or the end.
 */
export function addFields(
  from: usize,
  length: u32,
  separator: u32,
  key: u32,
  value: u32,
  kind: u32,
  how: u32,
): usize {
  const newline = i8x16.splat(NEWLINE)
  const separators = i8x16.splat(<i8>separator)
  const end = closed(from, length)
  let field: u32 = 0
  let line = from
  let start = from
  let key_at: usize = 0
  let key_end: usize = 0
  let value_at: usize = 0
  let value_end: usize = 0
  for (let at = from; at < end; at += 64) {
    let found = before(end, at, eitherOf(at, newline, separators))
    while (found != 0) {
      const stop = at + <usize>ctz(found)
      found &= found - 1
      const ends = load<u8>(stop) == NEWLINE
      const stops = ends ? lineEnd(start, stop) : stop
      if (field == key) {
        key_at = start
        key_end = stops
      }
      if (field == value) {
        value_at = start
        value_end = stops
      }
      field++
      start = stop + 1
      if (!ends) continue
      if (value == LINE) {
        value_at = line
        value_end = lineEnd(line, stop)
      }
      let number: f64 = NaN
      if (value_at != 0) {
        const bytes = <u32>(value_end - value_at)
        number = kind == LENGTH ? <f64>unitsIn(value_at, bytes) : numberIn(value_at, bytes)
        if (kind != LENGTH && !certain) return line
        // Only a blank text is certain to be no number.
        if (kind == TO_NUMBER && number != number) number = 0
      } else if (kind != NUMBER_OR_NAN && kind != TO_NUMBER) return line
      if (how == LIST) {
        if (key_at == 0 || !list(key_at, <u32>(key_end - key_at), number)) return line
      } else if (key_at != 0) add(key_at, <u32>(key_end - key_at), TEXT, number, how)
      else add(line, 0, MISSING, number, how)
      certainLine()
      line = start
      field = 0
      key_at = 0
      value_at = 0
    }
  }
  return end
}
