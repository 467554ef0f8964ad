import { beforeEach, expect, test } from 'vitest'
import { ByteWriter } from '#build/pool/blocks/byte-writer.js'
import type { BlockHandle } from '#build/pool/blocks/handle.js'
import { sealBlock } from '#build/pool/blocks/layout.js'
import { decodeRecords, encodeRecords } from '#build/pool/blocks/records-codec.js'
import { SegmentTable } from '#build/pool/worker/runtime/segment-table.js'

const HEADER = 64
const memory = new SharedArrayBuffer(4096)
let table: SegmentTable
let block: BlockHandle
let payload: Uint8Array

beforeEach(() => {
  const w = new ByteWriter()
  encodeRecords(w, [1, 2, 3])
  const bytes = w.bytes()
  payload = new Uint8Array(memory, HEADER, bytes.length)
  payload.set(bytes)
  block = sealBlock({ id: 4, memory }, 0, { id: 9, codec: 'records', length: bytes.length, count: 3 })
  table = new SegmentTable()
  table.add([{ id: 4, memory }])
})

const corrupt = expect.objectContaining({
  code: 'ERR_MILLRACE_BLOCK_CORRUPT',
  details: expect.objectContaining({ block: 9, segment: 4 }),
})

test('good bytes are read', () => {
  expect(table.read(block, decodeRecords)).toEqual([1, 2, 3])
  expect(table.readVerified(block, decodeRecords)).toEqual([1, 2, 3])
})

test('bytes that make no sense: the error names the block, whatever the codec said', () => {
  payload.fill(0xff)
  expect(() => table.read(block, decodeRecords)).toThrow(corrupt)
  const codec = () => {
    throw new RangeError('out of range')
  }
  expect(() => table.read(block, codec)).toThrow(corrupt)
})

test('what a codec throws about good bytes is no fault of the block', () => {
  const error = new TypeError('not a pair')
  const codec = () => {
    throw error
  }
  expect(() => table.read(block, codec)).toThrow(error)
})

test('bytes that make sense, but another, are found where the checksum is asked', () => {
  payload[payload.length - 4] = 7
  expect(table.read(block, decodeRecords)).not.toEqual([1, 2, 3])
  expect(() => table.readVerified(block, decodeRecords)).toThrow(corrupt)
})
