import { describe, expect, test } from 'vitest'
import { toPartitions } from '#build/engine/receivers/batch-partitions.js'
import type { BlockHandle, BlockSlice } from '#build/pool/blocks/handle.js'
import { openBlock } from '#build/pool/blocks/layout.js'
import { SegmentWriter } from '#build/pool/blocks/segment-writer.js'
import { SegmentPool } from '#build/pool/blocks/segments.js'
import { writeBlock } from '#build/pool/blocks/write-block.js'
import fc from '../support/fast-check.js'

/** Blocks of these texts, and what partitions of them read. */
function blocksOf(texts: readonly string[], codec: 'text' | 'records' = 'text') {
  const segments = new SegmentPool()
  const writer = new SegmentWriter(1)
  const blocks = texts.map((text): BlockHandle => {
    const block = writeBlock(writer, Buffer.from(text), { codec, count: -1, lifetime: 'long' })
    segments.accept(1, writer.report(), [block])
    return block
  })
  const read = (slices: readonly BlockSlice[]) =>
    slices
      .map(({ block, start = 0, end = block.length }) =>
        openBlock(segments.memory(block.segment), block).toString('utf8', start, end),
      )
      .join('')
  return { partitions: (wanted: number) => toPartitions(segments, blocks, wanted), read }
}

const line = fc.integer({ min: 0, max: 700 }).map((length) => `${'ü'.repeat(length)}\n`)
const text = fc.array(line, { minLength: 1, maxLength: 60 }).map((lines) => lines.join(''))

describe('partitions of a batch', () => {
  test('have every line once, in order and whole, and are of about the same size', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 8 }), fc.integer({ min: 1, max: 9 }), (texts, wanted) => {
        const { partitions, read } = blocksOf(texts)
        const parts = partitions(wanted).map(read)
        expect(parts.join('')).toBe(texts.join(''))
        expect(parts.length).toBeLessThanOrEqual(wanted)
        const total = Buffer.byteLength(texts.join(''))
        for (const part of parts) {
          expect(part.endsWith('\n')).toBe(true)
          if (total >= 8192) expect(Buffer.byteLength(part)).toBeLessThanOrEqual(total / wanted + 2 * 1401)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('are as many as asked for, whatever the blocks', () => {
    const lines = 'a line of sixteen\n'.repeat(1000)
    for (const texts of [[lines], [lines, 'short\n'], Array.from({ length: 7 }, () => lines)]) {
      const { partitions, read } = blocksOf(texts)
      const sizes = partitions(4).map((slices) => read(slices).length)
      expect(sizes).toHaveLength(4)
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(36)
    }
  })

  test('little text is not cut, nor are records', () => {
    expect(blocksOf(['a\nb\nc\nd\n']).partitions(4)).toHaveLength(1)
    const { partitions } = blocksOf(['x'.repeat(30_000), 'y'.repeat(10_000)], 'records')
    const starts = partitions(4).map((slices) => slices.map(({ start }) => start))
    expect(starts).toEqual([[undefined], [undefined]])
    expect(blocksOf([]).partitions(4)).toEqual([])
  })
})
