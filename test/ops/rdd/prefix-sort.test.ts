import { describe, expect, test } from 'vitest'
import { naturalOrder } from '#build/ops/rdd/natural-order.js'
import { sortedIndices } from '#build/ops/rdd/prefix-sort.js'
import fc from '../../support/fast-check.js'

/** Returns the result of a stable sort by comparison. */
function byComparing(keys: readonly unknown[], ascending: boolean): number[] {
  const sign = ascending ? 1 : -1
  return Array.from(keys.keys()).sort((a, b) => sign * naturalOrder(keys[a], keys[b]))
}

function agrees(keys: readonly unknown[]): void {
  for (const ascending of [true, false])
    expect(Array.from(sortedIndices(keys, ascending)!)).toEqual(byComparing(keys, ascending))
}

/** Enough keys for prefixes to be packed, few enough letters for them to agree. */
const many = <K>(key: fc.Arbitrary<K>) => fc.array(key, { minLength: 1, maxLength: 400, size: 'max' })
const letters = (all: string[], maxLength = 14) =>
  fc.array(fc.constantFrom(...all), { maxLength }).map((units) => units.join(''))

describe('sorting by packed prefixes is a stable sort in natural order', () => {
  const texts = {
    'of few letters': letters(['a', 'b']),
    'with zeros and ends': letters(['\0', 'a'], 9),
    'at the edge of one byte': letters(['\u00fd', '\u00fe', '\u00ff', '\u0100'], 6),
    'at the edge of two bytes': letters(['a', '\ud83d', '\ude00', '\uffff', '\ufffe'], 6),
    'that begin alike': letters(['0', '1'], 8).map((end) => `${'common-'.repeat(60)}${end}`),
    'of any kind': fc.string({ unit: 'binary' }),
  }
  for (const [name, text] of Object.entries(texts)) {
    test(`texts ${name}`, () => {
      fc.assert(fc.property(many(text), agrees))
    })
  }

  test('texts that agree in all packed units, of which some end there', () => {
    const units = '0123456789012345'
    agrees([...Array.from({ length: 100 }, (_, i) => (i % 3 === 1 ? `${units}7` : units)), '9'])
  })

  test('numbers, whatever their sign, size and worth', () => {
    fc.assert(fc.property(many(fc.oneof(fc.double(), fc.integer({ min: -3, max: 3 }), fc.constant(-0))), agrees))
    // Alike in their upper half.
    fc.assert(fc.property(many(fc.integer({ min: 0, max: 50 }).map((i) => 1 + i * Number.EPSILON)), agrees))
  })

  test('other keys are left to comparing', () => {
    for (const keys of [[1, 'a'], ['a', undefined], [null], [1n], [[1]], [new Date(0)], []])
      expect(sortedIndices(keys, true)).toBeUndefined()
  })
})
