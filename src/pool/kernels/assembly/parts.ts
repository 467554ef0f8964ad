import { FIRST, found, foundAt, foundBytes, NOTHING, scan } from './json'
import { FIELDS, WANTED_BYTES } from './memory'

/*
 * Parts of the current line: the line, one of its fields, or a field of its JSON. Each is found when it is first read.
 */

/** Parts of a line. */
const FIELD: u32 = 1
const JSON_FIELD: u32 = 2

/** The kind of a part that is not JSON; json.ts has the others. */
export const PLAIN: u32 = 4

export let line: usize = 0
let line_end: usize = 0
/** The newline of the line if its JSON was read, 0 if that is uncertain; 1: it was not read yet. */
let scanned: usize = 1

/** The separator at which the line was split so far; NONE: none. */
let split_by: u32 = 0
const NONE: u32 = 256
/** The separators found, whose addresses are in FIELDS, and where the search continues. */
let separators: u32 = 0
let split_at: usize = 0

/** The part that `find` found: where it is, and what. */
export let part_at: usize = 0
export let part_end: usize = 0
export let part_is: u32 = 0

/** Makes a line the current one. */
@inline
export function openLine(at: usize, end: usize): void {
  line = at
  line_end = end
  scanned = 1
  split_by = NONE
}

/** Finds the part that a node describes (nodes.ts). Returns false if it is not certain. */
export function findPart(node: usize): bool {
  const kind = load<u32>(node, 4)
  const which = load<u32>(node, 8)
  if (kind == JSON_FIELD) {
    if (scanned == 1) scanned = scan(line)
    if (scanned == 0) return false
    const wanted = FIRST + <usize>which * WANTED_BYTES
    part_is = found(wanted)
    part_at = foundAt(wanted)
    part_end = part_at + foundBytes(wanted)
    // Without the object around it, the function throws.
    return part_is != NOTHING || load<u32>(node, 28) == 0
  }
  part_is = PLAIN
  part_at = line
  part_end = line_end
  if (kind == FIELD && !findField(load<u32>(node, 24), which)) part_is = NOTHING
  return true
}

@inline
export function partBytes(): u32 {
  return <u32>(part_end - part_at)
}

/** Finds a field of the line; false if the line has fewer. */
function findField(separator: u32, index: u32): bool {
  if (split_by != separator) {
    split_by = separator
    separators = 0
    split_at = line
  }
  if (separators <= index && split_at < line_end) splitTo(index)
  if (separators < index) return false
  if (index > 0) part_at = <usize>load<u32>(FIELDS + (<usize>(index - 1) << 2)) + 1
  if (separators > index) part_end = <usize>load<u32>(FIELDS + (<usize>index << 2))
  return true
}

/** Continues the search for separators, at least to the one that ends a field. */
function splitTo(index: u32): void {
  const wanted = i8x16.splat(<i8>split_by)
  for (; split_at < line_end && separators <= index; split_at += 16) {
    let found = i8x16.bitmask(i8x16.eq(v128.load(split_at), wanted))
    while (found != 0) {
      const place = split_at + <usize>ctz(found)
      found &= found - 1
      if (place >= line_end) {
        split_at = line_end
        return
      }
      store<u32>(FIELDS + (<usize>separators << 2), <u32>place)
      separators++
    }
  }
}
