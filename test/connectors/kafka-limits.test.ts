import { expect, test } from 'vitest'
import { limited } from '#build/connectors/kafka/ranges.js'
import fc from '../support/fast-check.js'

const ranges = fc
  .array(fc.tuple(fc.nat(1000), fc.nat(100_000)), { minLength: 1, maxLength: 20 })
  .map((all) => all.map(([from, n], partition) => ({ topic: 't', partition, from, to: from + n })))
const limit = fc.oneof(fc.integer({ min: 1, max: 50_000 }), fc.constant(Number.POSITIVE_INFINITY))

test('a batch has at most as many records as back-pressure allows, and every partition moves on', () => {
  fc.assert(
    fc.property(ranges, limit, limit, (all, most, mostEach) => {
      const taken = limited(all, most, mostEach)
      const withRecords = all.filter(({ from, to }) => from < to)
      expect(taken.map(({ partition, from }) => [partition, from])).toEqual(
        withRecords.map(({ partition, from }) => [partition, from]),
      )
      const sizes = taken.map(({ from, to }) => to - from)
      const total = sizes.reduce((sum, n) => sum + n, 0)
      for (const [i, n] of sizes.entries()) {
        expect(n).toBeGreaterThanOrEqual(1)
        expect(n).toBeLessThanOrEqual(Math.min(withRecords[i]!.to - withRecords[i]!.from, Math.max(1, mostEach)))
      }
      // A partition with a share of less than one record gets one.
      expect(total).toBeLessThanOrEqual(Math.max(most, 1) + taken.length)
    }),
  )
})

test('a partition that is far behind gets more of the limit', () => {
  const all = [900, 100].map((n, partition) => ({ topic: 't', partition, from: 0, to: n }))
  expect(limited(all, 100, Number.POSITIVE_INFINITY).map(({ to }) => to)).toEqual([90, 10])
  expect(limited(all, 100, 50).map(({ to }) => to)).toEqual([50, 10])
  expect(limited(all, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)).toEqual(all)
})
