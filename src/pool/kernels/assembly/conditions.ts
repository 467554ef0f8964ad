import { certainLine } from './certain'
import { FIRST, found, foundAt, foundBytes, LITERAL, NOTHING, NUMBER, STRING, scan, SECOND } from './json'
import { closed, find, lineEnd, lineStop } from './lines'
import { PROGRAM } from './memory'
import { certain, numberIn, unitsIn } from './numbers'

/*
 * A condition of a line: a tree of nodes, which the host writes. A node has 48 bytes; node 0 is the root.
 *
 * | offset | type | field |
 * | --- | --- | --- |
 * | 0  | u32 | kind |
 * | 4  | u32 | of AND, OR and NOT: the first node; of tests: the part of the line |
 * | 8  | u32 | of AND and OR: the second node; of tests: the number of the field |
 * | 12 | u32 | how it tests |
 * | 16 | u32 | address of a text |
 * | 20 | u32 | its bytes |
 * | 24 | u32 | separator of fields |
 * | 28 | u32 | of JSON: whether the field is in an object of the line's object |
 * | 32 | f64 | a number |
 */
const NODE: usize = 48

const AND: u32 = 0
const OR: u32 = 1
const NOT: u32 = 2
const TEXT_TEST: u32 = 3
const LITERAL_TEST: u32 = 4
const NUMBER_TEST: u32 = 5
const LENGTH_TEST: u32 = 6

/** Parts of a line. */
const FIELD: u32 = 1
const JSON_FIELD: u32 = 2

/** Tests of texts. */
const BEGINS: u32 = 0
const ENDS: u32 = 1
const EQUALS: u32 = 2

/** Comparisons of numbers. */
const LESS: u32 = 0
const AT_MOST: u32 = 1
const MORE: u32 = 2
const AT_LEAST: u32 = 3

const NO: u32 = 0
const YES: u32 = 1
/** The function decides. */
const UNCERTAIN: u32 = 2

let line: usize = 0
let line_end: usize = 0
/** The newline of the line if its JSON was read, 0 if that is uncertain; 1: it was not read yet. */
let scanned: usize = 1
let part_at: usize = 0
let part_end: usize = 0
let picked_bytes: u32 = 0

/** The bytes that the last `pick` copied. */
export function pickedBytes(): u32 {
  return picked_bytes
}

/**
 * Copies the lines for which the condition holds to `to`. Returns the first line of which that is not certain, or the
 * end.
 */
export function pick(from: usize, length: u32, to: usize): usize {
  const end = closed(from, length)
  let out = to
  let at = from
  while (at < end) {
    const stop = lineStop(at, end)
    line = at
    line_end = lineEnd(at, stop - 1)
    scanned = 1
    const holds = evaluate(PROGRAM)
    if (holds == UNCERTAIN) break
    if (holds == YES) {
      memory.copy(out, at, stop - at)
      out += stop - at
    }
    certainLine()
    at = stop
  }
  picked_bytes = <u32>(out - to)
  return at
}

function evaluate(node: usize): u32 {
  const kind = load<u32>(node)
  if (kind == NOT) {
    const holds = evaluate(nodeAt(load<u32>(node, 4)))
    return holds == UNCERTAIN ? UNCERTAIN : 1 - holds
  }
  if (kind == AND || kind == OR) {
    // In the order of the language: the second is not evaluated if the first decides.
    const holds = evaluate(nodeAt(load<u32>(node, 4)))
    if (holds == UNCERTAIN || holds == (kind == AND ? NO : YES)) return holds
    return evaluate(nodeAt(load<u32>(node, 8)))
  }
  const part = load<u32>(node, 4)
  if (part == JSON_FIELD) return jsonTest(node, kind)
  part_at = line
  part_end = line_end
  const missing = part == FIELD && !findField(load<u32>(node, 24), load<u32>(node, 8))
  if (kind == TEXT_TEST) {
    if (missing) return load<u32>(node, 12) == EQUALS ? NO : UNCERTAIN
    return textTest(node)
  }
  if (kind == LENGTH_TEST) return missing ? UNCERTAIN : compared(node, <f64>unitsIn(part_at, <u32>(part_end - part_at)))
  // A missing field is NaN.
  if (missing) return NO
  const number = numberIn(part_at, <u32>(part_end - part_at))
  if (!certain) return UNCERTAIN
  return compared(node, number != number ? 0 : number)
}

@inline
function nodeAt(i: u32): usize {
  return PROGRAM + <usize>i * NODE
}

function jsonTest(node: usize, kind: u32): u32 {
  if (scanned == 1) scanned = scan(line)
  if (scanned == 0) return UNCERTAIN
  const wanted = load<u32>(node, 8) == 0 ? FIRST : SECOND
  const is = found(wanted)
  if (is == NOTHING && load<u32>(node, 28) != 0) return UNCERTAIN
  part_at = foundAt(wanted)
  part_end = part_at + foundBytes(wanted)
  const how = load<u32>(node, 12)
  if (kind == TEXT_TEST) {
    if (is == STRING) return textTest(node)
    return how == EQUALS ? NO : UNCERTAIN
  }
  if (kind == LITERAL_TEST) return is == LITERAL ? textTest(node) : NO
  if (kind == LENGTH_TEST)
    return is == STRING ? compared(node, <f64>unitsIn(part_at, <u32>(part_end - part_at))) : UNCERTAIN
  if (is != NUMBER) return how > AT_LEAST ? NO : UNCERTAIN
  const number = numberIn(part_at, <u32>(part_end - part_at))
  return certain ? compared(node, number) : UNCERTAIN
}

function textTest(node: usize): u32 {
  const how = load<u32>(node, 12)
  const needle = <usize>load<u32>(node, 16)
  const bytes = load<u32>(node, 20)
  const length = <u32>(part_end - part_at)
  if (length < bytes) return NO
  if (how == BEGINS) return u32(memory.compare(part_at, needle, bytes) == 0)
  if (how == ENDS) return u32(memory.compare(part_end - bytes, needle, bytes) == 0)
  if (how == EQUALS) return u32(length == bytes && memory.compare(part_at, needle, bytes) == 0)
  return u32(find(part_at, part_end, needle, bytes) != part_end)
}

function compared(node: usize, number: f64): u32 {
  const than = load<f64>(node, 32)
  const how = load<u32>(node, 12)
  if (how == LESS) return u32(number < than)
  if (how == AT_MOST) return u32(number <= than)
  if (how == MORE) return u32(number > than)
  if (how == AT_LEAST) return u32(number >= than)
  return u32(number == than)
}

/** Finds a field of the line; false if the line has fewer. */
function findField(separator: u32, index: u32): bool {
  const separators = i8x16.splat(<i8>separator)
  let start = line
  for (let at = line; at < line_end; at += 16) {
    let found = i8x16.bitmask(i8x16.eq(v128.load(at), separators))
    while (found != 0) {
      const place = at + <usize>ctz(found)
      found &= found - 1
      if (place >= line_end) break
      if (index == 0) {
        part_at = start
        part_end = place
        return true
      }
      index--
      start = place + 1
    }
  }
  part_at = start
  part_end = line_end
  return index == 0
}
