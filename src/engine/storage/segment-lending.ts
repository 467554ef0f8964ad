import type { WriterId } from '../../ids.js'
import type { SegmentPool } from '../../pool/blocks/segments.js'
import type { MemoryReport, SegmentGrant } from '../../pool/protocol.js'

/**
 * Lends free segments to writers. A writer that recently allocated or returned a segment of some size gets one free
 * segment of that size before it needs it. Fresh memory costs page faults, and only lending makes writers reuse free
 * memory.
 */
export class SegmentLending {
  readonly #pool: SegmentPool
  /** The segment sizes that each writer needs. */
  readonly #wanted = new Map<WriterId, Set<number>>()

  constructor(pool: SegmentPool) {
    this.#pool = pool
  }

  /** Records the sizes of the segments that a writer has allocated or returned. */
  note(writer: WriterId, { created, returned }: MemoryReport): void {
    for (const { memory } of created) this.#want(writer, memory.byteLength)
    for (const id of returned) if (this.#pool.has(id)) this.#want(writer, this.#pool.memory(id).byteLength)
  }

  /** Takes free segments for a writer, which owns them from now on. Undefined if none that it needs are free. */
  take(writer: WriterId): readonly SegmentGrant[] | undefined {
    const sizes = this.#wanted.get(writer)
    if (!sizes || sizes.size === 0) return undefined
    const grants: SegmentGrant[] = []
    for (const size of sizes) {
      const grant = this.#pool.take(size, writer)
      if (!grant) continue
      sizes.delete(size)
      grants.push(grant)
    }
    return grants.length > 0 ? grants : undefined
  }

  forgetWriter(writer: WriterId): void {
    this.#wanted.delete(writer)
  }

  #want(writer: WriterId, size: number): void {
    const sizes = this.#wanted.get(writer)
    if (sizes) sizes.add(size)
    else this.#wanted.set(writer, new Set([size]))
  }
}
