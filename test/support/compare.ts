import { inspect } from 'node:util'
import { expect } from 'vitest'

/** A text that tells every value from every other, -0 from 0 and undefined from a missing property included. */
const textOf = (value: unknown): string =>
  inspect(value, { depth: null, sorted: true, maxArrayLength: null, maxStringLength: null })

/** The values in an order that depends on nothing but the values. */
export function sorted<T>(values: Iterable<T>): T[] {
  const texts = Array.from(values, (value) => ({ value, text: textOf(value) }))
  return texts.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0)).map(({ value }) => value)
}

/** Compares two lists as multisets: the same values, each as often, in any order. */
export function expectBag(actual: Iterable<unknown>, expected: Iterable<unknown>): void {
  expect(sorted(actual)).toStrictEqual(sorted(expected))
}
