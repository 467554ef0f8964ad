import { nowMicros } from './lines-sent.mjs'

/**
 * The wall clock's zero in the clock of `nowMicros`. The wall clock counts whole milliseconds, and the process may be
 * interrupted between the two readings: both only make a sample too late, so the earliest of many is right.
 */
function wallZero() {
  let zero = Number.POSITIVE_INFINITY
  for (const until = nowMicros() + 20_000; nowMicros() < until; ) {
    const wall = Date.now()
    zero = Math.min(zero, nowMicros() - wall * 1000)
  }
  return zero
}

const ZERO = wallZero()

/** A moment of the wall clock in the clock of `nowMicros`. */
export const toMicros = (wallMs) => ZERO + wallMs * 1000
