import type { ThreadId } from '../../ids.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import type { PoolThread } from '../../pool/pool-thread.js'
import type { ThreadPool } from '../../pool/thread-pool.js'
import type { Events } from '../events/events.js'
import type { Logger } from '../logger.js'
import type { BlockManager } from './block-manager.js'

/** Ms after which updates that no task has carried are sent over the control plane. */
const DELIVERY_MS = 50

export interface ReplicationOptions {
  readonly pool: ThreadPool
  readonly blocks: BlockManager
  readonly events: Events
  readonly logger: Logger
}

/**
 * Sends ownership updates that no task has carried over the control plane, and makes threads copy blocks. A task may
 * overtake a control call, which uses another port. So a thread counts as knowing a segment only when it has answered.
 */
export class Replication {
  readonly #options: ReplicationOptions
  readonly #timer: NodeJS.Timeout

  constructor(options: ReplicationOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#deliver(), DELIVERY_MS)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #deliver(): void {
    const { blocks, logger } = this.#options
    for (const id of blocks.threadsWithUpdates()) {
      const thread = this.#thread(id)
      const updates = blocks.takeUpdates(id)
      if (!thread || !updates) continue
      const { adopt, copy, release, forget } = updates
      const cutShort = (error: unknown) =>
        logger.debug('ownership updates were cut short by the death of their thread', error)
      if (copy.length > 0) this.#copy(thread, copy)
      if (adopt.length > 0) {
        const grants = blocks.grantsAside(adopt)
        thread.control.adopt(adopt, grants, false).then(() => blocks.knows(id, grants), cutShort)
      }
      if (release.length > 0 || forget.length > 0) thread.control.release(release, forget).catch(cutShort)
    }
  }

  #copy(thread: PoolThread, originals: readonly BlockHandle[]): void {
    const { blocks: manager, events, logger } = this.#options
    const pins = originals.map(({ id }) => id)
    manager.pin(pins)
    const began = performance.now()
    const grants = manager.grantsAside(originals)
    thread.control.copy(originals, grants).then(
      ({ blocks, memory }) => {
        manager.knows(thread.id, grants)
        manager.unpin(pins)
        const copies = blocks.filter((copy) => copy !== undefined)
        manager.accept(thread.id, memory, copies)
        for (const [i, copy] of blocks.entries()) {
          if (copy) manager.copied(originals[i]!, copy, thread.id)
          else manager.corrupt(originals[i]!.id)
        }
        events.emit('blocksReplicated', { blocks: copies.length, ms: performance.now() - began })
      },
      (error: unknown) => {
        void thread.gone.then(() => manager.unpin(pins))
        logger.debug('copies of blocks were cut short by the death of their thread', error)
      },
    )
  }

  #thread(id: ThreadId): PoolThread | undefined {
    return this.#options.pool.threads().find((thread) => thread.id === id)
  }
}
