import { ArgumentError } from '../errors.js'

/** Limits of a reconnect delay in ms: the first wait, and the longest. */
export interface ReconnectDelay {
  readonly min?: number
  readonly max?: number
}

/** The longest wait that a timer of Node can do; a longer one would fire at once. */
export const LONGEST_TIMER = 2 ** 31 - 1

/** Throws an ArgumentError unless `value` is a whole number in [min, max]. */
export function checkInteger(what: string, value: number, min: number, max = Number.MAX_SAFE_INTEGER): void {
  if (Number.isInteger(value) && value >= min && value <= max) return
  const allowed = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
  throw new ArgumentError(`${what} is ${String(value)}; give a whole number ${allowed}.`, { value, min, max })
}

/** Throws an ArgumentError unless `value` is true or false. */
export function checkBoolean(what: string, value: boolean): boolean {
  if (typeof value === 'boolean') return value
  throw new ArgumentError(`${what} is ${JSON.stringify(value)}; give true or false.`, { value })
}

/** `given` with its gaps filled, checked: 1 <= min <= max. */
export function reconnectDelay(given: ReconnectDelay, defaults: Required<ReconnectDelay>): Required<ReconnectDelay> {
  const min = given.min ?? Math.min(defaults.min, given.max ?? defaults.min)
  const max = given.max ?? Math.max(defaults.max, min)
  checkInteger('reconnectDelay.min (ms)', min, 1, LONGEST_TIMER)
  checkInteger('reconnectDelay.max (ms)', max, min, LONGEST_TIMER)
  return { min, max }
}
