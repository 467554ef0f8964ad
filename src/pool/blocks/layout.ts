import { crc32 } from 'node:zlib'
import { BlockCorruptError } from '../../errors.js'
import type { BlockId, SegmentId } from '../../ids.js'
import type { BlockCodec, BlockHandle } from './handle.js'

/**
 * A block in its segment: a header of 64 bytes, then the payload; blocks begin at multiples of 64.
 *
 * | word | type | field | |
 * | --- | --- | --- | --- |
 * | 0 | u32 | magic     | `MRB1` |
 * | 1 | i32 | state     | 0 open, 1 sealed; written with Atomics only, and SEALED last of all: this publishes the block |
 * | 2 | u32 | version   | of this layout and of the codecs |
 * | 3 | u32 | codec     | 1 text, 2 records, 3 shuffle |
 * | 4 | u32 | length    | payload bytes |
 * | 5 | i32 | count     | records, or -1 if not counted |
 * | 6 | u32 | crc       | CRC-32 of the payload |
 * | 7 | u32 | id, low   | block id modulo 2^32 |
 * | 8 | u32 | id, high  | block id divided by 2^32 |
 * | 9–15 | | zero      | reserved |
 *
 * One thread writes, any thread reads. A writer that dies before the last store leaves an open block, which no handle
 * names and `openBlock` refuses. The id distinguishes a block from an older one at the same offset of a recycled
 * segment.
 */
export const HEADER_BYTES = 64
export const BLOCK_ALIGN = 64

const MAGIC = 0x3142524d
const VERSION = 1
const HEADER_WORDS = HEADER_BYTES / 4
const WORD = { magic: 0, state: 1, version: 2, codec: 3, length: 4, count: 5, crc: 6, idLow: 7, idHigh: 8 } as const
const OPEN = 0
const SEALED = 1
const CODECS: Readonly<Record<BlockCodec, number>> = { text: 1, records: 2, shuffle: 3 }

/** Returns the bytes that a block occupies in its segment, including header and padding. */
export function blockBytes(payloadBytes: number): number {
  return Math.ceil((HEADER_BYTES + payloadBytes) / BLOCK_ALIGN) * BLOCK_ALIGN
}

/** Returns the space for a block's payload, to be filled before the block is sealed. */
export function payloadSpace(memory: SharedArrayBuffer, offset: number, length: number): Buffer {
  return Buffer.from(memory, offset + HEADER_BYTES, length)
}

/** Marks the space as not sealed, because recycled memory may contain the header of an older block there. */
export function clearBlock(memory: SharedArrayBuffer, offset: number): void {
  Atomics.store(new Int32Array(memory, offset, HEADER_WORDS), WORD.state, OPEN)
}

export interface BlockFacts {
  readonly id: BlockId
  readonly codec: BlockCodec
  /** Payload bytes, which the caller has already written. */
  readonly length: number
  readonly count: number
  /** CRC-32 of the payload; computed here (2 to 3 GB/s) if absent. */
  readonly crc?: number
}

/** Writes the header and publishes the block. The payload must be complete, and must not change from now on. */
export function sealBlock(
  segment: { readonly id: SegmentId; readonly memory: SharedArrayBuffer },
  offset: number,
  facts: BlockFacts,
): BlockHandle {
  const { id, codec, length, count } = facts
  const crc = facts.crc ?? crc32(payloadSpace(segment.memory, offset, length))
  const words = new Int32Array(segment.memory, offset, HEADER_WORDS)
  Atomics.store(words, WORD.state, OPEN)
  words[WORD.magic] = MAGIC
  words[WORD.version] = VERSION
  words[WORD.codec] = CODECS[codec]
  words[WORD.length] = length
  words[WORD.count] = count
  words[WORD.crc] = crc
  words[WORD.idLow] = id | 0
  words[WORD.idHigh] = idHigh(id)
  words.fill(0, WORD.idHigh + 1)
  // The last write: a thread that loads SEALED also sees every write above and the payload.
  Atomics.store(words, WORD.state, SEALED)
  return { id, segment: segment.id, offset, length, count, codec, crc }
}

/**
 * Returns the payload of a sealed block, without a copy. Compares the header with the handle, but not the payload's
 * checksum (see `verifyBlock`). Throws BlockCorruptError if they differ.
 */
export function openBlock(memory: SharedArrayBuffer, handle: BlockHandle): Buffer {
  const fault = headerFault(memory, handle)
  if (fault !== undefined) {
    throw new BlockCorruptError(
      `Block ${handle.id} at ${handle.offset} of segment ${handle.segment} cannot be read: ${fault}. ` +
        'A block may be read only while it has an owner. Read another copy or recompute it.',
      { block: handle.id, segment: handle.segment, offset: handle.offset, length: handle.length, fault },
    )
  }
  return payloadSpace(memory, handle.offset, handle.length)
}

/** Returns whether header and payload match the handle. Computes the checksum, at 2 to 3 GB/s. Never throws. */
export function verifyBlock(memory: SharedArrayBuffer, handle: BlockHandle): boolean {
  if (headerFault(memory, handle) !== undefined) return false
  return crc32(payloadSpace(memory, handle.offset, handle.length)) === handle.crc
}

function headerFault(
  memory: SharedArrayBuffer,
  { id, offset, length, codec, crc, count }: BlockHandle,
): string | undefined {
  if (offset % BLOCK_ALIGN !== 0 || offset < 0 || length < 0 || offset + HEADER_BYTES + length > memory.byteLength) {
    return `its ${length} bytes are not inside the segment of ${memory.byteLength} bytes`
  }
  const words = new Int32Array(memory, offset, HEADER_WORDS)
  const word = (index: number): number => words[index]! >>> 0
  if (Atomics.load(words, WORD.state) !== SEALED) return 'it is not sealed'
  if (word(WORD.magic) !== MAGIC || word(WORD.version) !== VERSION) return `there is no header of version ${VERSION}`
  if (words[WORD.idLow] !== (id | 0) || word(WORD.idHigh) !== idHigh(id)) {
    return `block ${word(WORD.idHigh) * 2 ** 32 + word(WORD.idLow)} is there`
  }
  if (word(WORD.length) !== length) return `it has ${word(WORD.length)} bytes, not ${length}`
  if (word(WORD.codec) !== CODECS[codec]) return `its codec is not '${codec}'`
  if (word(WORD.crc) !== crc || words[WORD.count] !== count)
    return 'its checksum or record count is not that of the handle'
  return undefined
}

/** Returns the upper word of an id, which has more than 32 bits. */
export function idHigh(id: number): number {
  return Math.floor(id / 2 ** 32)
}
