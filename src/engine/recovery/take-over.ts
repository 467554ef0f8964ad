import type { ThreadId } from '../../ids.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import type { ThreadPool } from '../../pool/thread-pool.js'
import type { Events } from '../events/events.js'
import type { Logger } from '../logger.js'
import type { BlockManager } from '../storage/block-manager.js'

export interface TakeOverOptions {
  readonly pool: ThreadPool
  readonly blocks: BlockManager
  readonly events: Events
  readonly logger: Logger
}

/**
 * Makes the new owners of a dead thread's blocks verify the bytes, because the thread may have died while it overwrote
 * them.
 */
export class TakeOver {
  readonly #options: TakeOverOptions

  constructor(options: TakeOverOptions) {
    this.#options = options
  }

  /** Sends each new owner its blocks. A block with a wrong checksum is lost, unless a copy replaces it. */
  start(adopted: ReadonlyMap<ThreadId, readonly BlockHandle[]>): void {
    for (const [owner, blocks] of adopted) this.#verify(owner, blocks)
  }

  #verify(owner: ThreadId, adopted: readonly BlockHandle[]): void {
    const { pool, blocks, events, logger } = this.#options
    const thread = pool.threads().find(({ id }) => id === owner)
    if (!thread) return
    const began = performance.now()
    const grants = blocks.grantsAside(adopted)
    thread.control.adopt(adopted, grants, true).then(
      (corrupt) => {
        blocks.knows(owner, grants)
        for (const id of corrupt) blocks.corrupt(id)
        events.emit('blocksReplicated', { blocks: adopted.length - corrupt.length, ms: performance.now() - began })
      },
      // The new owner died too; its own loss has assigned further owners to the blocks.
      (error: unknown) => logger.debug('a take-over of blocks was cut short', error),
    )
  }
}
