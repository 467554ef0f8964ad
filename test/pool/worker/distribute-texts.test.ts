import { expect, test } from 'vitest'
import { sortedTexts } from '#build/ops/rdd/prefix-sort.js'
import { ByteKeys } from '#build/ops/rdd/text-keys.js'
import { distributed } from '#build/pool/worker/text/distribute-texts.js'

const naive = (texts: readonly string[]) => texts.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))

/** Divides texts into groups, and sorts each: the result is the sorted texts. */
function sortedByGroups(texts: readonly string[]): { groups: number; sorted: string[] } {
  const starts = new Uint32Array(texts.length + 1)
  texts.forEach((text, i) => {
    starts[i + 1] = starts[i]! + text.length
  })
  const groups = distributed({ bytes: Buffer.from(texts.join(''), 'latin1'), starts })
  const sorted = groups.flatMap((group) =>
    Array.from(sortedTexts(new ByteKeys(group.bytes, group.starts), true), (i) =>
      group.bytes.toString('latin1', group.starts[i], group.starts[i + 1]),
    ),
  )
  return { groups: groups.length, sorted }
}

test.each(
  Object.entries({
    'digits that begin alike': (i: number) => `2026-${100_000 + i}`,
    'one very common beginning': (i: number) => (i % 3 === 0 ? String(i) : `the same ${'x'.repeat(i % 40)}`),
    'all units': (i: number) => String.fromCharCode(i % 256, (i * 7) % 256) + 'y'.repeat(12),
  }),
)('many texts of %s are divided into groups in order', (_name, text) => {
  const texts = Array.from({ length: 30_000 }, (_, i) => text((i * 7919) % 30_000))
  const { groups, sorted } = sortedByGroups(texts)
  expect(groups).toBeGreaterThan(1)
  const expected = naive(texts)
  expect(sorted.findIndex((one, i) => one !== expected[i])).toBe(-1)
  expect(sorted).toHaveLength(30_000)
})

test('equal texts, and few bytes, stay one group', () => {
  expect(sortedByGroups(Array.from({ length: 30_000 }, () => 'all of them equal')).groups).toBe(1)
  expect(sortedByGroups(['b', 'a'])).toEqual({ groups: 1, sorted: ['a', 'b'] })
})
