import { ArgumentError } from '../../../errors.js'
import { describe } from '../../../values/describe.js'
import { type Duration, toMillis } from '../../time.js'

/** Returns a duration in ms that may be 0. @throws ArgumentError for anything else. */
export function zeroOrMore(duration: Duration, what: string): number {
  return isZero(duration) ? 0 : toMillis(duration, what)
}

/**
 * Returns a difference of times in ms, which may be negative: `'-5m'`, 0, `'10s'`. @throws ArgumentError for anything
 * else.
 */
export function difference(duration: Duration, what: string): number {
  if (typeof duration === 'number') {
    if (Number.isInteger(duration)) return duration
    throw new ArgumentError(
      `${what} is ${describe(duration)}; it must be a whole number of milliseconds, or text such as '-5m' or '10s'.`,
      { given: duration },
    )
  }
  const negative = /^\s*-/.test(duration)
  const ms = zeroOrMore(negative ? duration.replace('-', '') : duration, what)
  return negative ? -ms : ms
}

function isZero(duration: Duration): boolean {
  return duration === 0 || (typeof duration === 'string' && /^\s*0+(\.0+)?\s*(ms|s|m|min|h|d)?\s*$/.test(duration))
}
