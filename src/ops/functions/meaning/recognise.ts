import { identity, pairWithOne, sum } from '../common.js'
import { environmentOf } from '../env.js'
import type { AnyFunction } from '../ref.js'
import { normalForm } from '../syntax/normal-form.js'

/** Longer texts match no known function, so they are not parsed. */
const LONGEST = 60

/** Functions that users often write and that have kernels, by the normal form of their text. */
const WRITTEN: readonly (readonly [text: string, fn: AnyFunction])[] = [
  ['(value) => value', identity],
  ['function (value) { return value }', identity],
  ['(value) => { return value }', identity],
  ['(value) => [value, 1]', pairWithOne],
  ['function (value) { return [value, 1] }', pairWithOne],
  ['(value) => { return [value, 1] }', pairWithOne],
  ['(a, b) => a + b', sum],
  ['function (a, b) { return a + b }', sum],
  ['(a, b) => { return a + b }', sum],
]

let byForm: Map<string, AnyFunction> | undefined
const known = new WeakMap<AnyFunction, AnyFunction>()

/**
 * Returns the library function that has the same text as a function, so that kernels can run it; otherwise the function
 * itself.
 */
export function recognised(fn: AnyFunction): AnyFunction {
  if (environmentOf(fn) !== undefined) return fn
  let found = known.get(fn)
  if (found === undefined) {
    const text = Function.prototype.toString.call(fn)
    byForm ??= new Map(WRITTEN.map(([written, library]) => [normalForm(written), library]))
    found = (text.length <= LONGEST ? byForm.get(normalForm(text)) : undefined) ?? fn
    known.set(fn, found)
  }
  return found
}
