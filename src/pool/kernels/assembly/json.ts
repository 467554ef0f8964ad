import { afterLiteral, afterNumber, escaped, skipSpace, stringEnd } from './json-text'
import { NEWLINE } from './lines'
import { equal, WANTED, WANTED_BYTES } from './memory'

/*
 * Fields of lines that are JSON objects. `scan` reads each line to its end: a line that is not JSON has no fields at
 * all, and a repeated name replaces its first value. If the function might find something else, `scan` returns 0 and
 * the line falls back to the function.
 *
 * The wanted fields, an entry for each of at most four. The host writes it, except for the four words after the first:
 *
 * | offset | type | field |
 * | --- | --- | --- |
 * | 0  | u32 | names in the path; 0: no field is wanted |
 * | 4  | u32 | the depth of the innermost open object that the field may be in; 0: none is |
 * | 8  | u32 | what was found |
 * | 12 | u32 | where |
 * | 16 | u32 | bytes |
 * | 24 | 8 × (u32, u32) | where each name is, and its bytes |
 * | 88 |     | the names |
 */
const DEPTH: usize = 4
const FOUND: usize = 8
const AT: usize = 12
const BYTES: usize = 16
const NAMES: usize = 24

export const FIRST: usize = WANTED
export const SECOND: usize = WANTED + WANTED_BYTES

export const NOTHING: u32 = 0
export const STRING: u32 = 1
export const NUMBER: u32 = 2
export const LITERAL: u32 = 3

/** As many levels as an u64 has bits. */
const MAX_DEPTH: u32 = 64

/** The relation of the value after a name to a wanted field: the field itself, or an object around it. */
const CAPTURED: u32 = 1
const ENTERED: u32 = 2
/** Two bits for each wanted field, of the value that comes next. */
let next: u32 = 0
const ANY_CAPTURED: u32 = 0x55

/** How many fields are wanted. */
let wants: u32 = 0

export function want(fields: u32): void {
  wants = fields
}

@inline
function wantedAt(i: u32): usize {
  return WANTED + <usize>i * WANTED_BYTES
}

@inline
export function found(wanted: usize): u32 {
  return load<u32>(wanted, FOUND)
}
@inline
export function foundAt(wanted: usize): usize {
  return <usize>load<u32>(wanted, AT)
}
@inline
export function foundBytes(wanted: usize): u32 {
  return load<u32>(wanted, BYTES)
}

/**
 * Returns the newline of the line that begins at `at`, when the wanted fields are found or known to be missing; 0 if
 * the result is not certain.
 */
export function scan(at: usize): usize {
  for (let i: u32 = 0; i < wants; i++) forget(wantedAt(i))
  next = 0
  at = skipSpace(at)
  if (load<u8>(at) != 0x7b) return 0
  let depth: u32 = 0
  // Bit 0: whether the innermost level is an object, not an array.
  let kinds: u64 = 0
  while (at != 0) {
    const byte = load<u8>(at)
    if (byte == 0x22) {
      const end = stringEnd(at + 1)
      if (end == 0 || (next != 0 && !take(escaped ? NOTHING : STRING, at + 1, end))) return 0
      at = end + 1
    } else if (byte == 0x7b || byte == 0x5b) {
      const object = byte == 0x7b
      if (depth == MAX_DEPTH || (next != 0 && !enter(depth, object))) return 0
      depth++
      kinds = (kinds << 1) | u64(object)
      at = skipSpace(at + 1)
      if (load<u8>(at) != (object ? 0x7d : 0x5d)) {
        if (object) at = afterName(at, depth)
        continue
      }
    } else {
      const number = byte <= 0x39
      const end = number ? afterNumber(at) : afterLiteral(at)
      if (end == 0 || (next != 0 && !take(number ? NUMBER : LITERAL, at, end))) return 0
      at = end
    }
    // After a value: levels may end, then there is another value, or the line ends.
    for (;;) {
      at = skipSpace(at)
      if (depth == 0) return load<u8>(at) == NEWLINE ? at : 0
      const byte = load<u8>(at)
      const object = (kinds & 1) != 0
      if (byte == 0x2c) {
        at = skipSpace(at + 1)
        if (object) at = afterName(at, depth)
        break
      }
      if (byte != (object ? 0x7d : 0x5d)) return 0
      if (depth > 1) leave(depth)
      depth--
      kinds >>= 1
      at++
    }
  }
  return 0
}

@inline
function forget(wanted: usize): void {
  store<u32>(wanted, u32(load<u32>(wanted) != 0), DEPTH)
  store<u32>(wanted, NOTHING, FOUND)
}

/** Returns the start of the value of the name at `at`; 0 if there is none, or if the name is not certain. */
function afterName(at: usize, depth: u32): usize {
  if (load<u8>(at) != 0x22) return 0
  const end = stringEnd(at + 1)
  if (end == 0) return 0
  next = 0
  for (let i: u32 = 0; i < wants; i++) {
    const wanted = wantedAt(i)
    if (!isOpen(wanted, depth)) continue
    if (escaped) return 0
    next |= compare(wanted, at + 1, end, depth) << (i << 1)
  }
  at = skipSpace(end + 1)
  return load<u8>(at) == 0x3a ? skipSpace(at + 1) : 0
}

/** Returns whether a wanted field may be in the object at this depth, or on the path to it. */
@inline
function isOpen(wanted: usize, depth: u32): bool {
  return load<u32>(wanted, DEPTH) == depth
}

@inline
function compare(wanted: usize, at: usize, end: usize, depth: u32): u32 {
  const name = wanted + NAMES + (<usize>(depth - 1) << 3)
  const length = load<u32>(name, 4)
  if (length != <u32>(end - at) || !equal(<usize>load<u32>(name), at, length)) return 0
  // Voids the earlier value of the name, whatever follows.
  store<u32>(wanted, NOTHING, FOUND)
  return load<u32>(wanted) == depth ? CAPTURED : ENTERED
}

/** Records a wanted value. Returns false if its meaning is not certain. */
function take(kind: u32, at: usize, end: usize): bool {
  for (let i: u32 = 0; i < wants; i++) if (((next >> (i << 1)) & 3) == CAPTURED) keep(wantedAt(i), kind, at, end)
  const certain = kind != NOTHING || (next & ANY_CAPTURED) == 0
  next = 0
  return certain
}

@inline
function keep(wanted: usize, kind: u32, at: usize, end: usize): void {
  store<u32>(wanted, kind, FOUND)
  store<u32>(wanted, <u32>at, AT)
  store<u32>(wanted, <u32>(end - at), BYTES)
}

/** Enters an object or array; false if it is a wanted field itself, or if a path continues in an array. */
function enter(depth: u32, object: bool): bool {
  if ((next & ANY_CAPTURED) != 0 || !object) return false
  for (let i: u32 = 0; i < wants; i++) {
    if (((next >> (i << 1)) & 3) == ENTERED) store<u32>(wantedAt(i), depth + 1, DEPTH)
  }
  next = 0
  return true
}

@inline
function leave(depth: u32): void {
  for (let i: u32 = 0; i < wants; i++) if (isOpen(wantedAt(i), depth)) store<u32>(wantedAt(i), depth - 1, DEPTH)
}
