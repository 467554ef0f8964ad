import type { WriterId } from '../../ids.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import type { SegmentLending } from '../../pool/blocks/segment-lending.js'
import { SegmentWriter } from '../../pool/blocks/segments.js'
import type { BlockManager } from './block-manager.js'

/** Writes blocks in the driver. Reports directly to the block manager, which lends it free segments in return. */
export class DriverWriter extends SegmentWriter {
  readonly #owner: WriterId
  readonly #blocks: BlockManager
  readonly #lending: SegmentLending

  constructor(owner: WriterId, blocks: BlockManager, lending: SegmentLending) {
    super(owner)
    this.#owner = owner
    this.#blocks = blocks
    this.#lending = lending
  }

  /** Reports what was written since the last call. `blocks`: those that are kept, or ranges that are not filled yet. */
  settle(blocks: readonly Pick<BlockHandle, 'segment'>[]): void {
    const report = this.report()
    this.#blocks.accept(this.#owner, report, blocks)
    this.#lending.note(this.#owner, report)
    const grants = this.#lending.take(this.#owner)
    if (grants) this.lend(grants)
  }
}
