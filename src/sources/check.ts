import { ArgumentError } from '../errors.js'
import { checkNames } from '../ops/option-names.js'
import { type Duration, toMillis } from '../ops/time.js'
import { describe } from '../values/describe.js'

/** Limits of the wait before a new connection: the first wait, and the longest. */
export interface ReconnectDelay {
  readonly min?: Duration
  readonly max?: Duration
}

/** The same in ms. */
export interface DelayLimits {
  readonly min: number
  readonly max: number
}

/** The longest delay of a Node timer, in ms; a longer one would fire at once. */
export const LONGEST_TIMER = 2 ** 31 - 1

/** Throws an ArgumentError unless `value` is a whole number in [min, max]. */
export function checkInteger(what: string, value: number, min: number, max = Number.MAX_SAFE_INTEGER): void {
  if (Number.isInteger(value) && value >= min && value <= max) return
  const allowed = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
  throw new ArgumentError(`${what} is ${describe(value)}; it must be a whole number ${allowed}.`, { value, min, max })
}

/** Throws an ArgumentError unless `value` is true or false. */
export function checkBoolean(what: string, value: boolean): boolean {
  if (typeof value === 'boolean') return value
  throw new ArgumentError(`${what} is ${describe(value)}; it must be true or false.`, { value })
}

/** Throws an ArgumentError unless `value` is a policy for records that are not data. */
export function checkOnRecordError(value: 'skip' | 'fail'): void {
  if (value === 'skip' || value === 'fail') return
  throw new ArgumentError(`onRecordError is ${describe(value)}; it must be 'skip' or 'fail'.`, { onRecordError: value })
}

/** Returns the limits in ms, with `defaults` for those left out. Throws an ArgumentError unless min <= max. */
export function reconnectDelay(given: ReconnectDelay | undefined, defaults: DelayLimits): DelayLimits {
  if (given !== undefined) checkNames(given, ['min', 'max'], 'reconnectDelay')
  const inMs = (name: 'min' | 'max') => {
    const value = given?.[name]
    return value === undefined ? undefined : toMillis(value, `reconnectDelay.${name}`)
  }
  const longest = inMs('max')
  const min = inMs('min') ?? Math.min(defaults.min, longest ?? defaults.min)
  const max = longest ?? Math.max(defaults.max, min)
  if (max < min || max > LONGEST_TIMER) {
    throw new ArgumentError(`reconnectDelay.max is ${max} ms; it must be from ${min}, its min, to ${LONGEST_TIMER}.`, {
      min,
      max,
    })
  }
  return { min, max }
}
