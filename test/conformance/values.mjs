import assert from 'node:assert/strict'
import { inspect } from 'node:util'

/** The function that a text stands for. */
export const compiled = (source) => new Function(`return (${source})`)()

/** As cases write values: an absent optional value is null, numbers that JSON lacks are texts. */
export function asWritten(value) {
  if (value === undefined) return null
  if (value instanceof Map) return [...value].map(asWritten)
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  return Array.isArray(value) ? value.map(asWritten) : value
}

/** Numbers that JSON lacks, as cases write them. */
const UNWRITABLE = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
])
export const asNumber = (value) => UNWRITABLE.get(value) ?? value

/** A text that tells every value from every other. */
const textOf = (value) => inspect(value, { depth: null, sorted: true, maxArrayLength: null, maxStringLength: null })

/** The values in an order that depends on nothing but the values. */
function sorted(values) {
  const texts = Array.from(values, (value) => ({ value, text: textOf(value) }))
  return texts.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0)).map(({ value }) => value)
}

/** Compares two lists, as multisets unless `ordered`. */
export function compareLists(actual, expected, ordered) {
  const [mine, theirs] = [asWritten([...actual]), asWritten([...expected])]
  assert.deepEqual(ordered ? mine : sorted(mine), ordered ? theirs : sorted(theirs))
}

/** Compares numbers, and lists and records of numbers, within a tolerance. A field that is null is not asserted. */
export function compareNear(actual, expected, tolerance) {
  if (typeof expected === 'number') {
    assert.equal(typeof actual, 'number')
    // The difference of two infinities is no number.
    if (actual === expected) return
    assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`)
    return
  }
  if (typeof expected !== 'object' || expected === null) {
    assert.deepEqual(asWritten(actual), expected)
    return
  }
  if (Array.isArray(expected)) {
    assert.equal(actual.length, expected.length)
    expected.forEach((value, i) => compareNear(actual[i], value, tolerance))
    return
  }
  for (const [name, value] of Object.entries(expected)) {
    if (value !== null) compareNear(actual[name], value, tolerance)
  }
}

/** A case asks for something that the runner or the library does not have. */
export class NotYet extends Error {
  constructor(what) {
    super(`not yet: ${what}`)
    this.what = what
  }
}

/** The entry of a table of operations. Throws NotYet if there is none. */
export function entryOf(table, name) {
  if (Object.hasOwn(table, name)) return table[name]
  throw new NotYet(name)
}

/** The first of these parameters that a step has: cases of different origin name the same thing differently. */
export function either(step, ...names) {
  const name = names.find((each) => step[each] !== undefined)
  return name === undefined ? undefined : step[name]
}

/** A function that a step may have under one of several names; undefined where it has none. */
export function functionOf(step, ...names) {
  const source = either(step, ...names)
  return source === undefined ? undefined : compiled(source)
}

/** A number in [0, below) that depends on the seed and the text only. */
export function drawn(seed, text, below) {
  let hash = seed >>> 0
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0
  return ((hash ^ (hash >>> 12)) >>> 0) % below
}

/** A step or an action as often as it asks for with `times`. */
export const repeated = (step) => Array.from({ length: step.times ?? 1 }, () => step)
