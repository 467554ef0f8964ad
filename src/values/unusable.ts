import { ArgumentError, MillraceError } from '../errors.js'
import { describe } from './describe.js'
import { messageOf } from './message-of.js'

/**
 * Returns an error of Millrace unchanged. Wraps any other error, which was thrown while the arguments of a call were
 * read.
 */
export function unusable(label: string, args: readonly unknown[], cause: unknown): unknown {
  if (cause instanceof MillraceError) return cause
  const given = args.slice(0, 8).map(describe).join(', ')
  const message = `${label}(${given}): its arguments cannot be used: ${messageOf(cause).slice(0, 500)}. Check what they contain.`
  return new ArgumentError(message, { operation: label }, cause)
}

/** Runs a check of arguments. An error that is not Millrace's own becomes an ArgumentError. */
export function usable<R>(label: string, args: readonly unknown[], check: () => R): R {
  try {
    return check()
  } catch (error) {
    throw unusable(label, args, error)
  }
}
