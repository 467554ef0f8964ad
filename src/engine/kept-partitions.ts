import type { Rdd } from '../ops/rdd/rdd.js'
import type { BlockHandle } from '../pool/blocks/handle.js'
import type { BlockManager } from './block-manager.js'

/** Blocks by RDD and partition: persisted partitions (recomputable), or values that the driver wrote (rooted). */
export class KeptPartitions {
  readonly #blocks: BlockManager
  readonly #rooted: boolean
  readonly #kept = new Map<number, Map<number, BlockHandle>>()
  /** Blocks that were lost, as `rdd:partition`. */
  readonly #lost = new Set<string>()
  readonly #unreachable = new FinalizationRegistry<number>((rdd) => this.release(rdd))

  constructor(blocks: BlockManager, rooted: boolean) {
    this.#blocks = blocks
    this.#rooted = rooted
  }

  get(rdd: number, partition: number): BlockHandle | undefined {
    return this.#kept.get(rdd)?.get(partition)
  }

  /** Tells the tracker that this RDD will have blocks, so that they go when nobody holds the RDD any more. */
  expect(rdd: Rdd<unknown>): void {
    if (this.#kept.has(rdd.id)) return
    this.#kept.set(rdd.id, new Map())
    this.#unreachable.register(rdd, rdd.id)
  }

  /** Keeps a block, unless the RDD was released meanwhile or another attempt was first; answers whether it makes up for one lost. */
  set(rdd: number, partition: number, handle: BlockHandle, writer: number): boolean {
    const place = `${rdd}:${partition}`
    const again = this.#lost.delete(place)
    const kept = this.#kept.get(rdd)
    const wanted = kept !== undefined && !kept.has(partition)
    this.#blocks.register(handle, writer, {
      rooted: this.#rooted,
      onLost: () => {
        if (kept?.get(partition) !== handle) return
        kept.delete(partition)
        this.#lost.add(place)
      },
    })
    if (wanted && this.#blocks.has(handle.id)) kept.set(partition, handle)
    else this.#blocks.release(handle.id)
    return again
  }

  /** Lets the blocks that have been kept longest go until `bytes` are free; answers with what it found. */
  evict(bytes: number): { readonly blocks: number; readonly bytes: number } {
    const freed = { blocks: 0, bytes: 0 }
    for (const kept of this.#kept.values()) {
      for (const [partition, handle] of kept) {
        if (freed.bytes >= bytes) return freed
        kept.delete(partition)
        this.#blocks.release(handle.id)
        freed.blocks++
        freed.bytes += handle.length
      }
    }
    return freed
  }

  release(rdd: number): void {
    for (const handle of this.#kept.get(rdd)?.values() ?? []) this.#blocks.release(handle.id)
    this.#kept.delete(rdd)
    for (const place of this.#lost) if (place.startsWith(`${rdd}:`)) this.#lost.delete(place)
  }
}
