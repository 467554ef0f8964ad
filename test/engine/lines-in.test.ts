import { expect, test } from 'vitest'
import { linesIn, linesInWords } from '#build/engine/receivers/lines-in.js'
import fc from '../support/fast-check.js'

const naive = (bytes: Uint8Array) => bytes.reduce((lines, byte) => lines + (byte === 10 ? 1 : 0), 0)

test('property: newlines are counted at any offset and length, among bytes that differ from them by a bit', () => {
  const byte = fc.constantFrom(10, 10, 11, 8, 2, 0, 138, 0x8a ^ 0xff, 255, 65, 13)
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 3000 }), fc.nat(9), fc.nat(9), fc.boolean(), (given, from, cut, shared) => {
      const all = new Uint8Array(shared ? new SharedArrayBuffer(given.length) : new ArrayBuffer(given.length))
      all.set(given)
      const bytes = all.subarray(from, Math.max(from, all.length - cut))
      expect(linesIn(bytes)).toBe(naive(bytes))
      expect(linesInWords(bytes)).toBe(naive(bytes))
    }),
  )
})

test.each([254, 255, 256, 1024, 65_536])('%i words of newlines only: no counter overflows', (words) => {
  expect(linesIn(new Uint8Array(words * 4).fill(10))).toBe(words * 4)
  expect(linesInWords(new Uint8Array(words * 4).fill(10))).toBe(words * 4)
})

test('more bytes than a piece of the kernels are counted in several pieces', () => {
  const bytes = new Uint8Array(1_000_003)
  for (let at = 0; at < bytes.length; at += 7) bytes[at] = 10
  expect(linesIn(bytes)).toBe(142_858)
})
