import type { FnRef } from './ref.js'

/**
 * Returns whether a function changes no part of its arguments: functions of the library and the language, unless they call
 * a function that does, and functions whose text proves it. Proofs rely on built-in objects (intrinsics.ts).
 */
export function keepsArguments(fn: FnRef): boolean {
  if (fn.k !== 'builtin') return fn.k === 'global' || fn.keeps === true
  return (fn.args ?? []).every((arg) => 'value' in arg || keepsArguments(arg.fn))
}
