import type { BlockId, WriterId } from '../../ids.js'
import { ByteWriter } from '../../pool/blocks/byte-writer.js'
import type { BlockCodec, BlockHandle } from '../../pool/blocks/handle.js'
import { openBlock } from '../../pool/blocks/layout.js'
import { encodeRecords } from '../../pool/blocks/records-codec.js'
import type { SegmentLending } from '../../pool/blocks/segment-lending.js'
import type { SegmentPool } from '../../pool/blocks/segments.js'
import { writeBlock } from '../../pool/blocks/write-block.js'
import { DRIVER } from '../../pool/blocks/writers.js'
import type { BlockManager } from './block-manager.js'
import { DriverWriter } from './driver-writer.js'

/** The bytes of a pinned block, which do not change until `unpin` is called. */
export interface PinnedBytes {
  readonly payload: Uint8Array
  unpin(): void
}

/** Reads and writes blocks in the driver. Written blocks count as used memory; the caller registers them. */
export class DriverBlocks {
  readonly segments: SegmentPool
  readonly #blocks: BlockManager
  readonly #lending: SegmentLending
  readonly #writer: DriverWriter
  readonly #scratch = new ByteWriter()

  constructor(segments: SegmentPool, blocks: BlockManager, lending: SegmentLending) {
    this.segments = segments
    this.#blocks = blocks
    this.#lending = lending
    this.#writer = this.newWriter(DRIVER)
  }

  /** Returns a writer under a number that no other writer has. */
  newWriter(writer: WriterId): DriverWriter {
    return new DriverWriter(writer, this.#blocks, this.#lending)
  }

  /** Encodes records into a block. */
  write(codec: BlockCodec, records: readonly unknown[]): BlockHandle {
    this.#scratch.reset()
    encodeRecords(this.#scratch, records)
    return this.writeBytes(this.#scratch.bytes(), codec, records.length)
  }

  /** Copies encoded bytes, such as those of a checkpoint, into a block. */
  writeBytes(bytes: Buffer, codec: BlockCodec, count: number): BlockHandle {
    const block = writeBlock(this.#writer, bytes, { codec, count, lifetime: 'long' })
    this.#writer.settle([block])
    return block
  }

  /** Roots a written block in the driver, until it is released: it survives the death of all threads. */
  keep(block: BlockHandle): void {
    this.#blocks.register(block, DRIVER, { rooted: true })
  }

  /** Frees a block that the driver keeps. */
  release(block: BlockId): void {
    this.#blocks.release(block)
  }

  /** Pins a block and returns its bytes. */
  pinBytes(block: BlockHandle): PinnedBytes {
    const now = this.#blocks.current(block)
    const payload = openBlock(this.segments.memory(now.segment), now)
    this.#blocks.pin([now.id])
    return { payload, unpin: () => this.#blocks.unpin([now.id]) }
  }
}
