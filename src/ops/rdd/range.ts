import { ArgumentError } from '../../errors.js'
import { describe } from '../../values/describe.js'

/** Greatest number of elements of a range: doubles cannot number more of them exactly. */
const MOST = 2 ** 52

/** Throws ArgumentError unless the limits are finite and the step leads from one number to another. */
export function checkRange(from: number, to: number, step: number): void {
  if (step === 0 || !Number.isFinite(from) || !Number.isFinite(to) || !Number.isFinite(step)) {
    throw new ArgumentError(
      `range(${describe(from)}, ${describe(to)}, ${describe(step)}): the limits must be finite numbers, and the step must be a finite number other than 0.`,
    )
  }
  if (from + step === from || to - step === to || quotientOf(from, to, step) > MOST) {
    throw new ArgumentError(
      `range(${from}, ${to}, ${step}): the step is too small for limits of this size, so elements would repeat. Use a larger step.`,
    )
  }
}

/** Returns element `i`, rounded once. Computes with halves if `i * step` exceeds the greatest number. */
export function elementOfRange(start: number, step: number, i: number): number {
  const way = i * step
  return Number.isFinite(way) ? start + way : (start / 2 + i * (step / 2)) * 2
}

/**
 * Returns the number of elements before `to`. The quotient is rounded, so it is corrected by comparing the last
 * elements with `to`.
 */
export function countOfRange(from: number, to: number, step: number): number {
  let count = Math.max(0, Math.ceil(quotientOf(from, to, step)))
  const isBefore = (i: number) => (step > 0 ? elementOfRange(from, step, i) < to : elementOfRange(from, step, i) > to)
  while (count > 0 && !isBefore(count - 1)) count--
  while (isBefore(count)) count++
  return count
}

function quotientOf(from: number, to: number, step: number): number {
  const span = to - from
  return Number.isFinite(span) ? span / step : to / step - from / step
}
