import type { BlockHandle } from '../pool/blocks/handle.js'
import { SegmentWriter } from '../pool/blocks/segments.js'
import type { BlockManager } from './block-manager.js'
import type { SegmentLending } from './segment-lending.js'

/** A writer of blocks in the driver: what it reports goes straight into the books, and it is lent what is free. */
export class DriverWriter extends SegmentWriter {
  readonly #owner: number
  readonly #blocks: BlockManager
  readonly #lending: SegmentLending

  constructor(owner: number, blocks: BlockManager, lending: SegmentLending) {
    super(owner)
    this.#owner = owner
    this.#blocks = blocks
    this.#lending = lending
  }

  /** Enters what was written since the last call; `blocks` are those that shall live, or places that are yet to be filled. */
  settle(blocks: readonly Pick<BlockHandle, 'segment'>[]): void {
    const report = this.report()
    this.#blocks.accept(this.#owner, report, blocks)
    this.#lending.made(this.#owner, report.created)
    this.#lending.gaveBack(this.#owner, report.returned)
    const grants = this.#lending.take(this.#owner)
    if (grants) this.lend(grants)
  }
}
