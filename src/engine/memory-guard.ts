import { MemoryLimitError } from '../errors.js'
import type { SegmentPool } from '../pool/blocks/segments.js'
import type { BlockManager } from './block-manager.js'
import type { Events } from './events.js'
import type { KeptPartitions } from './kept-partitions.js'
import type { MapOutputs } from './map-outputs.js'
import type { Spilling } from './spilling.js'

export interface MemoryGuardOptions {
  /** Bytes of blocks. */
  readonly limit: number
  readonly segments: SegmentPool
  readonly blocks: BlockManager
  readonly kept: KeptPartitions
  readonly outputs: MapOutputs
  readonly spilling: Spilling
  readonly events: Events
  readonly stopRehearsing: () => void
  /** How often each map output is used by jobs that have ended: see MapOutputs.evict. */
  readonly settledUses: () => number
}

/** Holds the blocks of an engine to `memoryLimit`: evicts, tells tasks to wait or fail, and sources when there is room. */
export class MemoryGuard {
  readonly #options: MemoryGuardOptions
  readonly #onRoom = new Set<() => void>()
  /** Bytes that receivers hold for batches to come. */
  receivedBytes: () => number = () => 0

  constructor(options: MemoryGuardOptions) {
    this.#options = options
    options.segments.onFreed = () => {
      if (this.#onRoom.size > 0 && !this.crowded) for (const listener of [...this.#onRoom]) listener()
    }
  }

  /** Bytes of blocks in use: segments without a live block are no burden, they are used before new ones are made. */
  get usedBytes(): number {
    return this.#options.segments.liveBytes
  }

  /** Whether sources should pause: memory is at the limit, whatever they themselves hold. */
  get crowded(): boolean {
    return this.usedBytes >= this.#options.limit
  }

  /**
   * Calls `listener` whenever memory comes free and there is room, until the returned function is called. Memory comes free
   * by more ways than the end of a batch: whoever waits for room must hear of each.
   */
  onRoom(listener: () => void): () => void {
    this.#onRoom.add(listener)
    return () => this.#onRoom.delete(listener)
  }

  /** Evicts what can be computed again, if memory is at the limit. Else only a task that is about to start would. */
  makeRoom(): void {
    if (this.crowded) this.#evict(1)
  }

  /**
   * At the limit kept partitions go first: those with a disk level into files, for which tasks wait. What receivers hold
   * is theirs to bound: batches must run to free it.
   */
  overLimit(): MemoryLimitError | 'wait' | undefined {
    const { limit, blocks, spilling } = this.#options
    if (this.#evict(0)) return undefined
    if (spilling.bytes > 0) return 'wait'
    const used = this.usedBytes - this.receivedBytes()
    // Memory that was let go comes free only as the tasks that read it are done: they must run.
    if (used <= limit || blocks.leavingBytes > 0) return undefined
    return new MemoryLimitError(
      `Blocks take ${Math.ceil(used / 1048576)} MiB, memoryLimit is ${Math.floor(limit / 1048576)} MiB, and nothing more can be let go. Raise memoryLimit, use more partitions, shorter windows or smaller batches.`,
      { used, memoryLimit: limit },
    )
  }

  /** Evicts until `spare` bytes below the limit would be free. True if that is so, or some blocks went. */
  #evict(spare: number): boolean {
    const { limit, blocks, kept, outputs, spilling, events } = this.#options
    const excess = () => this.usedBytes - blocks.leavingBytes - limit + spare
    if (excess() <= 0) return true
    this.#options.stopRehearsing()
    if (excess() <= 0) return true
    const partitions = kept.evict(excess())
    const shuffled = outputs.evict(excess() - spilling.bytes, this.#options.settledUses())
    const evicted = { blocks: partitions.blocks + shuffled.blocks, bytes: partitions.bytes + shuffled.bytes }
    if (evicted.blocks > 0) events.emit('blocksEvicted', evicted)
    return evicted.blocks > 0
  }
}
