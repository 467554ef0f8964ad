import { crc32 } from 'node:zlib'
import type { BlockCodec, BlockHandle } from './handle.js'
import { payloadSpace, sealBlock } from './layout.js'
import type { Lifetime, SegmentWriter } from './segment-writer.js'

export interface WriteBlockOptions {
  readonly codec: BlockCodec
  /** Records, or -1 if they are not counted. */
  readonly count: number
  readonly lifetime: Lifetime
}

/**
 * Copies encoded bytes into a new sealed block. Only the handle leads to the block, so a thread that dies midway leaves
 * memory that no reader opens. The checksum is computed from the private bytes, so it also detects a faulty copy.
 */
export function writeBlock(
  writer: SegmentWriter,
  bytes: Buffer,
  { codec, count, lifetime }: WriteBlockOptions,
): BlockHandle {
  const { segment, offset } = writer.allocate(bytes.length, lifetime)
  payloadSpace(segment.memory, offset, bytes.length).set(bytes)
  const id = writer.nextBlockId()
  return sealBlock(segment, offset, { id, codec, length: bytes.length, count, crc: crc32(bytes) })
}
