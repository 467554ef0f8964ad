import { beforeEach, expect, test } from 'vitest'
import type { BlockHandle } from '#build/pool/blocks/handle.js'
import { sealBlock, verifyBlock } from '#build/pool/blocks/layout.js'
import { SegmentWriter } from '#build/pool/blocks/segment-writer.js'
import { BlockStore } from '#build/pool/worker/runtime/block-store.js'
import { SegmentTable } from '#build/pool/worker/runtime/segment-table.js'

const HEADER = 64
let memory: SharedArrayBuffer
let store: BlockStore
let good: BlockHandle
let other: BlockHandle

beforeEach(() => {
  memory = new SharedArrayBuffer(4096)
  const seal = (id: number, offset: number): BlockHandle => {
    new Uint8Array(memory, offset + HEADER, 5).fill(id)
    return sealBlock({ id: 4, memory } as never, offset, { id: id as never, codec: 'text', length: 5, count: 1 })
  }
  good = seal(9, 0)
  other = seal(10, 1024)
  store = new BlockStore(new SegmentTable(), new SegmentWriter(1 as never))
})

const copyBoth = () => store.copy([other, good], [{ id: 4, memory } as never])

test('copies have the bytes and the checksum of their sources', () => {
  const { blocks, memory: report } = copyBoth()
  expect(blocks.map((copy) => copy?.crc)).toEqual([other.crc, good.crc])
  for (const copy of blocks) expect(verifyBlock(report.created[0]!.memory, copy!)).toBe(true)
  expect(store.owned()).toEqual(blocks.map((copy) => copy!.id))
})

test.each([
  ['payload', HEADER + 2],
  ['header', 0],
])('a block with a damaged %s is not copied: its copy would have a checksum that fits', (_, at) => {
  new Uint8Array(memory)[1024 + at]! ^= 1
  const { blocks } = copyBoth()
  expect(blocks.map((copy) => copy?.crc)).toEqual([undefined, good.crc])
  expect(store.owned()).toEqual([blocks[1]!.id])
})
