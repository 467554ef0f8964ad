import type { BlockId, SegmentId, ThreadId } from '../../ids.js'
import { append } from '../../ops/append.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import type { SegmentPool } from '../../pool/blocks/segments.js'
import type { SegmentGrant } from '../../pool/protocol.js'

/**
 * Updates for a thread's block store. They are sent with the next task, or over the control plane if no task follows.
 */
export interface OwnershipUpdates {
  readonly adopt: BlockHandle[]
  /** Blocks that the thread must copy into its own memory. Only the control plane can request that. */
  readonly copy: BlockHandle[]
  readonly release: BlockId[]
  readonly forget: SegmentId[]
}

/** The updates that each thread has not received yet, and the segments that it knows. */
export class OwnershipQueue {
  readonly #pool: SegmentPool
  readonly #updates = new Map<ThreadId, OwnershipUpdates>()
  readonly #known = new Map<ThreadId, Set<SegmentId>>()

  constructor(pool: SegmentPool) {
    this.#pool = pool
  }

  of(thread: ThreadId): OwnershipUpdates {
    let updates = this.#updates.get(thread)
    if (!updates) {
      updates = { adopt: [], copy: [], release: [], forget: [] }
      this.#updates.set(thread, updates)
    }
    return updates
  }

  /** Removes and returns the updates of a thread. */
  take(thread: ThreadId): OwnershipUpdates | undefined {
    const updates = this.#updates.get(thread)
    this.#updates.delete(thread)
    return updates
  }

  /** Returns the threads with updates. */
  waiting(): ThreadId[] {
    return [...this.#updates.keys()]
  }

  /** Returns those of the segments that `thread` does not know, and marks them as known. */
  grants(thread: ThreadId, segments: readonly SegmentId[]): SegmentGrant[] {
    const known = this.#knownTo(thread)
    const grants: SegmentGrant[] = []
    for (const segment of segments) {
      if (known.has(segment)) continue
      known.add(segment)
      grants.push({ id: segment, memory: this.#pool.memory(segment) })
    }
    return grants
  }

  /**
   * Returns all segments of blocks, for a call on the control plane. Such a call and the thread's tasks may overtake
   * each other. So the call must contain every segment, and its segments count as known only when it is answered
   * (`knows`).
   */
  grantsAside(blocks: readonly BlockHandle[]): SegmentGrant[] {
    const segments = new Set(blocks.map(({ segment }) => segment))
    return [...segments].map((id) => ({ id, memory: this.#pool.memory(id) }))
  }

  /**
   * Records that the thread has this segment. If the pool has dropped it meanwhile, the thread must forget it again.
   */
  knows(thread: ThreadId, segment: SegmentId): void {
    if (this.#pool.has(segment)) this.#knownTo(thread).add(segment)
    else this.of(thread).forget.push(segment)
  }

  /** Makes threads forget the segments that the pool has dropped. Until they do, the memory stays allocated. */
  dropped(): void {
    const dropped = this.#pool.takeDropped()
    if (dropped.length === 0) return
    for (const [thread, known] of this.#known) {
      const forget = dropped.filter((id) => known.delete(id))
      if (forget.length > 0) append(this.of(thread).forget, forget)
    }
  }

  /** Removes everything about a dead thread. */
  forgetThread(thread: ThreadId): void {
    this.#updates.delete(thread)
    this.#known.delete(thread)
  }

  #knownTo(thread: ThreadId): Set<SegmentId> {
    let known = this.#known.get(thread)
    if (!known) {
      known = new Set()
      this.#known.set(thread, known)
    }
    return known
  }
}
