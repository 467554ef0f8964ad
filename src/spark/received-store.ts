import type { DriverMemory } from '../engine/engine.js'
import { BlockManager } from '../engine/storage/block-manager.js'
import { DriverBlocks, type PinnedBytes } from '../engine/storage/driver-blocks.js'
import { MemoryPort } from '../engine/storage/memory-port.js'
import { BlockLostError } from '../errors.js'
import type { BlockId } from '../ids.js'
import type { BlockHandle } from '../pool/blocks/handle.js'
import { SegmentLending } from '../pool/blocks/segment-lending.js'
import { SegmentPool } from '../pool/blocks/segments.js'
import type { PulledBytes } from './pull-wire.js'

/**
 * The received data of streams, in the driver's memory. Tasks pull it by the ids of its blocks, which live until no batch needs them.
 */
export class ReceivedStore implements DriverMemory {
  readonly blocks: DriverBlocks
  /** Bytes of blocks that receivers may fill. */
  readonly limit: number
  readonly #port = new MemoryPort()
  readonly #segments = new SegmentPool({ listener: this.#port })
  readonly #served = new Map<BlockId, BlockHandle>()

  constructor(limit: number) {
    this.limit = limit
    const segments = this.#segments
    const threads = { owners: () => [] }
    const manager = new BlockManager({ pool: segments, replicas: 0, replication: 'reference', threads })
    this.blocks = new Served(this.#served, segments, manager, new SegmentLending(segments))
  }

  get usedBytes(): number {
    return this.#segments.liveBytes
  }

  get isFull(): boolean {
    return this.usedBytes >= this.limit
  }

  /** The number of blocks. */
  get size(): number {
    return this.#served.size
  }

  /** Only batches that complete free received data. */
  makeRoom(): void {}

  onRoom(listener: () => void): () => void {
    return this.#port.subscribe(() => {
      if (!this.isFull) listener()
    })
  }

  /** Pins bytes of a block: its memory is not used again while they are sent. @throws BlockLostError if it was freed. */
  pin({ block, start, end }: PulledBytes): PinnedBytes {
    const handle = this.#served.get(block)
    if (!handle) throw new BlockLostError(`Block ${block} of received data is freed: no batch needs it.`, { block })
    const { payload, unpin } = this.blocks.pinBytes(handle)
    return { payload: payload.subarray(start, end), unpin }
  }
}

/** Enters the blocks that the driver keeps into a table, by which they are served. */
class Served extends DriverBlocks {
  readonly #served: Map<BlockId, BlockHandle>

  constructor(served: Map<BlockId, BlockHandle>, ...parts: ConstructorParameters<typeof DriverBlocks>) {
    super(...parts)
    this.#served = served
  }

  override keep(block: BlockHandle): void {
    super.keep(block)
    this.#served.set(block.id, block)
  }

  override release(block: BlockId): void {
    super.release(block)
    this.#served.delete(block)
  }
}
