import type { FnRef } from '../../ops/functions/ref.js'
import type { Merge } from './byte-reduction.js'
import { isBuiltin } from './byte-steps.js'

const MERGES: ReadonlyMap<string, Merge> = new Map([
  ['Math.max', 'greatest'],
  ['Math.min', 'lowest'],
])

/** Returns the merge that a function of two numbers amounts to. */
export function mergeOf(fn: FnRef): Merge | undefined {
  if (fn.k !== 'builtin') return fn.merges ?? (fn.k === 'global' ? MERGES.get(fn.path) : undefined)
  return (['sum', 'max', 'min'] as const).find((name) => isBuiltin(fn, name))
}
