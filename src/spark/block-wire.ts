import type { BlockCodec } from '../pool/blocks/handle.js'

/**
 * A block between Node processes, which the JVM does not read: i32 map partition, i32 records, u8 codec, payload.
 * `answer`: the serialized `Answer` of a task that returns no records.
 */
export interface WireBlock extends WireHead {
  readonly payload: Buffer
}

/** The fields of a block before its payload. */
export interface WireHead {
  /** The partition of the task that wrote the block. Readers of a shuffle merge in this order. */
  readonly map: number
  readonly count: number
  readonly codec: BlockCodec | 'answer'
}

const CODECS = ['answer', 'text', 'records', 'shuffle'] as const
export const HEADER_BYTES = 9

/** Returns the parts of a block. The last one is the payload itself, not a copy. */
export function packBlock({ map, count, codec, payload }: WireBlock): readonly [head: Buffer, payload: Buffer] {
  const head = Buffer.allocUnsafe(HEADER_BYTES)
  head.writeInt32BE(map, 0)
  head.writeInt32BE(count, 4)
  head[8] = CODECS.indexOf(codec)
  return [head, payload]
}

/** The payload is a part of `bytes`, not a copy. */
export function unpackBlock(bytes: Buffer): WireBlock {
  return { ...unpackHead(bytes), payload: bytes.subarray(HEADER_BYTES) }
}

export function unpackHead(bytes: Buffer): WireHead {
  return { map: bytes.readInt32BE(0), count: bytes.readInt32BE(4), codec: CODECS[bytes[8]!]! }
}
