import { expect, test } from 'vitest'
import { RangeBounds } from '#build/pool/kernels/divide-lines.js'
import { TextKernels } from '#build/pool/kernels/text-kernels.js'
import fc from '../../support/fast-check.js'

const kernels = TextKernels.create()!

/** Returns the lines of each part, as the kernel divides them. */
function divided(text: string, bounds: readonly string[], ascending: boolean): string[][] {
  const parts: string[][] = Array.from({ length: bounds.length + 1 }, () => [])
  const region = kernels.load(Buffer.from(text))
  const lines = kernels.divide(region, new RangeBounds(bounds, ascending), (part, { texts, lengths }) => {
    let at = 0
    for (const length of lengths) {
      parts[part]!.push(Buffer.from(texts).toString('latin1', at, at + length))
      at += length
    }
    expect(at).toBe(texts.length)
  })
  expect(lines).toBe(parts.flat().length)
  return parts
}

const line = fc.oneof(
  { weight: 5, arbitrary: fc.string({ unit: fc.constantFrom('a', 'b', '~', '\0', ' '), maxLength: 6 }) },
  { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 14, maxLength: 80, size: 'max' }) },
)
const bound = fc.oneof(
  line,
  fc.string({ unit: fc.constantFrom('a', 'b', '\x7f', '\x80', 'ÿ', 'Ā', '\ud83d'), maxLength: 4 }),
)
const less = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

test('lines are divided as strings are by bounds, in their order', () => {
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 200, size: 'max' }),
      fc.array(bound, { maxLength: 8 }),
      fc.boolean(),
      fc.boolean(),
      (lines, some, ascending, ended) => {
        const sign = ascending ? 1 : -1
        const bounds = some.toSorted((a, b) => sign * less(a, b))
        const text = lines.join('\n') + (ended ? '\n' : '')
        const expected: string[][] = Array.from({ length: bounds.length + 1 }, () => [])
        for (const one of text === '' ? [] : text.replace(/\n$/, '').split('\n'))
          expected[bounds.filter((limit) => sign * less(one, limit) > 0).length]!.push(one)
        expect(divided(text, bounds, ascending)).toEqual(expected)
      },
    ),
    { numRuns: 500 },
  )
})
