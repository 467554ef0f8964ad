import type { BlockId, SegmentId } from '../../ids.js'
/**
 * The location of a block's sealed bytes, as plain data. The shared memory itself is sent once per thread, as the
 * segment `segment`.
 */
export interface BlockHandle {
  /** Unique in the process: the writer's thread number times 2^31 plus a running number. */
  readonly id: BlockId
  /** The segment that contains the block. Unique in the process, numbered like block ids. */
  readonly segment: SegmentId
  /** Byte offset of the block's header in its segment; a multiple of 64. */
  readonly offset: number
  /** Payload bytes, without the header. */
  readonly length: number
  /** Records, or -1 if they are not counted (text from a network). */
  readonly count: number
  readonly codec: BlockCodec
  /** CRC-32 of the payload. */
  readonly crc: number
}

/**
 * `text`: newline-separated bytes, unchanged. `records`: a self-describing payload of encoded records (columns if the
 * records allow it, msgpack otherwise). `shuffle`: a table of parts, then one `records` payload per reduce partition.
 */
export type BlockCodec = 'text' | 'records' | 'shuffle'

/** A part of a text block that begins and ends at line boundaries, or a whole block. */
export interface BlockSlice {
  readonly block: BlockHandle
  /** Payload byte range; absent for the whole block. */
  readonly start?: number
  readonly end?: number
}
