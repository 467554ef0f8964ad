import { ArgumentError } from '../../errors.js'

/** More elements could not be numbered exactly. */
const MOST = 2 ** 52

/** Throws ArgumentError unless the limits are finite and the step leads from one number to another. */
export function checkRange(from: number, to: number, step: number): void {
  if (step === 0 || !Number.isFinite(from) || !Number.isFinite(to) || !Number.isFinite(step)) {
    throw new ArgumentError(
      `range(${String(from)}, ${String(to)}, ${String(step)}): the limits must be finite numbers and the step must not be 0.`,
    )
  }
  if (from + step === from || to - step === to || quotientOf(from, to, step) > MOST) {
    throw new ArgumentError(
      `range(${from}, ${to}, ${step}): the step is too small for limits of this size, so elements would repeat. Give a larger step.`,
    )
  }
}

/** Element `i`, rounded once. Halves, if the way from `start` is beyond the greatest number. */
export function elementOfRange(start: number, step: number, i: number): number {
  const way = i * step
  return Number.isFinite(way) ? start + way : (start / 2 + i * (step / 2)) * 2
}

/** The number of elements: those before `to`. The quotient is rounded, so elements at the end decide. */
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
