import type { BlockId, ThreadId, WriterId } from '../../ids.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import type { OwnershipQueue } from './ownership-updates.js'
import type { ThreadDirectory } from './thread-directory.js'

/** A block as the driver knows it. */
export interface BlockEntry {
  /** The id of its first bytes, and the ids of the copies that replaced them. */
  readonly ids: BlockId[]
  /** The bytes that tasks read now. */
  handle: BlockHandle
  /** Threads whose block stores have these bytes. */
  readonly owners: Set<ThreadId>
  /** Copies by the thread that makes them; undefined until the copy exists. */
  readonly copies: Map<ThreadId, BlockHandle | undefined>
  /** Replaced bytes that running tasks may still read. */
  readonly retired: BlockHandle[]
  /**
   * Whether the driver owns the block as a root (received data, values, snapshots, data of finished jobs): it then
   * needs no lineage.
   */
  rooted: boolean
  /** The number of planned and running tasks that read it: its memory must not be reused meanwhile. */
  pins: number
  released: boolean
  /** Called when a block without a root has lost its last owner. */
  readonly onLost: (() => void) | undefined
}

export interface BlockOwnersOptions {
  readonly replicas: number
  /** `reference`: further owners share the same memory. `copy`: they copy the bytes, a little later. */
  readonly replication: 'reference' | 'copy'
  readonly threads: ThreadDirectory
}

/** Tracks which threads own which blocks. Chooses owners in turn, and knows the blocks with too few. */
export class BlockOwners {
  readonly #options: BlockOwnersOptions
  readonly #updates: OwnershipQueue
  /** Blocks that a thread owns or copies. */
  readonly #held = new Map<ThreadId, Set<BlockEntry>>()
  /** Blocks with too few owners, because there were too few threads. */
  readonly #short = new Set<BlockEntry>()
  #turn = 0

  constructor(options: BlockOwnersOptions, updates: OwnershipQueue) {
    this.#options = options
    this.#updates = updates
  }

  /** Blocks with too few owners. */
  get short(): readonly BlockEntry[] {
    return [...this.#short]
  }

  /** Makes the writer an owner, if it is alive, and chooses the other owners. */
  placeNew(entry: BlockEntry, writer: WriterId): void {
    const alive = this.#options.threads.owners()
    const thread = alive.find((id) => id === writer)
    if (thread !== undefined) this.#own(entry, thread)
    for (const thread of this.#fill(entry, alive)) this.#updates.of(thread).adopt.push(entry.handle)
  }

  /** Chooses further owners for blocks that have lost some. Returns the blocks that each new owner must verify. */
  refill(entries: Iterable<BlockEntry>): Map<ThreadId, BlockHandle[]> {
    const adopted = new Map<ThreadId, BlockHandle[]>()
    const alive = this.#options.threads.owners()
    for (const entry of entries) {
      for (const thread of this.#fill(entry, alive)) {
        const list = adopted.get(thread)
        if (list) list.push(entry.handle)
        else adopted.set(thread, [entry.handle])
      }
    }
    return adopted
  }

  /** Removes a dead thread, and returns the blocks that it owned or copied. */
  removeThread(thread: ThreadId): Iterable<BlockEntry> {
    const held = this.#held.get(thread) ?? []
    this.#held.delete(thread)
    return held
  }

  /** Makes all threads release a block. */
  release(entry: BlockEntry): void {
    this.#short.delete(entry)
    for (const thread of entry.owners) {
      this.#held.get(thread)?.delete(entry)
      this.#updates.of(thread).release.push(entry.handle.id)
    }
    for (const [thread, copy] of entry.copies) {
      this.#held.get(thread)?.delete(entry)
      if (copy) this.#updates.of(thread).release.push(copy.id)
    }
  }

  /** Removes the owners, whose bytes are wrong. Only threads with a copy remain. */
  removeOwners(entry: BlockEntry): void {
    for (const thread of entry.owners) this.#held.get(thread)?.delete(entry)
    entry.owners.clear()
  }

  /** Adds owners or copies until there are enough. Returns the new owners. */
  #fill(entry: BlockEntry, alive: readonly ThreadId[]): ThreadId[] {
    const { replicas, replication } = this.#options
    const added: ThreadId[] = []
    for (let i = 0; i < alive.length && entry.owners.size + entry.copies.size < replicas; i++) {
      const thread = alive[this.#turn++ % alive.length]!
      if (entry.owners.has(thread) || entry.copies.has(thread)) continue
      if (replication === 'copy' && entry.owners.size > 0) {
        entry.copies.set(thread, undefined)
        this.#hold(entry, thread)
        this.#updates.of(thread).copy.push(entry.handle)
        continue
      }
      this.#own(entry, thread)
      added.push(thread)
    }
    if (entry.owners.size + entry.copies.size < replicas) this.#short.add(entry)
    else this.#short.delete(entry)
    return added
  }

  #own(entry: BlockEntry, thread: ThreadId): void {
    entry.owners.add(thread)
    this.#hold(entry, thread)
  }

  #hold(entry: BlockEntry, thread: ThreadId): void {
    const held = this.#held.get(thread)
    if (held) held.add(entry)
    else this.#held.set(thread, new Set([entry]))
  }
}
