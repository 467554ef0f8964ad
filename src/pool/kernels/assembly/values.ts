import { NOTHING, NUMBER, STRING } from './json'
import { firstOf, howOf, kindOf, numberOf, secondOf } from './nodes'
import { certain, numberIn, unitsIn } from './numbers'
import { findPart, PLAIN, part_at, part_is, partBytes } from './parts'

/*
 * Numbers that functions compute from parts of a line. Every operation rounds as that of the language does.
 */

/** Kinds of nodes; conditions.ts and line-keys.ts have the others. */
export const CONSTANT: u32 = 16
/** A part that is converted to a number. */
export const CONVERTED: u32 = 17
export const LENGTH: u32 = 18
const NEGATIVE: u32 = 19
const ARITHMETIC: u32 = 20

/** Operations of two numbers. */
const PLUS: u32 = 0
const MINUS: u32 = 1
const TIMES: u32 = 2
const OVER: u32 = 3
/** Roundings of one. */
const FLOOR: u32 = 1
const CEIL: u32 = 2
const TRUNC: u32 = 3
const ROUND: u32 = 4
const ABS: u32 = 5

/** Whether the last result of `valueOf` is certain to be that of the function. */
export let sure: bool = false

/** Returns the number that a node computes from the current line. */
@inline
export function valueOf(node: usize): f64 {
  sure = true
  return compute(node)
}

function compute(node: usize): f64 {
  const kind = kindOf(node)
  if (kind == CONSTANT) return numberOf(node)
  if (kind == CONVERTED) return converted(node)
  if (kind == LENGTH) return lengthOf(node)
  const a = compute(firstOf(node))
  if (!sure) return 0
  const how = howOf(node)
  if (kind == ARITHMETIC) return computed(a, compute(secondOf(node)), how)
  if (kind == NEGATIVE) return -a
  if (how == FLOOR) return Math.floor(a)
  if (how == CEIL) return Math.ceil(a)
  if (how == TRUNC) return Math.trunc(a)
  if (how == ROUND) return rounded(a)
  return how == ABS ? Math.abs(a) : unreachable()
}

@inline
function computed(a: f64, b: f64, how: u32): f64 {
  if (how == PLUS) return a + b
  if (how == MINUS) return a - b
  if (how == TIMES) return a * b
  return how == OVER ? a / b : a % b
}

/** As Math.round: halves upwards, and -0 stays negative. */
@inline
function rounded(a: f64): f64 {
  const below = Math.floor(a)
  return copysign<f64>(a - below >= 0.5 ? below + 1 : below, a)
}

/** As by `Number`: a blank text is 0, a missing field NaN. JSON must be a number. */
function converted(node: usize): f64 {
  sure = findPart(node)
  if (!sure) return 0
  if (part_is == NOTHING) {
    sure = load<u32>(node, 4) == 1
    return NaN
  }
  sure = part_is == PLAIN || part_is == NUMBER
  if (!sure) return 0
  const number = numberIn(part_at, partBytes())
  sure = certain
  // Only a blank text is certain to be no number.
  return number != number ? 0 : number
}

function lengthOf(node: usize): f64 {
  sure = findPart(node) && (part_is == PLAIN || part_is == STRING)
  return sure ? <f64>unitsIn(part_at, partBytes()) : 0
}
