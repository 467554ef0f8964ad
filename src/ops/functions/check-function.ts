import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'
import { unwrapped } from './env.js'
import type { AnyFunction, ReturnKind } from './ref.js'
import { checkKind } from './results.js'

/**
 * Returns the function itself after checking it. `label` names the operation; `returns` says how it uses results.
 * @throws ArgumentError unless `fn` is a function of a suitable kind.
 */
export function checkFunction<F extends AnyFunction>(fn: F, label: string, returns: ReturnKind = 'value'): F {
  if (typeof fn !== 'function') throw new ArgumentError(`${label} needs a function, got ${describe(fn)}.`, { label })
  checkKind(unwrapped(fn), label, returns)
  return fn
}
