import { MillraceError, TaskFailedError } from '../../errors.js'
import { messageOf } from '../../values/message-of.js'
import { guarded } from './guard.js'
import type { AnyFunction } from './ref.js'

/**
 * Returns a user's function as the driver calls it, to merge what tasks have returned: with its results checked, and
 * errors that name the operation.
 */
export function inDriver<F extends AnyFunction>(fn: F, label: string): F {
  return namedInDriver(guarded(fn, 'value', label), label) as F
}

/** As `inDriver`, for a function whose results the caller checks. */
export function namedInDriver<F extends AnyFunction>(fn: F, label: string): F {
  const named: AnyFunction = (...args) => {
    try {
      return fn(...args) as unknown
    } catch (cause) {
      if (cause instanceof MillraceError) throw cause
      const message = `${label} failed in the driver, which called its function: ${messageOf(cause)}`
      throw new TaskFailedError(message, { cause, details: { operation: label } })
    }
  }
  return named as F
}
