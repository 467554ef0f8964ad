import type { ThreadId } from '../../ids.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import { DRIVER } from '../../pool/blocks/writers.js'
import type { BlockManager } from './block-manager.js'
import type { DriverBlocks } from './driver-blocks.js'

/** The block of a broadcast variable. */
export interface BroadcastBlock {
  readonly id: number
  readonly block: BlockHandle
}

/** Provides the values of broadcast variables. */
export interface BroadcastSource {
  /** Throws StateError if the variable was destroyed. `name`: the variable of the function that needs it. */
  get(id: number, name?: string): unknown
}

/** The copies of a variable. */
interface Copies {
  /** Undefined until a task is sent that needs it. */
  block: BlockHandle | undefined
  /** The threads that have received it. */
  readonly threads: Set<ThreadId>
  /** Planned and running tasks that read it. */
  uses: number
  /** The user has freed it: the last of these tasks frees the block. */
  isReleased: boolean
}

/**
 * Writes each broadcast variable into one block when a task first needs it, and sends it to each thread once. A variable that
 * was released is written and sent again if another task needs it.
 */
export class Broadcasts {
  readonly #driver: DriverBlocks
  readonly #blocks: BlockManager
  readonly #source: BroadcastSource
  readonly #copies = new Map<number, Copies>()

  constructor(driver: DriverBlocks, blocks: BlockManager, source: BroadcastSource) {
    this.#driver = driver
    this.#blocks = blocks
    this.#source = source
  }

  /** Throws StateError if one of the variables was destroyed. */
  check(variables: ReadonlyMap<number, string>): void {
    for (const [id, name] of variables) this.#source.get(id, name)
  }

  /** Holds the variables for a planned task until as many calls of `unpin`. */
  pin(ids: readonly number[]): void {
    for (const id of ids) this.#of(id).uses++
  }

  unpin(ids: readonly number[]): void {
    for (const id of ids) {
      const copies = this.#of(id)
      if (--copies.uses === 0 && copies.isReleased) this.#free(id, copies)
    }
  }

  /** Returns the blocks of those variables that the thread does not have. The caller must send them. */
  takeFor(thread: ThreadId, ids: readonly number[]): BroadcastBlock[] {
    const blocks: BroadcastBlock[] = []
    for (const id of ids) {
      const copies = this.#of(id)
      if (copies.threads.has(thread)) continue
      copies.block ??= this.#write(id)
      copies.threads.add(thread)
      blocks.push({ id, block: copies.block })
    }
    return blocks
  }

  /** Frees the block of a variable and its copies in threads, once no planned or running task reads it. */
  release(id: number): void {
    const copies = this.#copies.get(id)
    if (!copies) return
    if (copies.uses === 0) this.#free(id, copies)
    else copies.isReleased = true
  }

  /** Removes the record of what was sent to a thread. */
  forgetThread(thread: ThreadId): void {
    for (const { threads } of this.#copies.values()) threads.delete(thread)
  }

  #of(id: number): Copies {
    let copies = this.#copies.get(id)
    if (!copies) {
      copies = { block: undefined, threads: new Set(), uses: 0, isReleased: false }
      this.#copies.set(id, copies)
    }
    return copies
  }

  #write(id: number): BlockHandle {
    const block = this.#driver.write('records', [this.#source.get(id)])
    this.#blocks.register(block, DRIVER, { rooted: true })
    return block
  }

  #free(id: number, { block, threads }: Copies): void {
    this.#copies.delete(id)
    if (!block) return
    this.#blocks.release(block.id)
    this.#blocks.releaseIn(threads, block.id)
  }
}
