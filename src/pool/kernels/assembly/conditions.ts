import { certainLine } from './certain'
import { LITERAL, NOTHING, NUMBER, STRING } from './json'
import { closed, find, lineEnd, lineStop } from './lines'
import { PROGRAM } from './memory'
import { firstOf, howOf, kindOf, numberOf, secondOf, textBytesOf, textOf } from './nodes'
import { certain, numberIn, unitsIn } from './numbers'
import { findPart, openLine, PLAIN, part_at, part_end, part_is, partBytes } from './parts'
import { sure, valueOf } from './values'

/*
 * Conditions of lines, as programs (nodes.ts).
 */

/** Kinds of nodes. */
const AND: u32 = 0
const OR: u32 = 1
const NOT: u32 = 2
const TEXT_TEST: u32 = 3
const LITERAL_TEST: u32 = 4
const NUMBER_TEST: u32 = 5
const LENGTH_TEST: u32 = 6
/** A comparison of two numbers. */
const COMPARED: u32 = 7
/** A number, and a part, of which only the certainty matters. */
const CERTAIN: u32 = 8
const PRESENT: u32 = 9

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
    openLine(at, lineEnd(at, stop - 1))
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
  const kind = kindOf(node)
  if (kind == NOT) {
    const holds = evaluate(firstOf(node))
    return holds == UNCERTAIN ? UNCERTAIN : 1 - holds
  }
  if (kind == AND || kind == OR) {
    // In the order of the language: the second is not evaluated if the first decides.
    const holds = evaluate(firstOf(node))
    if (holds == UNCERTAIN || holds == (kind == AND ? NO : YES)) return holds
    return evaluate(secondOf(node))
  }
  const how = howOf(node)
  if (kind == COMPARED) {
    const a = valueOf(firstOf(node))
    if (!sure) return UNCERTAIN
    const b = valueOf(secondOf(node))
    return sure ? compared(a, b, how) : UNCERTAIN
  }
  if (kind == CERTAIN) {
    valueOf(firstOf(node))
    return sure ? YES : UNCERTAIN
  }
  if (!findPart(node)) return UNCERTAIN
  if (kind == PRESENT) return YES
  if (kind == TEXT_TEST) {
    if (part_is == PLAIN || part_is == STRING) return textTest(node)
    return how == EQUALS ? NO : UNCERTAIN
  }
  if (kind == LITERAL_TEST) return part_is == LITERAL ? textTest(node) : NO
  if (kind == LENGTH_TEST) {
    if (part_is != PLAIN && part_is != STRING) return UNCERTAIN
    return compared(<f64>unitsIn(part_at, partBytes()), numberOf(node), how)
  }
  return numberTest(node, how)
}

function numberTest(node: usize, how: u32): u32 {
  if (part_is == PLAIN) {
    const number = numberIn(part_at, partBytes())
    if (!certain) return UNCERTAIN
    return compared(number != number ? 0 : number, numberOf(node), how)
  }
  if (part_is != NUMBER) {
    // A missing field of a separated line is NaN. JSON of another type is not equal to a number.
    const missing = part_is == NOTHING && load<u32>(node, 4) == 1
    return missing || how > AT_LEAST ? NO : UNCERTAIN
  }
  const number = numberIn(part_at, partBytes())
  return certain ? compared(number, numberOf(node), how) : UNCERTAIN
}

function textTest(node: usize): u32 {
  const how = howOf(node)
  const needle = textOf(node)
  const bytes = textBytesOf(node)
  const length = partBytes()
  if (length < bytes) return NO
  if (how == BEGINS) return u32(memory.compare(part_at, needle, bytes) == 0)
  if (how == ENDS) return u32(memory.compare(part_end - bytes, needle, bytes) == 0)
  if (how == EQUALS) return u32(length == bytes && memory.compare(part_at, needle, bytes) == 0)
  return u32(find(part_at, part_end, needle, bytes) != part_end)
}

function compared(number: f64, than: f64, how: u32): u32 {
  if (how == LESS) return u32(number < than)
  if (how == AT_MOST) return u32(number <= than)
  if (how == MORE) return u32(number > than)
  if (how == AT_LEAST) return u32(number >= than)
  return u32(number == than)
}
