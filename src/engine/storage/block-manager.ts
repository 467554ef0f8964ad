import { BlockLostError } from '../../errors.js'
import type { BlockId, SegmentId, ThreadId, WriterId } from '../../ids.js'
import { append } from '../../ops/append.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import type { SegmentPool } from '../../pool/blocks/segments.js'
import { isThread } from '../../pool/blocks/writers.js'
import type { MemoryReport, SegmentGrant } from '../../pool/protocol.js'
import { type BlockEntry, BlockOwners, type BlockOwnersOptions } from './block-owners.js'
import { OwnershipQueue, type OwnershipUpdates } from './ownership-updates.js'

export interface BlockManagerOptions extends BlockOwnersOptions {
  readonly pool: SegmentPool
}

/** The blocks after the death of one of their owners. */
export interface BlocksAfterLoss {
  readonly lost: number
  /** Blocks whose bytes their new owners must verify, by new owner. */
  readonly adopted: ReadonlyMap<ThreadId, readonly BlockHandle[]>
}

/**
 * Tracks every block: its owners, the tasks that read it, and when its memory may be reused. A block without an owner
 * and without a root is lost; its lineage recomputes it when a task needs it.
 */
export class BlockManager {
  readonly #pool: SegmentPool
  /** By every id of a block. */
  readonly #blocks = new Map<BlockId, BlockEntry>()
  readonly #owners: BlockOwners
  readonly #updates: OwnershipQueue
  /** Corrupt blocks that cannot be recomputed, until they are released. */
  readonly #damaged = new Set<BlockId>()
  #leavingBytes = 0

  constructor(options: BlockManagerOptions) {
    this.#pool = options.pool
    this.#updates = new OwnershipQueue(options.pool)
    this.#owners = new BlockOwners(options, this.#updates)
  }

  get size(): number {
    return new Set(this.#blocks.values()).size
  }

  /** The number of blocks with too few owners. */
  get short(): number {
    return this.#owners.short.length
  }

  /** Bytes of released blocks whose memory is freed when the tasks that read them end. */
  get leavingBytes(): number {
    return this.#leavingBytes
  }

  has(id: BlockId): boolean {
    return this.#blocks.has(id)
  }

  /** Returns the threads that own the block's bytes or a copy of them. */
  owners(id: BlockId): readonly ThreadId[] {
    const entry = this.#blocks.get(id)
    return entry ? [...entry.owners, ...entry.copies.keys()] : []
  }

  /**
   * Returns the handle of the block's current bytes, because a copy may have replaced those that its users know.
   *
   * @throws BlockLostError if the bytes are corrupt and nothing can replace them.
   */
  current(handle: BlockHandle): BlockHandle {
    if (this.#damaged.has(handle.id)) {
      throw new BlockLostError(
        `Block ${handle.id} is corrupt, and has neither a copy nor a lineage. With replication: 'copy' a second copy would have replaced it.`,
        { block: handle.id },
      )
    }
    return this.#blocks.get(handle.id)?.handle ?? handle
  }

  /**
   * Registers the memory that `writer` has written. The same call names the blocks, so that their memory counts as used
   * at once.
   */
  accept(writer: WriterId, report: MemoryReport, blocks: readonly Pick<BlockHandle, 'segment'>[]): void {
    this.#pool.accept(writer, report, blocks)
    if (isThread(writer)) for (const { id } of report.created) this.#updates.knows(writer, id)
    this.#updates.dropped()
  }

  /** Registers an accepted block of `writer`, and chooses its other owners. */
  register(handle: BlockHandle, writer: WriterId, options: { rooted?: boolean; onLost?: () => void } = {}): void {
    const entry: BlockEntry = {
      ids: [handle.id],
      handle,
      owners: new Set(),
      copies: new Map(),
      retired: [],
      rooted: options.rooted ?? false,
      pins: 0,
      released: false,
      onLost: options.onLost,
    }
    this.#blocks.set(handle.id, entry)
    this.#owners.placeNew(entry, writer)
    if (!entry.rooted && entry.owners.size === 0) this.#lose(entry)
  }

  /** Makes the driver an owner of blocks, so that they survive the death of all threads. Cost: an entry, no copy. */
  root(ids: readonly BlockId[]): void {
    for (const id of ids) {
      const entry = this.#blocks.get(id)
      if (entry) entry.rooted = true
    }
  }

  /** Releases a block that no plan will use again. Its memory is freed when no task reads it. */
  release(id: BlockId): void {
    this.#damaged.delete(id)
    const entry = this.#blocks.get(id)
    if (!entry || entry.released) return
    entry.released = true
    this.#owners.release(entry)
    if (entry.pins === 0) this.#drop(entry)
    else this.#leavingBytes += entry.handle.length
  }

  /** Frees accepted blocks that will not be registered. */
  discard(handles: readonly BlockHandle[]): void {
    for (const { segment } of handles) this.#pool.release(segment)
    this.#updates.dropped()
  }

  /**
   * Frees accepted blocks of `thread` that will not be registered, and makes the thread release them, because it owns
   * the blocks that it wrote.
   */
  refuse(thread: ThreadId, handles: readonly BlockHandle[]): void {
    this.discard(handles)
    for (const { id } of handles) this.#updates.of(thread).release.push(id)
  }

  /** Has threads drop what they have read of a released block, beside its owners. */
  releaseIn(threads: Iterable<ThreadId>, id: BlockId): void {
    for (const thread of threads) this.#updates.of(thread).release.push(id)
  }

  /** Pins blocks that a planned task reads: their memory is not reused before as many calls of `unpin`. */
  pin(ids: readonly BlockId[]): void {
    for (const id of ids) {
      const entry = this.#blocks.get(id)
      if (entry) entry.pins++
    }
  }

  unpin(ids: readonly BlockId[]): void {
    for (const id of ids) {
      const entry = this.#blocks.get(id)
      if (!entry || --entry.pins > 0) continue
      this.discard(entry.retired.splice(0))
      if (!entry.released) continue
      this.#leavingBytes -= entry.handle.length
      this.#drop(entry)
    }
  }

  /** Removes a dead thread. Its blocks get another owner, or a copy replaces them. Blocks with neither are lost. */
  removeOwner(thread: ThreadId): BlocksAfterLoss {
    this.#updates.forgetThread(thread)
    const remaining: BlockEntry[] = []
    let lost = 0
    for (const entry of this.#owners.removeThread(thread)) {
      const copy = entry.copies.get(thread)
      if (copy) this.discard([copy])
      entry.copies.delete(thread)
      entry.owners.delete(thread)
      if (entry.owners.size > 0 || entry.rooted || this.#useCopy(entry)) {
        remaining.push(entry)
        continue
      }
      lost++
      this.#lose(entry)
    }
    return { lost, adopted: this.#owners.refill(remaining) }
  }

  /**
   * Chooses owners for blocks with too few, after a thread has joined. Returns the blocks that each new owner must
   * verify.
   */
  replenish(): BlocksAfterLoss['adopted'] {
    return this.#owners.refill(this.#owners.short)
  }

  /** Handles a block with wrong bytes: a copy replaces it, or it is lost. */
  corrupt(id: BlockId): void {
    const entry = this.#blocks.get(id)
    if (!entry || entry.released) return
    this.#owners.removeOwners(entry)
    if (this.#useCopy(entry)) return
    const { ids } = entry
    this.#lose(entry)
    if (!entry.onLost) for (const each of ids) this.#damaged.add(each)
  }

  /** Called when a thread has made a copy that an update requested. */
  copied(original: BlockHandle, copy: BlockHandle, thread: ThreadId): void {
    const entry = this.#blocks.get(original.id)
    if (entry && !entry.released && entry.copies.has(thread)) {
      entry.copies.set(thread, copy)
      return
    }
    this.discard([copy])
    this.#updates.of(thread).release.push(copy.id)
  }

  /** Takes the updates that `thread` must apply first, without blocks that have been released. */
  takeUpdates(thread: ThreadId): OwnershipUpdates | undefined {
    const updates = this.#updates.take(thread)
    if (!updates) return undefined
    const live = (handle: BlockHandle) => this.#blocks.get(handle.id)?.released === false
    return { ...updates, adopt: updates.adopt.filter(live), copy: updates.copy.filter(live) }
  }

  /** Returns copies to the queue, because task messages cannot request them; only the control plane can. */
  returnCopies(thread: ThreadId, { copy }: OwnershipUpdates): void {
    if (copy.length > 0) append(this.#updates.of(thread).copy, copy)
  }

  threadsWithUpdates(): ThreadId[] {
    return this.#updates.waiting()
  }

  /** Returns the memory of the segments that the thread does not know, and marks them as known. */
  grants(thread: ThreadId, segments: readonly SegmentId[]): SegmentGrant[] {
    return this.#updates.grants(thread, segments)
  }

  /** Returns the memory of blocks for a call on the control plane. Call `knows` when the call is answered. */
  grantsAside(blocks: readonly BlockHandle[]): SegmentGrant[] {
    return this.#updates.grantsAside(blocks)
  }

  /** Marks segments as known that reached `thread` in another message. */
  knows(thread: ThreadId, grants: readonly SegmentGrant[]): void {
    for (const { id } of grants) this.#updates.knows(thread, id)
  }

  /** Replaces the block by its first copy. Planned tasks still read the previous bytes. */
  #useCopy(entry: BlockEntry): boolean {
    for (const [thread, copy] of entry.copies) {
      if (!copy) continue
      entry.copies.delete(thread)
      if (entry.pins > 0) entry.retired.push(entry.handle)
      else this.discard([entry.handle])
      entry.handle = copy
      entry.owners.add(thread)
      entry.ids.push(copy.id)
      this.#blocks.set(copy.id, entry)
      return true
    }
    return false
  }

  #lose(entry: BlockEntry): void {
    if (entry.released) return
    this.release(entry.handle.id)
    entry.onLost?.()
  }

  #drop(entry: BlockEntry): void {
    for (const id of entry.ids) this.#blocks.delete(id)
    this.discard([entry.handle, ...entry.retired, ...[...entry.copies.values()].filter((copy) => copy !== undefined)])
  }
}
