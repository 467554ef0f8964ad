import type { BlockId } from '../../../ids.js'
import type { BlockHandle } from '../../blocks/handle.js'
import type { SegmentWriter } from '../../blocks/segment-writer.js'
import { writeBlock } from '../../blocks/write-block.js'
import type { MemoryReport, SegmentGrant } from '../../protocol.js'
import { faultPoint } from './fault-points.js'
import type { SegmentTable } from './segment-table.js'

/** The blocks that this thread owns: it has verified their bytes and references their memory. */
export class BlockStore {
  readonly #owned = new Map<BlockId, BlockHandle>()
  readonly #segments: SegmentTable
  readonly #writer: SegmentWriter

  constructor(segments: SegmentTable, writer: SegmentWriter) {
    this.#segments = segments
    this.#writer = writer
  }

  /** Adds blocks. With `verify`, refuses blocks whose checksum is wrong, and returns their ids. */
  adopt(blocks: readonly BlockHandle[], grants: readonly SegmentGrant[], verify: boolean): BlockId[] {
    this.#segments.add(grants)
    const refused: BlockId[] = []
    for (const block of blocks) {
      if (verify) faultPoint('block:taken-over')
      if (verify && !this.#segments.verify(block)) refused.push(block.id)
      else this.#owned.set(block.id, block)
    }
    return refused
  }

  /** Copies blocks into memory of this thread's own. A block whose checksum is wrong has no copy, but undefined. */
  copy(
    blocks: readonly BlockHandle[],
    grants: readonly SegmentGrant[],
  ): { blocks: (BlockHandle | undefined)[]; memory: MemoryReport } {
    this.#segments.add(grants)
    const copies = blocks.map((block) => this.#copy(block))
    const memory = this.#writer.report()
    this.#segments.add(memory.created)
    return { blocks: copies, memory }
  }

  /** The copy would get a checksum of its own, which fits wrong bytes too. So that of its source decides. */
  #copy(block: BlockHandle): BlockHandle | undefined {
    const { codec, count } = block
    const bytes = this.#segments.copyOf(block)
    const copy = bytes && writeBlock(this.#writer, bytes, { codec, count, lifetime: 'long' })
    if (copy?.crc !== block.crc) return undefined
    this.#owned.set(copy.id, copy)
    return copy
  }

  release(ids: readonly BlockId[]): void {
    for (const id of ids) this.#owned.delete(id)
  }

  owned(): BlockId[] {
    return [...this.#owned.keys()]
  }
}
