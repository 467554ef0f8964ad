import { crc32 } from 'node:zlib'
import type { BlockCodec, BlockHandle } from './handle.js'
import { payloadSpace, sealBlock } from './layout.js'
import type { Lifetime, SegmentWriter } from './segment-writer.js'

export interface WriteBlockOptions {
  readonly codec: BlockCodec
  /** Records, or -1 where nobody has counted them. */
  readonly count: number
  readonly lifetime: Lifetime
}

/**
 * Copies encoded bytes into a new sealed block. The handle is the only way to it: a thread killed on the way leaves memory
 * that nobody looks at. The checksum is that of the private bytes, so it also finds a fault of the copy.
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
