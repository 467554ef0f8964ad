import { certainLine } from './certain'
import { LITERAL, NOTHING, NUMBER, STRING } from './json'
import { isWhole } from './json-fields'
import { closed, lineEnd, lineStop } from './lines'
import { GIVEN, PIECE, PROGRAM } from './memory'
import { firstOf, kindOf, nextOf, nodeAt, textBytesOf, textOf } from './nodes'
import { findPart, line, openLine, PLAIN, part_at, part_is, partBytes } from './parts'
import { LIST, listCopy } from './pairs'
import { ATOM, add, count, countTagged, MISSING, TEXT } from './table'
import { sure, valueOf } from './values'

/*
 * Keys and numbers that functions compute from a line, as programs (nodes.ts).
 */

/** Kinds of nodes. No key: all lines have one. */
const NO_KEY: u32 = 32
/** A part of the line as it is. */
const PART: u32 = 33
/** Parts and texts one after the other. */
const JOINED: u32 = 34
const TEXT_PIECE: u32 = 35

/** Whole numbers from this value on may be written in two ways. */
const MAX_WHOLE: f64 = 1e15

/** Whether the last number was -0, whose text is that of 0. */
let is_minus_zero: bool = false

/** The last key: where it is, and with which tag. */
let key_at: usize = 0
let key_bytes: u32 = 0
let key_tag: u32 = 0

/**
 * Merges the number of each line, node 1 of the program, into the value of its key, node 0, or lists both. Returns the first line that
 * falls back to the function, or the end.
 */
export function addComputed(from: usize, length: u32, how: u32): usize {
  const end = closed(from, length)
  const value = nodeAt(1)
  while (from < end) {
    const stop = lineStop(from, end)
    openLine(from, lineEnd(from, stop - 1))
    if (!findKey(PROGRAM)) return from
    // Parts of the number do not move those of the key.
    const number = valueOf(value)
    if (!sure) return from
    if (how == LIST) {
      if (key_tag != TEXT || !listCopy(key_at, key_bytes, number)) return from
    } else add(key_at, key_bytes, key_tag, number, how)
    certainLine()
    from = stop
  }
  return end
}

/** Counts the key of each line. Returns the same. */
export function countComputed(from: usize, length: u32): usize {
  const end = closed(from, length)
  while (from < end) {
    const stop = lineStop(from, end)
    openLine(from, lineEnd(from, stop - 1))
    if (!findKey(PROGRAM)) return from
    if (key_tag == TEXT) count(key_at, key_bytes)
    else countTagged(key_at, key_bytes, key_tag)
    certainLine()
    from = stop
  }
  return end
}

/** Finds the key of the current line. Returns false if it is not certain. */
function findKey(node: usize): bool {
  const kind = kindOf(node)
  if (kind == NO_KEY) {
    key_at = line
    key_bytes = 0
    key_tag = MISSING
    return true
  }
  if (kind == PART) return findPartKey(node)
  key_at = GIVEN
  key_bytes = 0
  key_tag = TEXT
  if (kind == JOINED) {
    for (let piece = firstOf(node); piece != 0; piece = nextOf(piece)) if (!appendPiece(piece)) return false
    return true
  }
  key_tag = ATOM
  return appendNumber(node) && !is_minus_zero
}

function findPartKey(node: usize): bool {
  if (!findPart(node)) return false
  key_at = part_at
  key_bytes = part_is == NOTHING ? 0 : partBytes()
  key_tag = part_is == PLAIN || part_is == STRING ? TEXT : part_is == NOTHING ? MISSING : ATOM
  return part_is != NUMBER || isWhole(part_at, key_bytes)
}

function appendPiece(node: usize): bool {
  const kind = kindOf(node)
  if (kind == TEXT_PIECE) return append(textOf(node), textBytesOf(node))
  if (kind != PART) return appendNumber(node)
  if (!findPart(node) || part_is == NOTHING) return false
  if (part_is == NUMBER && !isWhole(part_at, partBytes())) return false
  return append(part_at, partBytes())
}

function append(at: usize, bytes: u32): bool {
  if (key_bytes + bytes > <u32>PIECE) return false
  memory.copy(GIVEN + key_bytes, at, bytes)
  key_bytes += bytes
  return true
}

/** Appends the digits of a whole number; false for others. */
function appendNumber(node: usize): bool {
  const number = valueOf(node)
  // NaN is not less than anything.
  if (!sure || !(Math.abs(number) < MAX_WHOLE) || Math.trunc(number) != number) return false
  if (key_bytes + 16 > <u32>PIECE) return false
  is_minus_zero = number == 0 && copysign<f64>(1, number) < 0
  let rest = <u64>Math.abs(number)
  let digits: u32 = 1
  for (let left = rest / 10; left != 0; left /= 10) digits++
  if (number < 0) store<u8>(GIVEN + key_bytes++, 0x2d)
  for (let i = digits; i > 0; rest /= 10) store<u8>(GIVEN + key_bytes + --i, <u8>(0x30 + (rest % 10)))
  key_bytes += digits
  return true
}
