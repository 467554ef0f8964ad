import { Context, hashPartitioner } from 'millrace'
import { afterAll, describe, expect, test } from 'vitest'
import { ArgumentError } from '#build/errors.js'
import { checkPartitions, samePartitioner, toSpec } from '#build/ops/partitioner.js'
import { nodeOf } from '../support/nodes.js'
import type { Partitioner } from './#build/ops/dataset.js'

describe('partitioners', () => {
  const ctx = new Context({ threads: 1 })
  afterAll(() => ctx.stop())
  const pairs = ctx.parallelize<[number, number]>([[1, 1]])
  const rangeOf = (): Partitioner => {
    const sorted = pairs.sortByKey({ partitions: 2 })
    // The sort's own RDD is behind the operation that sorts each partition.
    return nodeOf(sorted).dependencies[0]!.rdd.partitioner!
  }

  test('by hash are the same where their numbers of partitions are', () => {
    expect(samePartitioner(hashPartitioner(3), hashPartitioner(3))).toBe(true)
    expect(samePartitioner(hashPartitioner(3), hashPartitioner(4))).toBe(false)
  })
  test('by range are the same only as themselves: their borders depend on data', () => {
    const range = rangeOf()
    expect(range.kind).toBe('range')
    expect(samePartitioner(range, range)).toBe(true)
    expect(samePartitioner(range, rangeOf())).toBe(false)
    expect(samePartitioner(range, hashPartitioner(2))).toBe(false)
  })
  test('none is the same as no other', () => {
    expect(samePartitioner(undefined, undefined)).toBe(false)
    expect(samePartitioner(hashPartitioner(1), undefined)).toBe(false)
  })
  test('that deal out place keys nowhere', () => {
    const deal: Partitioner = { kind: 'deal', partitions: 2 }
    expect(samePartitioner(deal, deal)).toBe(false)
  })
  test('travel as plain data', () => {
    for (const partitioner of [hashPartitioner(3), rangeOf()]) {
      const spec = toSpec(partitioner)
      expect(structuredClone(spec)).toEqual(spec)
      expect(spec.partitions).toBe(partitioner.partitions)
    }
  })
  test.each([0, -1, 1.5, 100_001, 1e9, Number.NaN, Infinity, '3' as unknown as number])(
    '%s partitions are refused',
    (n) => {
      expect(() => checkPartitions(n)).toThrow(ArgumentError)
      expect(() => hashPartitioner(n)).toThrow(/whole number of at least 1/)
    },
  )
})
