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
