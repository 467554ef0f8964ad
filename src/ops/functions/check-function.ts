import { ArgumentError } from '../../errors.js'
import { unwrapped } from './env.js'
import { describe } from './plain-data.js'
import type { AnyFunction } from './ref.js'
import { checkKind, type Gives } from './results.js'

/**
 * Returns the function itself. `label` names the operation, and `gives` says what it does with results.
 * @throws ArgumentError unless it is a function of a kind that fits.
 */
export function checkFunction<F extends AnyFunction>(fn: F, label: string, gives: Gives = 'value'): F {
  if (typeof fn !== 'function') throw new ArgumentError(`${label} needs a function, got ${describe(fn)}.`, { label })
  checkKind(unwrapped(fn), label, gives)
  return fn
}
