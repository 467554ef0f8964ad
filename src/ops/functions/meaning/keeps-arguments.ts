import type { FnRef } from '../ref.js'

/**
 * Returns whether a function changes no part of its arguments: functions of the library and the language, unless they call
 * a function that does, and functions whose text proves it. Proofs rely on built-in objects (intrinsics.ts).
 */
export function keepsArguments(fn: FnRef): boolean {
  if (fn.k !== 'builtin') return fn.k === 'global' || fn.keeps === true
  return (fn.args ?? []).every((arg) => 'value' in arg || keepsArguments(arg.fn))
}

/**
 * Returns whether the objects that a function makes of data have no symbols as names: a function whose text is proven has
 * no way to a symbol. Proofs rely on built-in objects.
 */
export function makesNoSymbols(fn: FnRef): boolean {
  if (fn.k !== 'builtin') return fn.keeps === true
  return (fn.args ?? []).every((arg) => 'value' in arg || makesNoSymbols(arg.fn))
}
