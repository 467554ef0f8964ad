import { expect, test } from 'vitest'
import { LineGate } from '#build/sources/line-gate.js'
import fc from '../support/fast-check.js'
import { cut } from './loopback.js'

function pass(chunks: readonly Uint8Array[], limit: number) {
  const dropped: number[] = []
  const gate = new LineGate(limit, (bytes) => dropped.push(bytes))
  const out: Buffer[] = []
  for (const chunk of chunks) for (const piece of gate.pieces(Buffer.from(chunk))) out.push(Buffer.from(piece))
  const rest = gate.rest()
  return { text: Buffer.concat(out).toString(), rest: rest && Buffer.from(rest).toString(), dropped }
}

test('any cutting gives the lines that are neither blank nor too long', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'é', '😀', '\r', '\n', '\n', '\r\n'), maxLength: 60 })
  fc.assert(
    fc.property(
      text,
      fc.array(fc.nat(), { maxLength: 20 }),
      fc.integer({ min: 1, max: 30 }),
      (whole, places, limit) => {
        const lines = whole.split('\n')
        const last = lines.pop()!
        const size = (line: string) => Buffer.byteLength(line)
        const good = lines.filter((line) => line !== '' && line !== '\r' && size(line) <= limit)
        const long = [...lines, last].filter((line) => size(line) > limit).map(size)
        const result = pass(cut(Buffer.from(whole), places), limit)
        expect(result.text).toBe(good.map((line) => `${line}\n`).join(''))
        expect(result.dropped).toEqual(long)
        expect(result.rest ?? '').toBe(last === '\r' || size(last) > limit ? '' : last)
      },
    ),
    { numRuns: 2000 },
  )
})

test('a chunk without blank lines passes as it is, without a copy', () => {
  const gate = new LineGate(100, () => undefined)
  const chunk = Buffer.from('one\r\ntwo\r\nthr')
  const pieces = [...gate.pieces(chunk)]
  expect(pieces).toHaveLength(1)
  expect(pieces[0]!.buffer).toBe(chunk.buffer)
  expect(pieces[0]!.length).toBe(10)
})

test('a gate can be used again after its rest was taken', () => {
  const gate = new LineGate(4, () => undefined)
  expect([...gate.pieces(Buffer.from('too long'))]).toEqual([])
  expect(gate.rest()).toBeUndefined()
  expect([...gate.pieces(Buffer.from('ab\n'))].map(String)).toEqual(['ab\n'])
})
