import { describe, expect, test } from 'vitest'
import { crc32c } from '#build/connectors/kafka/crc32c.js'

/** Bit by bit, as the definition says. */
function defined(bytes: Uint8Array): number {
  let crc = -1
  for (const byte of bytes) {
    crc ^= byte
    for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return ~crc >>> 0
}

describe('crc32c', () => {
  test.each([
    { what: 'digits', bytes: Buffer.from('123456789'), sum: 0xe3069283 },
    { what: 'zeros', bytes: Buffer.alloc(32), sum: 0x8a9136aa },
    { what: 'ones', bytes: Buffer.alloc(32, 0xff), sum: 0x62a8ab43 },
  ])('gives the known sum of $what', ({ bytes, sum }) => {
    expect(crc32c(bytes)).toBe(sum)
  })

  test('takes each length from each alignment and start', () => {
    const all = Uint8Array.from({ length: 128 }, (_, i) => (i * 7919) >> 3)
    for (let at = 0; at < 8; at++) {
      for (let end = at; end < at + 70; end++) {
        const bytes = all.subarray(at, end)
        for (const start of [0, 1, 3].filter((each) => each <= bytes.length))
          expect(crc32c(bytes, start)).toBe(defined(bytes.subarray(start)))
      }
    }
  })

  test('takes the last bytes of their memory', () => {
    for (let length = 0; length < 9; length++) {
      const bytes = new Uint8Array(new ArrayBuffer(length)).fill(7)
      expect(crc32c(bytes)).toBe(defined(bytes))
    }
  })
})
