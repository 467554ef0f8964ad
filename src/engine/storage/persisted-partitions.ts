import type { FileId, PartitionIndex, WriterId } from '../../ids.js'
import type { Dataset } from '../../ops/dataset.js'
import type { StorageLevel } from '../../ops/rdd/storage-level.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import type { PersistedStatus } from '../status/streams-status.js'
import type { BlockManager } from './block-manager.js'
import { type Content, type ContentVersions, newContent, type Reading } from './content-versions.js'
import type { StoredBlock } from './disk-store.js'
import type { Entered } from './map-outputs.js'
import type { Spilling } from './spilling.js'

/** The location of a persisted partition. */
export type PersistedLocation =
  | { readonly in: 'memory'; readonly block: BlockHandle }
  | { readonly in: 'disk'; readonly file: StoredBlock }

interface Entry {
  location: PersistedLocation
  /** `writing`: a file is being written. `refused`: no file could be written, so the partition stays in memory. */
  spill: 'no' | 'writing' | 'refused'
}

interface Stored {
  readonly level: StorageLevel
  readonly label: string
  /** Whether its blocks must survive the death of all threads. */
  rooted: boolean
  readonly partitions: Map<number, Entry>
  readonly contents: Map<number, Content>
}

/** Blocks that were evicted. */
export interface Evicted {
  readonly blocks: number
  readonly bytes: number
}

/**
 * Blocks by dataset and partition. They are persisted partitions, which can be recomputed and may be spilled to files,
 * or values of the driver, which are rooted.
 */
export class PersistedPartitions {
  readonly #blocks: BlockManager
  readonly #versions: ContentVersions
  /** Undefined for rooted blocks. */
  readonly #spilling: Spilling | undefined
  readonly #datasets = new Map<number, Stored>()
  /** Lost blocks, as `rdd:partition`. */
  readonly #lost = new Set<string>()
  /** The partition in each file. */
  readonly #files = new Map<FileId, readonly [rdd: number, partition: PartitionIndex]>()
  /**
   * Frees datasets that nothing refers to any more. Nothing recomputes them either, so what they were computed from does not
   * matter to data that was computed from them. A chain of states would otherwise keep the whole past.
   */
  readonly #unreachable = new FinalizationRegistry<{ readonly rdd: number; readonly contents: Stored['contents'] }>(
    ({ rdd, contents }) => {
      this.release(rdd)
      for (const { parts } of contents.values()) parts.length = 0
    },
  )

  constructor(blocks: BlockManager, versions: ContentVersions, spilling?: Spilling) {
    this.#blocks = blocks
    this.#versions = versions
    this.#spilling = spilling
  }

  /** Returns the location of a partition; undefined if it is not persisted or must be recomputed. */
  get(rdd: number, partition: PartitionIndex): PersistedLocation | undefined {
    const dataset = this.#datasets.get(rdd)
    const entry = dataset?.partitions.get(partition)
    if (!entry || !this.#versions.changed) return entry?.location
    const content = dataset!.contents.get(partition)
    if (!content || this.#versions.outdated(content).length === 0) return entry.location
    // A task computed it from data that has come out different since.
    dataset!.partitions.delete(partition)
    this.#drop(entry)
    this.#versions.rollBack('persisted', dataset!.label, [partition])
    return undefined
  }

  /** Returns the reading of a task that is planned now. */
  reading(rdd: number, partition: PartitionIndex): Reading | undefined {
    const content = this.#datasets.get(rdd)?.contents.get(partition)
    return content && { of: content, version: content.version }
  }

  /** Registers a dataset that will have blocks. They are released when nothing refers to the dataset any more. */
  expect(rdd: Dataset): void {
    if (this.#datasets.has(rdd.id)) return
    const { storage, label, survivesThreads } = rdd
    // The level applies to partitions that tasks compute. Values of the driver stay in memory.
    const level = this.#spilling ? (storage ?? 'memory') : 'memory'
    const rooted = survivesThreads || this.#spilling === undefined
    const contents: Stored['contents'] = new Map()
    this.#datasets.set(rdd.id, { level, label, rooted, partitions: new Map(), contents })
    this.#unreachable.register(rdd, { rdd: rdd.id, contents })
  }

  /**
   * Stores a block, unless its dataset was released meanwhile or another attempt was first. From then on, the task that
   * wrote it counts as having read it: the method adds a reading to `reads`.
   */
  set(rdd: number, partition: PartitionIndex, block: BlockHandle, writer: WriterId, reads: Reading[] = []): Entered {
    const name = `${rdd}:${partition}`
    const again = this.#lost.delete(name)
    const dataset = this.#datasets.get(rdd)
    const wanted = dataset !== undefined && !dataset.partitions.has(partition)
    const entry: Entry = { location: { in: 'memory', block }, spill: 'no' }
    this.#blocks.register(block, writer, {
      rooted: dataset?.rooted ?? false,
      onLost: () => {
        if (entry.location.in === 'memory') this.#lose(rdd, partition, entry)
      },
    })
    const differs = dataset !== undefined && this.#enter(dataset, partition, block, wanted, reads)
    const entered = { again, differs }
    if (!wanted || !this.#blocks.has(block.id)) {
      this.#blocks.release(block.id)
      return entered
    }
    dataset.partitions.set(partition, entry)
    if (dataset.level === 'disk') this.#spill(rdd, partition, entry, block)
    return entered
  }

  /**
   * Evicts the oldest blocks until `bytes` are free or being written to files. Returns what is already free; blocks
   * that are being written follow later.
   */
  evict(bytes: number): Evicted {
    const evicted = { blocks: 0, bytes: 0 }
    let leaving = this.#spilling?.bytes ?? 0
    for (const [rdd, { level, partitions, rooted }] of this.#datasets) {
      if (rooted) continue
      for (const [partition, entry] of partitions) {
        if (leaving >= bytes) return evicted
        if (entry.location.in === 'disk' || entry.spill === 'writing') continue
        const { block } = entry.location
        leaving += block.length
        if (level !== 'memory' && entry.spill === 'no') {
          this.#spill(rdd, partition, entry, block)
          continue
        }
        partitions.delete(partition)
        this.#blocks.release(block.id)
        evicted.blocks++
        evicted.bytes += block.length
      }
    }
    return evicted
  }

  /** Makes the driver an owner of all partitions, so that they survive all threads and are not evicted. */
  keep(rdd: number): void {
    const dataset = this.#datasets.get(rdd)
    if (!dataset) return
    dataset.rooted = true
    for (const { location } of dataset.partitions.values()) {
      if (location.in === 'memory') this.#blocks.root([location.block.id])
    }
  }

  /** Returns the sizes of all datasets that have partitions. */
  sizes(): PersistedStatus[] {
    return [...this.#datasets].flatMap(([rdd, { level, label, partitions }]) => {
      const entries = [...partitions.values()].map(({ location }) => location)
      const memoryBytes = entries.reduce((sum, at) => sum + (at.in === 'memory' ? at.block.length : 0), 0)
      const diskBytes = entries.reduce((sum, at) => sum + (at.in === 'disk' ? at.file.length : 0), 0)
      return entries.length > 0 ? [{ rdd, label, level, partitions: entries.length, memoryBytes, diskBytes }] : []
    })
  }

  /** Handles a missing or corrupt file: the next plan recomputes the partition. */
  corrupt(file: FileId): void {
    const owner = this.#files.get(file)
    if (!owner) return
    const [rdd, partition] = owner
    const entry = this.#datasets.get(rdd)?.partitions.get(partition)
    if (entry?.location.in !== 'disk' || entry.location.file.id !== file) return
    this.#lose(rdd, partition, entry)
    this.#drop(entry)
  }

  /** Frees all blocks and files of a dataset. */
  release(rdd: number): void {
    for (const entry of this.#datasets.get(rdd)?.partitions.values() ?? []) this.#drop(entry)
    this.#datasets.delete(rdd)
    for (const name of this.#lost) if (name.startsWith(`${rdd}:`)) this.#lost.delete(name)
  }

  /** Records the checksum of a block. Returns whether it differs from that of a lost one. */
  #enter(
    { label, contents }: Stored,
    partition: PartitionIndex,
    { crc }: BlockHandle,
    wanted: boolean,
    reads: Reading[],
  ): boolean {
    let content = contents.get(partition)
    if (!content) contents.set(partition, (content = newContent(label, 1)))
    const differs = wanted && this.#versions.enter(content, 0, crc, [...reads])
    // If two tasks computed it at once, the second has read its own bytes, which must equal the stored ones.
    if (!wanted && content.parts[0]?.crc !== crc) this.#versions.suspect()
    reads.push({ of: content, version: content.version, crcs: [crc] })
    return differs
  }

  #spill(rdd: number, partition: PartitionIndex, entry: Entry, block: BlockHandle): void {
    entry.spill = 'writing'
    this.#spilling!.write(rdd, partition, block).then((file) => {
      if (!file) {
        entry.spill = 'refused'
        return
      }
      // The partition may have been released or lost while the file was written.
      if (this.#datasets.get(rdd)?.partitions.get(partition) !== entry) {
        this.#spilling!.remove(file.id)
        return
      }
      entry.location = { in: 'disk', file }
      this.#files.set(file.id, [rdd, partition])
      this.#blocks.release(block.id)
    })
  }

  #lose(rdd: number, partition: PartitionIndex, entry: Entry): void {
    const partitions = this.#datasets.get(rdd)?.partitions
    if (partitions?.get(partition) !== entry) return
    partitions.delete(partition)
    this.#lost.add(`${rdd}:${partition}`)
  }

  #drop({ location }: Entry): void {
    if (location.in === 'memory') {
      this.#blocks.release(location.block.id)
      return
    }
    this.#files.delete(location.file.id)
    this.#spilling!.remove(location.file.id)
  }
}
