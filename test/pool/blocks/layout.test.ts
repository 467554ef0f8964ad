import { describe, expect, it } from 'vitest'
import {
  type BlockFacts,
  clearBlock,
  HEADER_BYTES,
  openBlock,
  payloadSpace,
  sealBlock,
  verifyBlock,
} from '#build/pool/blocks/layout.js'
import { SEGMENT_BYTES, SegmentWriter } from '#build/pool/blocks/segments.js'
import { writeBlock } from '#build/pool/blocks/write-block.js'

const payload = Buffer.from('the quick brown fox')

function sealed(id = 7, offset = 128) {
  const segment = { id: 3, memory: new SharedArrayBuffer(4096) }
  payloadSpace(segment.memory, offset, payload.length).set(payload)
  const facts: BlockFacts = { id, codec: 'text', length: payload.length, count: -1 }
  return { memory: segment.memory, handle: sealBlock(segment, offset, facts) }
}

describe('a sealed block', () => {
  it('is read through its handle without a copy', () => {
    const { memory, handle } = sealed()
    const bytes = openBlock(memory, handle)
    expect(bytes.equals(payload)).toBe(true)
    expect(bytes.buffer).toBe(memory)
    expect(handle).toEqual({ id: 7, segment: 3, offset: 128, length: 19, count: -1, codec: 'text', crc: handle.crc })
    expect(verifyBlock(memory, handle)).toBe(true)
  })

  it.each([0, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 5 * 2 ** 31 + 9, 2 ** 53 - 1])('keeps id %d', (id) => {
    const { memory, handle } = sealed(id)
    expect(openBlock(memory, handle).length).toBe(payload.length)
    expect(() => openBlock(memory, { ...handle, id: id === 0 ? 2 ** 32 : id - 1 })).toThrow(`block ${id} is there`)
  })

  it('shows every flipped byte of its payload', () => {
    const { memory, handle } = sealed()
    const bytes = openBlock(memory, handle)
    for (let i = 0; i < bytes.length; i++) {
      bytes[i]! ^= 1
      expect(verifyBlock(memory, handle), `byte ${i}`).toBe(false)
      bytes[i]! ^= 1
    }
    expect(verifyBlock(memory, handle)).toBe(true)
  })

  it('shows every flipped byte of its header that has a meaning', () => {
    const { memory, handle } = sealed()
    const header = Buffer.from(memory, handle.offset, HEADER_BYTES)
    for (let i = 0; i < 36; i++) {
      header[i]! ^= 1
      expect(verifyBlock(memory, handle), `byte ${i}`).toBe(false)
      expect(() => openBlock(memory, handle)).toThrow(expect.objectContaining({ code: 'ERR_MILLRACE_BLOCK_CORRUPT' }))
      header[i]! ^= 1
    }
    expect(verifyBlock(memory, handle)).toBe(true)
  })
})

describe('openBlock refuses', () => {
  it('a block that is not sealed', () => {
    const { memory, handle } = sealed()
    clearBlock(memory, handle.offset)
    expect(() => openBlock(memory, handle)).toThrow('it is not sealed')
    expect(verifyBlock(memory, handle)).toBe(false)
  })

  it('a place that was only allocated, even where an old block lay', () => {
    const first = new SegmentWriter(1)
    const old = writeBlock(first, payload, { codec: 'text', count: 1, lifetime: 'short' })
    const [segment] = first.report().created
    const second = new SegmentWriter(2)
    second.lend([segment!])
    expect(second.allocate(100, 'short')).toMatchObject({ segment, offset: old.offset })
    expect(() => openBlock(segment!.memory, old)).toThrow('it is not sealed')
  })

  it.each([
    ['past the end', { offset: 4096 }],
    ['longer than the segment', { length: 5000 }],
    ['at a negative offset', { offset: -64 }],
    ['not aligned', { offset: 130 }],
  ])('a handle %s', (_, change) => {
    const { memory, handle } = sealed()
    expect(() => openBlock(memory, { ...handle, ...change })).toThrow('not inside the segment')
  })

  it.each([
    ['length', { length: 18 }, 'it has 19 bytes, not 18'],
    ['codec', { codec: 'records' as const }, "its codec is not 'records'"],
    ['checksum', { crc: 1 }, 'checksum or record count'],
    ['count', { count: 1 }, 'checksum or record count'],
  ])('another %s', (_, change, message) => {
    const { memory, handle } = sealed()
    expect(() => openBlock(memory, { ...handle, ...change })).toThrow(message)
  })
})

describe('writeBlock', () => {
  it('places blocks one after the other, each at a multiple of 64, and an empty one too', () => {
    const writer = new SegmentWriter(4)
    const handles = [0, 1, 64, 65, 0].map((length) =>
      writeBlock(writer, Buffer.alloc(length, length), { codec: 'records', count: length, lifetime: 'short' }),
    )
    expect(handles.map(({ offset }) => offset)).toEqual([0, 64, 192, 320, 512])
    expect(handles.map(({ id }) => id - 4 * 2 ** 31)).toEqual([0, 1, 2, 3, 4])
    const { created } = writer.report()
    expect(created.map(({ memory }) => memory.byteLength)).toEqual([SEGMENT_BYTES])
    for (const handle of handles) {
      expect(openBlock(created[0]!.memory, handle)).toEqual(Buffer.alloc(handle.length, handle.length))
      expect(verifyBlock(created[0]!.memory, handle)).toBe(true)
    }
  })
})
