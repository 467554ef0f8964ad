/**
 * A block as other threads see it: where its sealed bytes are. Plain data; the shared memory itself travels once, as a
 * segment, and is found by `segment`.
 */
export interface BlockHandle {
  /** Unique in the process: the writer's thread number times 2^31 plus a running number. */
  readonly id: number
  /** The segment that holds the block. Unique in the process, built the same way. */
  readonly segment: number
  /** Byte offset of the block's header in its segment; a multiple of 64. */
  readonly offset: number
  /** Payload bytes, header not counted. */
  readonly length: number
  /** Records, or -1 where nobody has counted them (text from a network). */
  readonly count: number
  readonly codec: BlockCodec
  /** CRC-32 of the payload. */
  readonly crc: number
}

/**
 * `text`: newline-separated bytes, untouched. `records`: a self-describing payload of encoded records (columns where the
 * records allow it, msgpack otherwise). `shuffle`: a table of parts, then one `records` payload a reduce partition.
 */
export type BlockCodec = 'text' | 'records' | 'shuffle'

/** A part of a text block that begins and ends at line boundaries, or a whole block. */
export interface BlockSlice {
  readonly block: BlockHandle
  /** Payload byte range; absent for the whole block. */
  readonly start?: number
  readonly end?: number
}
