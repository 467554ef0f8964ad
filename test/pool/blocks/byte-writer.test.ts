import { describe, expect, it } from 'vitest'
import { ByteWriter } from '#build/pool/blocks/byte-writer.js'

describe('ByteWriter', () => {
  it('writes numbers, text and padding', () => {
    const w = new ByteWriter()
    w.u8(7)
    expect(w.align(4)).toBe(4)
    w.u32(0xdeadbeef)
    w.f64(-0.5)
    w.writeLatin1('é')
    w.writeUcs2('\ud800')
    w.writeUtf8('ü')
    w.setU32(4, 1)
    const expected = [7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xe0, 0xbf, 0xe9, 0, 0xd8, 0xc3, 0xbc]
    expect([...w.bytes()]).toEqual(expected)
    expect(w.length).toBe(expected.length)
  })

  it('keeps what it has when it grows', () => {
    const w = new ByteWriter()
    for (let i = 0; i < 100_000; i++) w.u32(i)
    const words = new Uint32Array(w.bytes().buffer, w.bytes().byteOffset, 100_000)
    expect(words.every((word, i) => word === i)).toBe(true)
  })

  const FIRST = 64 * 1024
  const WRITES: Record<string, [bytes: number[], write: (w: ByteWriter) => void]> = {
    u8: [[7], (w) => w.u8(7)],
    u32: [[1, 2, 3, 4], (w) => w.u32(0x04030201)],
    f64: [[0, 0, 0, 0, 0, 0, 0xf0, 0x3f], (w) => w.f64(1)],
    bytes: [[5, 6], (w) => w.write(Uint8Array.of(5, 6))],
    latin1: [[0xe9, 0x61], (w) => w.writeLatin1('éa')],
    ucs2: [[0xe9, 0, 0x61, 0], (w) => w.writeUcs2('éa')],
    utf8: [[0xc3, 0xa9, 0x61], (w) => w.writeUtf8('éa')],
  }
  it.each(Object.entries(WRITES))('%s keeps its bytes where it makes the buffer grow', (_name, [bytes, write]) => {
    for (let before = FIRST - bytes.length; before <= FIRST; before++) {
      const w = new ByteWriter()
      w.write(Buffer.alloc(before, 0xff))
      write(w)
      expect([...w.bytes().subarray(before)]).toEqual(bytes)
      expect(w.bytes()[before - 1]).toBe(0xff)
    }
  })

  it('pads with zeros where older bytes lay', () => {
    const w = new ByteWriter()
    w.write(Buffer.alloc(64, 0xff))
    w.reset()
    w.u8(1)
    const view = w.view(Float64Array, 1)
    view[0] = 2
    expect(view.byteOffset % 8).toBe(0)
    expect([...w.bytes().subarray(0, 8)]).toEqual([1, 0, 0, 0, 0, 0, 0, 0])
    expect(w.length).toBe(16)
  })

  it('gives up a huge buffer at reset and keeps an ordinary one', () => {
    const w = new ByteWriter()
    w.reserve(1_000_000)
    const kept = w.bytes().buffer
    w.reset()
    expect(w.bytes().buffer).toBe(kept)
    w.reserve(20_000_000)
    const huge = w.bytes().buffer
    w.reset()
    expect(w.bytes().buffer.byteLength).toBeLessThan(huge.byteLength)
  })
})
