import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeLines } from '#build/pool/blocks/text.js'
import type { ThreadServices } from '#build/pool/worker/task.js'
import { eachTextLines } from '#build/pool/worker/text-input.js'
import { kernels } from './support.js'

const services = { kernels } as unknown as ThreadServices

function linesBy(bytes: Buffer): string[] {
  const all: string[] = []
  eachTextLines(bytes, services, (lines) => all.push(...lines))
  return all
}

/** Bytes at a distance from a word's begin, in shared memory as blocks are. */
function shared(text: string, distance: number): Buffer {
  const bytes = Buffer.from(text)
  const view = Buffer.from(new SharedArrayBuffer(bytes.length + 8), distance, bytes.length)
  view.set(bytes)
  return view
}

const unit = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('a', ' ', '\n', '\n\n', '\0', '~', 'word', 'x'.repeat(13), 'y'.repeat(63)) },
  { weight: 1, arbitrary: fc.constantFrom('\r\n', '\r', 'é', '日本', '\u0080') },
)
const plain = fc.array(fc.constantFrom('a', '\n', 'bc', ' ', 'x'.repeat(62), 'y'.repeat(130)), { maxLength: 80 })

describe('lines of text by kernels', () => {
  test('are what they are without', () => {
    // So much that the kernels are used at all, and then what is tried.
    const before = 'a line before\n'.repeat(1300)
    const text = fc.oneof(plain, fc.array(unit, { maxLength: 80 })).map((parts) => parts.join(''))
    fc.assert(
      fc.property(text, fc.integer({ min: 0, max: 7 }), (tried, distance) => {
        const bytes = shared(before + tried, distance)
        expect(linesBy(bytes)).toEqual(decodeLines(bytes))
      }),
      { numRuns: 300 },
    )
  })

  test('after a piece that is not ASCII, too, and of lines longer than a piece', () => {
    const piece = `${'z'.repeat(999)}\n`.repeat(70)
    for (const text of [`${piece}é\n${piece}`, `${piece}${'w'.repeat(300_000)}\n${piece}`, '\n'.repeat(70_000)]) {
      const bytes = shared(text, 3)
      expect(linesBy(bytes)).toEqual(decodeLines(bytes))
    }
  })

  test('pieces of ASCII come from the kernels, others do not', () => {
    expect(kernels.strings(kernels.load(shared('one\n\ntwo', 5)))).toEqual(['one', '', 'two'])
    expect(kernels.strings(kernels.load(shared('', 0)))).toEqual([])
    for (const text of ['é\n', 'one\r\n', `${'a'.repeat(70)}\u0080`]) {
      expect(kernels.strings(kernels.load(shared(text, 1)))).toBeUndefined()
    }
  })
})
