import { describe, expect, it } from 'vitest'
import { ByteWriter } from '#build/pool/blocks/byte-writer.js'
import { ArrayColumn } from '#build/pool/blocks/growing-column.js'
import { openBlock } from '#build/pool/blocks/layout.js'
import { decodePairs, decodeRecords } from '#build/pool/blocks/records-codec.js'
import { SegmentWriter } from '#build/pool/blocks/segments.js'
import { readPart, ShuffleBlockWriter } from '#build/pool/blocks/shuffle-block.js'
import { writeBlock } from '#build/pool/blocks/write-block.js'
import fc from '../../support/fast-check.js'

const argumentError = expect.objectContaining({ code: 'ERR_MILLRACE_ARGUMENT' })

describe('a shuffle block', () => {
  it('gives each partition its records, through shared memory', () => {
    const record = fc.oneof(fc.array(fc.double()), fc.array(fc.string()), fc.array(fc.tuple(fc.string(), fc.integer())))
    const w = new ByteWriter()
    const segments = new SegmentWriter(1)
    const memory = new Map<number, SharedArrayBuffer>()
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 9 }), (parts) => {
        const shuffle = new ShuffleBlockWriter(w, parts.length)
        // From the last to the first: the order of writing is not the order of the table.
        for (let i = parts.length - 1; i >= 0; i--) shuffle.records(i, parts[i]!)
        expect(shuffle.count).toBe(parts.flat(1).length)
        const handle = writeBlock(segments, w.bytes(), { codec: 'shuffle', count: shuffle.count, lifetime: 'short' })
        for (const { id, memory: bytes } of segments.report().created) memory.set(id, bytes)
        const payload = openBlock(memory.get(handle.segment)!, handle)
        parts.forEach((records, i) => {
          const { bytes, count } = readPart(payload, i)
          expect(bytes.byteOffset % 8).toBe(0)
          expect(count).toBe(records.length)
          expect(decodeRecords(bytes)).toEqual(records)
        })
      }),
    )
  })

  it('has empty parts where nothing was written', () => {
    const w = new ByteWriter()
    const shuffle = new ShuffleBlockWriter(w, 3)
    shuffle.pairs(1, new ArrayColumn(['a', 'b']), new ArrayColumn([1, { deep: true }]))
    shuffle.pairs(2, new ArrayColumn([]), new ArrayColumn([]))
    expect(decodePairs(readPart(w.bytes(), 1).bytes)).toEqual({ keys: ['a', 'b'], values: [1, { deep: true }] })
    for (const part of [0, 2]) {
      expect(readPart(w.bytes(), part)).toEqual({ bytes: Buffer.alloc(0), count: 0 })
      expect(decodeRecords(readPart(w.bytes(), part).bytes)).toEqual([])
    }
  })

  it('refuses a part twice, a part that is not there, and no parts', () => {
    const w = new ByteWriter()
    const shuffle = new ShuffleBlockWriter(w, 2)
    shuffle.records(0, [1])
    expect(() => shuffle.records(0, [2])).toThrow(expect.objectContaining({ code: 'ERR_MILLRACE_STATE' }))
    for (const part of [-1, 2, 0.5]) {
      expect(() => shuffle.records(part, [1])).toThrow(argumentError)
      expect(() => readPart(w.bytes(), part)).toThrow(argumentError)
    }
    expect(() => new ShuffleBlockWriter(w, 0)).toThrow(argumentError)
  })

  it('refuses bytes that its table does not fit', () => {
    const w = new ByteWriter()
    new ShuffleBlockWriter(w, 2).records(1, [1, 2, 3])
    const bytes = w.bytes()
    for (const length of [0, 3, 20, bytes.length - 1]) {
      expect(() => readPart(bytes.subarray(0, length), 1)).toThrow(
        expect.objectContaining({ code: 'ERR_MILLRACE_BLOCK_CORRUPT' }),
      )
    }
  })
})
