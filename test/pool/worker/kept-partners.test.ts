import { describe, expect, test } from 'vitest'
import { PairColumns } from '#build/pool/blocks/pair-columns.js'
import { KeptPartners } from '#build/pool/worker/tables/kept-partners.js'
import { PartnerIndex } from '#build/pool/worker/tables/partner-index.js'
import { Partners } from '#build/pool/worker/tables/partners.js'

type Side = Parameters<KeptPartners['find']>[0]

const side = (...blocks: number[]) => ({ blocks, part: 0 }) as unknown as Side
const ids = (...blocks: number[]) => side(...blocks).blocks

function partners(keys: readonly unknown[], values: readonly unknown[]): Partners {
  const parts = [PairColumns.of(keys, values)]
  return new Partners(
    new PartnerIndex(
      parts.map((part) => part.keys),
      () => {},
    ),
    parts,
  )
}

/** As many rows as a thread keeps, divided by `n`. */
const large = (n: number) =>
  partners(new Array(Math.floor(1_000_000 / n)).fill('k'), new Array(Math.floor(1_000_000 / n)).fill(1))

/** Offers what a task reads, as two tasks of one side do. */
function keep(kept: KeptPartners, of: Side, made: Partners): void {
  kept.offer(of, made)
  kept.offer(of, made)
}

describe('the right sides that a thread keeps', () => {
  test('are those that a second task reads', () => {
    const kept = new KeptPartners()
    const made = partners(['a'], [1])
    expect(kept.find(side(1))).toBeUndefined()
    kept.offer(side(1), made)
    expect(kept.find(side(1))!.index).toBeUndefined()
    kept.offer(side(1), made)
    expect(kept.find(side(1))!.partners).toBe(made)
    expect(made.codes).toEqual({ codes: Int32Array.of(0), values: [1] })
  })

  test('go when many other blocks were released since their last use', () => {
    const kept = new KeptPartners()
    for (const block of [1, 2]) keep(kept, side(block), partners(['a'], [1]))
    for (let block = 10; block < 1010; block++) {
      kept.release(ids(block))
      expect(kept.find(side(1))).toBeDefined()
    }
    kept.release(ids(1010))
    expect(kept.find(side(2))).toBeUndefined()
    expect(kept.find(side(1))).toBeDefined()
  })

  test('are of the same blocks and the same part of them', () => {
    const kept = new KeptPartners()
    keep(kept, side(1, 2), partners(['a'], [1]))
    for (const other of [side(1), side(2, 1), side(12), { ...side(1, 2), part: 1 }])
      expect(kept.find(other)).toBeUndefined()
  })

  test('have values if functions cannot change them', () => {
    const kept = new KeptPartners()
    const made = partners(['a', 'b'], ['text', { region: 1 }])
    keep(kept, side(1), made)
    expect(kept.find(side(1))).toMatchObject({ index: made.index, partners: undefined })
    expect(made.codes).toBeUndefined()
  })

  test('have no objects as keys, which records without a partner would show to functions', () => {
    const kept = new KeptPartners()
    keep(kept, side(1), partners(['a', [1]], [1, 2]))
    expect(kept.find(side(1))!.index).toBeUndefined()
  })

  test('go with their first block', () => {
    const kept = new KeptPartners()
    keep(kept, side(1, 2), partners(['a'], [1]))
    kept.release(ids(2, 3))
    expect(kept.find(side(1, 2))).toBeDefined()
    kept.release(ids(3, 1))
    expect(kept.find(side(1, 2))).toBeUndefined()
  })

  test('make room for later ones, the least recently used first', () => {
    const kept = new KeptPartners()
    const third = large(3)
    for (const block of [1, 2, 3]) keep(kept, side(block), third)
    kept.find(side(1))
    keep(kept, side(4), third)
    expect([1, 2, 3, 4].map((block) => kept.find(side(block)) !== undefined)).toEqual([true, false, true, true])
    // Released rows are free again.
    kept.release(ids(1))
    keep(kept, side(5), third)
    expect([3, 4, 5].map((block) => kept.find(side(block)) !== undefined)).toEqual([true, true, true])
  })

  test('are few even if they are small', () => {
    const kept = new KeptPartners()
    for (let block = 0; block < 1000; block++) kept.offer(side(block), partners(['a'], [1]))
    const left = Array.from({ length: 1000 }, (_, block) => block).filter((block) => kept.find(side(block)))
    expect(left).toEqual(Array.from({ length: 64 }, (_, i) => 936 + i))
  })
})
