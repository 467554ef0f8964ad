import { expect, test } from 'vitest'
import { range } from '../../support/streams.js'
import { type Guarantee, isApplicable, type NotApplicable } from './row.js'

export { range }

/** Fails unless the numbers are those of [0, count), as often as the guarantee allows. */
export function expectNumbers(found: readonly number[], count: number, guarantee: Guarantee): void {
  const sorted = [...found].sort((a, b) => a - b)
  const expected = range(0, count)
  if (guarantee === 'exactly-once') expect(sorted).toEqual(expected)
  else if (guarantee === 'at-least-once') expect([...new Set(sorted)]).toEqual(expected)
  else {
    expect(expected).toEqual(expect.arrayContaining(sorted))
    if (guarantee === 'at-most-once') expect(new Set(sorted).size).toBe(sorted.length)
  }
}

/** Registers a check, or prints why it does not apply. */
export function check<T extends object>(
  name: string,
  given: T | NotApplicable | undefined,
  run: (given: T) => Promise<void>,
): void {
  if (isApplicable(given)) test(name, () => run(given))
  else console.info(`does not apply: ${name}: ${given?.notApplicable}`)
}
