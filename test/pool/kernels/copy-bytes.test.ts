import { expect, test } from 'vitest'
import { copyBytes } from '#build/pool/kernels/copy-bytes.js'

test.each([0, 1, 7, 8191, 16_383, 16_384, 16_385, 65_536, 1_000_003])(
  '%i bytes are copied to their offset only',
  (length) => {
    for (const memory of [new ArrayBuffer(length + 32), new SharedArrayBuffer(length + 32)]) {
      const from = Buffer.from(new SharedArrayBuffer(length + 5), 5, length).map((_, i) => (i * 31) % 251) as Buffer
      const source = Buffer.from(new SharedArrayBuffer(length + 5), 5, length)
      source.set(from)
      const to = Buffer.from(memory).fill(0xaa)
      copyBytes(source, to, 13)
      expect(Buffer.compare(to.subarray(13, 13 + length), from)).toBe(0)
      expect(to.subarray(0, 13).every((byte) => byte === 0xaa)).toBe(true)
      expect(to.subarray(13 + length).every((byte) => byte === 0xaa)).toBe(true)
    }
  },
)
