import { ArgumentError } from '../../errors.js'
import { describe } from './plain-data.js'
import type { AnyFunction } from './ref.js'

/** The function itself. Throws ArgumentError unless it is one; `label` names the operation. */
export function checkFunction<F extends AnyFunction>(fn: F, label: string): F {
  if (typeof fn === 'function') return fn
  throw new ArgumentError(`${label} needs a function, got ${describe(fn)}.`, { label })
}
