import { ArgumentError } from '../errors.js'
import { describe } from '../values/describe.js'

/** A length of time: milliseconds, or text such as `'500ms'`, `'1s'`, `'10m'`, `'2h'`, `'1d'`. */
export type Duration = number | string

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * Returns the duration in whole milliseconds. Throws ArgumentError unless it is at least 1 ms. `what` names it in
 * errors.
 */
export function toMillis(duration: Duration, what: string): number {
  const ms = typeof duration === 'string' ? parse(duration) : duration
  if (!Number.isInteger(ms) || ms < 1) {
    throw new ArgumentError(
      `${what} is ${describe(duration)}; it must be a whole number of milliseconds of at least 1, or text such as '500ms', '1s', '10m', '2h'.`,
      { given: duration },
    )
  }
  return ms
}

function parse(text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|min|h|d)\s*$/.exec(text)
  return match ? Math.round(Number(match[1]) * UNITS[match[2]!]!) : Number.NaN
}

/** Formats `10000` as `10s`, `1500` as `1500ms`, for messages. */
export function formatMillis(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (ms >= UNITS[unit]! && ms % UNITS[unit]! === 0) return `${ms / UNITS[unit]!}${unit}`
  }
  return `${ms}ms`
}
