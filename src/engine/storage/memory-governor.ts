import { MemoryLimitError } from '../../errors.js'
import type { SegmentPool } from '../../pool/blocks/segments.js'
import type { Events } from '../events/events.js'
import type { BlockManager } from './block-manager.js'
import type { MapOutputs } from './map-outputs.js'
import type { MemoryPort } from './memory-port.js'
import type { PersistedPartitions } from './persisted-partitions.js'
import type { Spilling } from './spilling.js'

export interface MemoryGovernorOptions {
  /** Bytes of blocks. */
  readonly limit: number
  readonly segments: SegmentPool
  readonly blocks: BlockManager
  readonly persisted: PersistedPartitions
  readonly outputs: MapOutputs
  readonly spilling: Spilling
  readonly events: Events
  readonly port: MemoryPort
  /** Counts the bytes that receivers hold for batches to come. */
  readonly receivers: { receivedBytes(): number }
}

/**
 * Keeps the blocks of an engine below `memoryLimit`: evicts blocks, delays or fails tasks, and notifies sources of free
 * memory.
 */
export class MemoryGovernor {
  readonly #options: MemoryGovernorOptions

  constructor(options: MemoryGovernorOptions) {
    this.#options = options
  }

  /** Bytes of blocks that the engine may hold. */
  get limit(): number {
    return this.#options.limit
  }

  /**
   * Bytes of segments with live blocks. Other segments do not count, because they are reused before new ones are
   * allocated.
   */
  get usedBytes(): number {
    return this.#options.segments.liveBytes
  }

  /** Whether memory is at the limit. Sources then pause, however little they hold themselves. */
  get isFull(): boolean {
    return this.usedBytes >= this.#options.limit
  }

  /** Whether there is memory for optional data, such as inputs of warm-up runs. */
  get isHalfEmpty(): boolean {
    return this.usedBytes < this.#options.limit / 2
  }

  /**
   * Calls `listener` whenever memory is freed and is below the limit, until the returned function is called. Every
   * freed segment counts, because not only the end of a batch frees memory.
   */
  onRoom(listener: () => void): () => void {
    return this.#options.port.subscribe(() => {
      if (!this.isFull) listener()
    })
  }

  /** Evicts blocks if memory is at the limit. Otherwise only a task that is about to start would evict them. */
  makeRoom(): void {
    if (this.isFull) this.#evict(1)
  }

  /**
   * Evicts if memory is over the limit, persisted partitions first. Returns `wait` while files are being written for
   * that, an error if nothing can be evicted, and undefined if tasks may start. Received data does not count: batches
   * must run to free it, and receivers have their own limit.
   */
  overLimit(): MemoryLimitError | 'wait' | undefined {
    const { limit, blocks, spilling } = this.#options
    if (this.#evict(0)) return undefined
    if (spilling.bytes > 0) return 'wait'
    const used = this.usedBytes - this.#options.receivers.receivedBytes()
    // Released blocks are freed when the tasks that read them end, so those tasks must run.
    if (used <= limit || blocks.leavingBytes > 0) return undefined
    return new MemoryLimitError(
      `Blocks take ${Math.ceil(used / 1048576)} MiB, memoryLimit is ${Math.floor(limit / 1048576)} MiB, and no block can be evicted. Raise memoryLimit, or use more partitions, shorter windows, smaller batches or fewer broadcast variables: unpersist() and destroy() free them.`,
      { used, memoryLimit: limit },
    )
  }

  /**
   * Evicts until `spare` bytes below the limit are free. Returns whether they are, or at least some blocks were
   * evicted.
   */
  #evict(spare: number): boolean {
    const { limit, blocks, persisted, outputs, spilling, events, port } = this.#options
    const excess = () => this.usedBytes - blocks.leavingBytes - limit + spare
    if (excess() <= 0) return true
    port.dropWarmUpInputs()
    if (excess() <= 0) return true
    const partitions = persisted.evict(excess())
    const shuffled = outputs.evict(excess() - spilling.bytes, port.settledUses)
    const evicted = { blocks: partitions.blocks + shuffled.blocks, bytes: partitions.bytes + shuffled.bytes }
    if (evicted.blocks > 0) events.emit('blocksEvicted', evicted)
    return evicted.blocks > 0
  }
}
