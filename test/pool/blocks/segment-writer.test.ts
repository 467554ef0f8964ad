import { describe, expect, it } from 'vitest'
import { IdSequence } from '#build/pool/blocks/ids.js'
import { SEGMENT_BYTES, SegmentWriter } from '#build/pool/blocks/segments.js'

const MIB = 1024 * 1024
const segment = (id: number, bytes = SEGMENT_BYTES) => ({ id, memory: new SharedArrayBuffer(bytes) })

describe('SegmentWriter', () => {
  it('reports a segment as created once, and as returned when it is left', () => {
    const writer = new SegmentWriter(3)
    const first = writer.allocate(600_000, 'short').segment
    expect(writer.report()).toEqual({ created: [first], returned: [] })
    expect(writer.report()).toEqual({ created: [], returned: [] })
    const second = writer.allocate(500_000, 'short').segment
    expect(second.id).toBe(first.id + 1)
    expect(writer.report()).toEqual({ created: [second], returned: [first.id] })
  })

  it('keeps the segment with more room', () => {
    const writer = new SegmentWriter(0)
    const first = writer.allocate(100, 'short').segment
    const big = writer.allocate(MIB - 200, 'short').segment
    expect(writer.report().returned).toEqual([big.id])
    expect(writer.allocate(100, 'short').segment).toBe(first)
  })

  it('leaves a full segment at once', () => {
    const writer = new SegmentWriter(0)
    const { segment } = writer.allocate(MIB - 64, 'long')
    expect(writer.report()).toEqual({ created: [segment], returned: [segment.id] })
  })

  it('keeps short and long lives apart', () => {
    const writer = new SegmentWriter(0)
    const short = writer.allocate(10, 'short').segment
    const long = writer.allocate(10, 'long').segment
    expect(long.id).not.toBe(short.id)
    expect(writer.allocate(10, 'short').segment).toBe(short)
    expect(writer.allocate(10, 'long').segment).toBe(long)
  })

  it.each([
    [MIB - 64, MIB],
    [MIB - 63, 2 * MIB],
    [2 * MIB, 4 * MIB],
    [9 * MIB, 16 * MIB],
  ])('puts %d bytes into a segment of %d', (bytes, size) => {
    expect(new SegmentWriter(0).allocate(bytes, 'short').segment.memory.byteLength).toBe(size)
  })

  it('writes lent segments of the right size before it makes one', () => {
    const writer = new SegmentWriter(0)
    const [small, big] = [segment(71), segment(72, 2 * MIB)]
    writer.lend([big, small])
    expect(writer.allocate(10, 'short').segment).toBe(small)
    expect(writer.allocate(MIB, 'long').segment).toBe(big)
    expect(writer.report()).toEqual({ created: [], returned: [] })
  })

  it('gives back a big segment that was lent and not needed, and keeps an ordinary one', () => {
    const writer = new SegmentWriter(0)
    writer.lend([segment(71), segment(72, 2 * MIB)])
    expect(writer.report()).toEqual({ created: [], returned: [72] })
    expect(writer.allocate(10, 'short').segment.id).toBe(71)
  })

  it('takes back the unused end of the last place only', () => {
    const writer = new SegmentWriter(0)
    const first = writer.allocate(1000, 'long')
    writer.trim(first, 10)
    const second = writer.allocate(1000, 'long')
    expect(second.offset).toBe(128)
    const third = writer.allocate(10, 'long')
    writer.trim(second, 0)
    expect(writer.allocate(10, 'long').offset).toBe(third.end)
    expect(() => writer.trim(third, 1000)).toThrow(expect.objectContaining({ code: 'ERR_MILLRACE_ARGUMENT' }))
  })

  it('refuses impossible sizes and numbers', () => {
    const writer = new SegmentWriter(0)
    expect(() => writer.allocate(2 ** 30, 'short')).toThrow(expect.objectContaining({ code: 'ERR_MILLRACE_MEMORY' }))
    for (const bytes of [-1, 1.5, Number.NaN]) expect(() => writer.allocate(bytes, 'short')).toThrow(`not ${bytes}`)
    for (const owner of [-1, 1.5, 2 ** 22]) expect(() => new SegmentWriter(owner)).toThrow(`not ${owner}`)
  })

  it('gives ids that stay exact numbers, and never those of another owner', () => {
    expect(new SegmentWriter(2 ** 22 - 1).nextBlockId()).toBe((2 ** 22 - 1) * 2 ** 31)
    const ids = new IdSequence(1, 'block', 2)
    expect([ids.next(), ids.next()]).toEqual([2 ** 31, 2 ** 31 + 1])
    expect(() => ids.next()).toThrow('replace the thread')
  })
})
