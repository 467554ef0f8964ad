import type { SegmentPool } from '../pool/blocks/segments.js'
import type { SegmentGrant } from '../pool/protocol.js'

/**
 * Lends recycled memory to whoever lately had to make memory of its own, one segment of each such size ahead: fresh memory
 * costs page faults, and only lending makes what is free be used again.
 */
export class SegmentLending {
  readonly #pool: SegmentPool
  /** Sizes that a writer made itself, by writer. */
  readonly #wanted = new Map<number, Set<number>>()

  constructor(pool: SegmentPool) {
    this.#pool = pool
  }

  /** A writer reported segments that it made. */
  made(writer: number, created: readonly SegmentGrant[]): void {
    if (created.length === 0) return
    let sizes = this.#wanted.get(writer)
    if (!sizes) {
      sizes = new Set()
      this.#wanted.set(writer, sizes)
    }
    for (const { memory } of created) sizes.add(memory.byteLength)
  }

  /** A writer gave segments back: it will need others of that size. */
  gaveBack(writer: number, returned: readonly number[]): void {
    for (const id of returned) {
      if (this.#pool.has(id)) this.made(writer, [{ id, memory: this.#pool.memory(id) }])
    }
  }

  /** Free segments for the writer, which are its own from now on. */
  take(writer: number): readonly SegmentGrant[] | undefined {
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

  forget(writer: number): void {
    this.#wanted.delete(writer)
  }
}
