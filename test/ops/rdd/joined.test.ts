import { expect, test } from 'vitest'
import '#build/ops/all.js'
import { joined } from '#build/ops/rdd/actions.js'

test.each([0, 1, 3, 200_000])('joins the records of %d partitions in order', (partitions) => {
  const parts = Array.from({ length: partitions }, (_, p) => (p % 2 === 0 ? [p, [p]] : []))
  const expected: unknown[] = []
  for (const part of parts) for (const record of part) expected.push(record)
  const all = joined<unknown>(parts)
  expect(all).toEqual(expected)
  expect(parts).not.toContain(all)
})
