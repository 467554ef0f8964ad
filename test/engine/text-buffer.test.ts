import { describe, expect, test } from 'vitest'
import { TextBuffer } from '#build/engine/receivers/text-buffer.js'
import { BlockManager } from '#build/engine/storage/block-manager.js'
import { DriverWriter } from '#build/engine/storage/driver-writer.js'
import type { BlockHandle } from '#build/pool/blocks/handle.js'
import { openBlock } from '#build/pool/blocks/layout.js'
import { SegmentLending } from '#build/pool/blocks/segment-lending.js'
import { SegmentPool } from '#build/pool/blocks/segments.js'
import { decodeLines } from '#build/pool/blocks/text.js'
import fc from '../support/fast-check.js'

/** The part of an engine that receivers use, without threads. */
function books() {
  const segments = new SegmentPool()
  const blocks = new BlockManager({
    pool: segments,
    replicas: 2,
    replication: 'reference',
    threads: { owners: () => [] },
  })
  const reports: string[] = []
  const buffer = new TextBuffer(segments, new DriverWriter(7, blocks, new SegmentLending(segments)), {
    report: (message) => void reports.push(message),
  })
  const read = (block: BlockHandle) => openBlock(segments.memory(block.segment), block).toString('latin1')
  const free = (block: BlockHandle) => segments.release(block.segment)
  return { segments, buffer, reports, read, free }
}

type Action =
  | { readonly kind: 'read'; readonly bytes: number }
  | { readonly kind: 'cut' }
  | { readonly kind: 'copy'; readonly bytes: number }

const action = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('read' as const), bytes: fc.integer({ min: 0, max: 90_000 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cut' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('copy' as const), bytes: fc.integer({ min: 0, max: 300_000 }) }),
  },
)

describe('TextBuffer', () => {
  test('a source that holds its view over any number of cuts loses, doubles and mixes nothing', () => {
    fc.assert(
      fc.property(
        fc.array(action, { maxLength: 40 }),
        fc.integer({ min: 1, max: 5000 }),
        (actions: Action[], lineLength) => {
          const { buffer, read, free, segments } = books()
          let produced = 0
          const nextBytes = (n: number) => {
            const bytes = Buffer.alloc(n)
            for (let i = 0; i < n; i++, produced++)
              bytes[i] = produced % (lineLength + 1) === lineLength ? 10 : 97 + (produced % 23)
            return bytes
          }
          let got = ''
          const take = () => {
            for (const block of buffer.cut()) {
              const text = read(block)
              expect(text.endsWith('\n')).toBe(true)
              got += text
              free(block)
            }
          }
          // As a socket does it: the next view is asked for right after each read, and written into later.
          let view = buffer.space()
          for (const step of actions) {
            if (step.kind === 'cut') take()
            else if (step.kind === 'copy') buffer.text(nextBytes(step.bytes))
            else {
              const bytes = nextBytes(Math.min(step.bytes, view.length))
              view.set(bytes)
              buffer.advance(bytes.length)
              view = buffer.space()
            }
          }
          buffer.endOfText()
          take()
          const replay = produced
          produced = 0
          const all = nextBytes(replay).toString('latin1')
          expect(got).toBe(all === '' || all.endsWith('\n') ? all : `${all}\n`)
          expect(segments.liveBlocks).toBeLessThanOrEqual(2)
        },
      ),
      { numRuns: 150 },
    )
  })

  test('a block that fills its segment to the end keeps it while it is written', () => {
    const { buffer, segments, read } = books()
    // Three quarters of a segment, headers of 64 bytes included.
    const sealed = [1, 2, 3].flatMap(() => {
      buffer.text(Buffer.from(`${'x'.repeat(256 * 1024 - 64 - 1)}\n`))
      return buffer.cut()
    })
    const [segment] = new Set(sealed.map((block) => block.segment))
    // No block is needed any more.
    for (const block of sealed) segments.release(block.segment)
    buffer.text(Buffer.from('the fourth '))
    expect(segments.freeBytes).toBe(0)
    buffer.text(Buffer.from('block\n'))
    const [fourth] = buffer.cut()
    buffer.text(Buffer.from(`${'y'.repeat(1000)}\n`.repeat(1000)))
    expect(fourth!.segment).toBe(segment)
    expect(read(fourth!)).toBe('the fourth block\n')
  })

  const MAX_LINE = 16 * 1024 * 1024
  const linesOf = (bytes: Buffer) => {
    const { buffer, reports, segments } = books()
    for (let at = 0; at < bytes.length; at += 60_000) buffer.text(bytes.subarray(at, at + 60_000))
    buffer.endOfText()
    const lines = buffer
      .cut()
      .flatMap((block) => decodeLines(Buffer.from(openBlock(segments.memory(block.segment), block))))
    return { lines, reports }
  }

  test.each([
    ['one byte letters', 'x'],
    ['two byte letters after one of one byte', 'é'],
    ['emojis', '🎉'],
    ['carriage returns', '\r'],
  ])('a line over the limit is split without a changed byte: %s', (_name, letter) => {
    for (const offset of ['', 'a', 'ab', 'abc']) {
      const line = offset + letter.repeat((40 << 20) / Buffer.byteLength(letter))
      const { lines, reports } = linesOf(Buffer.from(`first\n${line}z\nlast\n`))
      expect([lines[0], lines.at(-1)]).toEqual(['first', 'last'])
      const pieces = lines.slice(1, -1)
      expect(pieces.join('') === `${line}z`).toBe(true)
      for (const piece of pieces) expect(Buffer.byteLength(piece)).toBeLessThanOrEqual(MAX_LINE)
      expect(reports).toHaveLength(pieces.length - 1)
      expect(reports[0]).toMatch(/longer than 16777216 bytes/)
    }
  })

  test.each(['', '\r'])('the limit is exact: a newline does not count, %j before it does', (before) => {
    const longest = linesOf(Buffer.from(`${'x'.repeat(MAX_LINE - before.length)}${before}\ny\n`))
    expect(longest.lines.map(({ length }) => length)).toEqual([MAX_LINE - before.length, 1])
    expect(longest.reports).toEqual([])
    const longer = linesOf(Buffer.from(`${'x'.repeat(MAX_LINE + 1 - before.length)}${before}\ny\n`))
    expect(longer.lines.map(({ length }) => length)).toEqual([MAX_LINE - 1, 2 - before.length, 1])
    expect(longer.reports).toHaveLength(1)
  })
})
