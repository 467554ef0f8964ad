import type { BlockHandle } from '../blocks/handle.js'
import type { SegmentWriter } from '../blocks/segment-writer.js'
import { writeBlock } from '../blocks/write-block.js'
import type { MemoryReport, SegmentGrant } from '../protocol.js'
import { faultPoint } from './fault-points.js'
import type { SegmentTable } from './segment-table.js'

/** The blocks that this thread owns: it vouches for their bytes and holds their memory. */
export class BlockStore {
  readonly #owned = new Map<number, BlockHandle>()
  readonly #segments: SegmentTable
  readonly #writer: SegmentWriter

  constructor(segments: SegmentTable, writer: SegmentWriter) {
    this.#segments = segments
    this.#writer = writer
  }

  /** Own these blocks. With `verify`, blocks whose checksum is wrong are refused and their ids returned. */
  adopt(blocks: readonly BlockHandle[], grants: readonly SegmentGrant[], verify: boolean): number[] {
    this.#segments.add(grants)
    const refused: number[] = []
    for (const block of blocks) {
      if (verify) faultPoint('block:taken-over')
      if (verify && !this.#segments.verify(block)) refused.push(block.id)
      else this.#owned.set(block.id, block)
    }
    return refused
  }

  /** Copies of these blocks in memory of this thread's own. */
  copy(
    blocks: readonly BlockHandle[],
    grants: readonly SegmentGrant[],
  ): { blocks: BlockHandle[]; memory: MemoryReport } {
    this.#segments.add(grants)
    const copies = blocks.map((block) => {
      const { codec, count } = block
      const copy = writeBlock(this.#writer, Buffer.from(this.#segments.open(block)), { codec, count, lifetime: 'long' })
      this.#owned.set(copy.id, copy)
      return copy
    })
    const memory = this.#writer.report()
    this.#segments.add(memory.created)
    return { blocks: copies, memory }
  }

  release(ids: readonly number[]): void {
    for (const id of ids) this.#owned.delete(id)
  }

  owned(): number[] {
    return [...this.#owned.keys()]
  }
}
