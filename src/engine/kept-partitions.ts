import type { Rdd } from '../ops/rdd/rdd.js'
import type { StorageLevel } from '../ops/rdd/storage-level.js'
import type { BlockHandle } from '../pool/blocks/handle.js'
import type { BlockManager } from './block-manager.js'
import { type Content, type ContentVersions, newContent, type Reading } from './content-versions.js'
import type { StoredBlock } from './disk-store.js'
import type { Entered } from './map-outputs.js'
import type { Spilling } from './spilling.js'

/** Where a kept partition is. */
export type KeptPlace =
  | { readonly in: 'memory'; readonly block: BlockHandle }
  | { readonly in: 'disk'; readonly file: StoredBlock }

interface Kept {
  place: KeptPlace
  /** `writing`: on its way to a file. `refused`: no file could be written, so memory is the only place. */
  spill: 'no' | 'writing' | 'refused'
}

interface KeptRdd {
  readonly level: StorageLevel
  readonly label: string
  /** Whether its blocks must outlive all threads. */
  readonly rooted: boolean
  readonly partitions: Map<number, Kept>
  readonly contents: Map<number, Content>
}

/** What was let go, or will be as soon as it is in files. */
export interface Evicted {
  readonly blocks: number
  readonly bytes: number
}

/**
 * Blocks by RDD and partition: persisted partitions, which can be computed again and may go to files, or values that
 * the driver wrote, which are rooted.
 */
export class KeptPartitions {
  readonly #blocks: BlockManager
  readonly #versions: ContentVersions
  /** Absent for rooted blocks. */
  readonly #spilling: Spilling | undefined
  readonly #kept = new Map<number, KeptRdd>()
  /** Blocks that were lost, as `rdd:partition`. */
  readonly #lost = new Set<string>()
  /** Whose bytes each file holds. */
  readonly #files = new Map<number, readonly [rdd: number, partition: number]>()
  readonly #unreachable = new FinalizationRegistry<number>((rdd) => this.release(rdd))

  constructor(blocks: BlockManager, versions: ContentVersions, spilling?: Spilling) {
    this.#blocks = blocks
    this.#versions = versions
    this.#spilling = spilling
  }

  get(rdd: number, partition: number): KeptPlace | undefined {
    const of = this.#kept.get(rdd)
    const kept = of?.partitions.get(partition)
    if (!kept || !this.#versions.changed) return kept?.place
    const content = of!.contents.get(partition)
    if (!content || this.#versions.outdated(content).length === 0) return kept.place
    // It was made from data that has come out different since: it is computed again.
    of!.partitions.delete(partition)
    this.#drop(kept)
    this.#versions.rollBack('kept', of!.label, [partition])
    return undefined
  }

  /** What a task reads that is planned now. */
  reading(rdd: number, partition: number): Reading | undefined {
    const content = this.#kept.get(rdd)?.contents.get(partition)
    return content && { of: content, version: content.version }
  }

  /** Tells the tracker that this RDD will have blocks, so that they go when nobody holds the RDD any more. */
  expect(rdd: Rdd<unknown>): void {
    if (this.#kept.has(rdd.id)) return
    const { storage: level = 'memory', label, keptOnce } = rdd
    const rooted = keptOnce || this.#spilling === undefined
    this.#kept.set(rdd.id, { level, label, rooted, partitions: new Map(), contents: new Map() })
    this.#unreachable.register(rdd, rdd.id)
  }

  /**
   * Keeps a block, unless the RDD was released meanwhile or another attempt was first. The task that wrote it, with what it read in `reads`, then depends on it as one that has read it.
   */
  set(rdd: number, partition: number, block: BlockHandle, writer: number, reads: Reading[] = []): Entered {
    const name = `${rdd}:${partition}`
    const again = this.#lost.delete(name)
    const of = this.#kept.get(rdd)
    const wanted = of !== undefined && !of.partitions.has(partition)
    const kept: Kept = { place: { in: 'memory', block }, spill: 'no' }
    this.#blocks.register(block, writer, {
      rooted: of?.rooted ?? false,
      onLost: () => {
        if (kept.place.in === 'memory') this.#lose(rdd, partition, kept)
      },
    })
    const differs = of !== undefined && this.#enter(of, partition, block, wanted, reads)
    const entered = { again, differs }
    if (!wanted || !this.#blocks.has(block.id)) {
      this.#blocks.release(block.id)
      return entered
    }
    of.partitions.set(partition, kept)
    if (of.level === 'disk') this.#spill(rdd, partition, kept, block)
    return entered
  }

  #enter(
    { label, contents }: KeptRdd,
    partition: number,
    { crc }: BlockHandle,
    wanted: boolean,
    reads: Reading[],
  ): boolean {
    let content = contents.get(partition)
    if (!content) contents.set(partition, (content = newContent(label, 1)))
    const differs = wanted && this.#versions.enter(content, 0, crc, [...reads])
    // Of two tasks that computed it at once, the second has its own bytes: they must be those that are kept.
    if (!wanted && content.parts[0]?.crc !== crc) this.#versions.suspect()
    reads.push({ of: content, version: content.version, crcs: [crc] })
    return differs
  }

  /**
   * Lets the blocks that have been kept longest go until `bytes` are free or on their way to files; answers with what
   * has gone already.
   */
  evict(bytes: number): Evicted {
    const gone = { blocks: 0, bytes: 0 }
    let leaving = this.#spilling?.bytes ?? 0
    for (const [rdd, { level, partitions, rooted }] of this.#kept) {
      if (rooted) continue
      for (const [partition, kept] of partitions) {
        if (leaving >= bytes) return gone
        if (kept.place.in === 'disk' || kept.spill === 'writing') continue
        const { block } = kept.place
        leaving += block.length
        if (level !== 'memory' && kept.spill === 'no') {
          this.#spill(rdd, partition, kept, block)
          continue
        }
        partitions.delete(partition)
        this.#blocks.release(block.id)
        gone.blocks++
        gone.bytes += block.length
      }
    }
    return gone
  }

  /** The bytes of a file were found to be wrong, or it is not there: the partition is computed again. */
  corrupt(file: number): void {
    const owner = this.#files.get(file)
    if (!owner) return
    const [rdd, partition] = owner
    const kept = this.#kept.get(rdd)?.partitions.get(partition)
    if (kept?.place.in !== 'disk' || kept.place.file.id !== file) return
    this.#lose(rdd, partition, kept)
    this.#drop(kept)
  }

  release(rdd: number): void {
    for (const kept of this.#kept.get(rdd)?.partitions.values() ?? []) this.#drop(kept)
    this.#kept.delete(rdd)
    for (const place of this.#lost) if (place.startsWith(`${rdd}:`)) this.#lost.delete(place)
  }

  #spill(rdd: number, partition: number, kept: Kept, block: BlockHandle): void {
    kept.spill = 'writing'
    this.#spilling!.write(rdd, partition, block).then((file) => {
      if (!file) {
        kept.spill = 'refused'
        return
      }
      // It may have been released, or lost, while it was written.
      if (this.#kept.get(rdd)?.partitions.get(partition) !== kept) {
        this.#spilling!.remove(file.id)
        return
      }
      kept.place = { in: 'disk', file }
      this.#files.set(file.id, [rdd, partition])
      this.#blocks.release(block.id)
    })
  }

  #lose(rdd: number, partition: number, kept: Kept): void {
    const partitions = this.#kept.get(rdd)?.partitions
    if (partitions?.get(partition) !== kept) return
    partitions.delete(partition)
    this.#lost.add(`${rdd}:${partition}`)
  }

  #drop({ place }: Kept): void {
    if (place.in === 'memory') {
      this.#blocks.release(place.block.id)
      return
    }
    this.#files.delete(place.file.id)
    this.#spilling!.remove(place.file.id)
  }
}
