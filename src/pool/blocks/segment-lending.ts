import type { ThreadId, WriterId } from '../../ids.js'
import type { MemoryReport, SegmentGrant } from '../protocol.js'
import { SEGMENT_BYTES } from './segment-size.js'
import type { SegmentPool } from './segments.js'

/** A writer fills two segments at a time: one with data that ends soon, one with data that stays. */
const FILLED = 2
/** Both may be full before the writer can report it, so that many wait in it. */
const RESERVE = 2

/**
 * Lends free segments to writers. A writer that allocated or returned a segment gets a free one of that size before it
 * needs it. Fresh memory costs page faults, and only lending makes writers reuse free memory. A new thread gets those
 * that it needs first and the reserve: if each thread created one, each death of a thread would add a segment.
 */
export class SegmentLending {
  readonly #pool: SegmentPool
  /** The segment sizes that each writer needs. */
  readonly #wanted = new Map<WriterId, number[]>()

  constructor(pool: SegmentPool) {
    this.#pool = pool
  }

  addThread(thread: ThreadId): void {
    this.#wanted.set(thread, new Array(FILLED + RESERVE).fill(SEGMENT_BYTES))
  }

  /** Records the sizes of the segments that a writer has allocated or returned. */
  note(writer: WriterId, { created, returned }: MemoryReport): void {
    for (const { memory } of created) this.#want(writer, memory.byteLength)
    for (const id of returned) if (this.#pool.has(id)) this.#want(writer, this.#pool.memory(id).byteLength)
  }

  /** Takes free segments for a writer, which owns them from now on. Undefined if none that it needs are free. */
  take(writer: WriterId): readonly SegmentGrant[] | undefined {
    const sizes = this.#wanted.get(writer)
    if (!sizes || sizes.length === 0) return undefined
    const grants: SegmentGrant[] = []
    const missing = sizes.filter((size) => {
      const grant = this.#pool.take(size, writer)
      if (grant) grants.push(grant)
      return !grant
    })
    if (grants.length === 0) return undefined
    this.#wanted.set(writer, missing)
    return grants
  }

  forgetWriter(writer: WriterId): void {
    this.#wanted.delete(writer)
  }

  #want(writer: WriterId, size: number): void {
    const sizes = this.#wanted.get(writer)
    if (!sizes) this.#wanted.set(writer, [size])
    else if (sizes.filter((each) => each === size).length < RESERVE) sizes.push(size)
  }
}
