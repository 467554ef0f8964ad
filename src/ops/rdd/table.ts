import type { Dataset, Dependency } from '../dataset.js'
import type { StorageLevel } from './storage-level.js'

/** The changeable data of a dataset, whose node never changes. */
export interface RddEntry {
  dependencies: readonly Dependency[]
  /** Set by persist(). */
  storage?: StorageLevel
  /** The level at which the engine persists a dataset that persist() does not. */
  held?: StorageLevel
  /** The persisted blocks outlive all threads. */
  survivesThreads: boolean
  /** Whether the received data behind it is freed. */
  isFreed?: boolean
  /** Set by setName(). */
  name?: string
  /** The object through which users hold the dataset. */
  facade?: object
  /** The dataset that reads the checkpoint's files, which replaces the lineage. */
  checkpoint?: Dataset
}

/** One entry for each reachable dataset of a context. */
export class RddTable {
  readonly #entries = new WeakMap<Dataset, RddEntry>()

  add(rdd: Dataset, dependencies: readonly Dependency[]): void {
    this.#entries.set(rdd, { dependencies, survivesThreads: false })
  }

  of(rdd: Dataset): RddEntry {
    return this.#entries.get(rdd)!
  }

  /**
   * Replaces the lineage by the checkpoint's files. The parents become garbage, so the lineage of an iteration does not
   * grow.
   */
  truncate(rdd: Dataset, checkpoint: Dataset): void {
    const entry = this.of(rdd)
    entry.checkpoint = checkpoint
    entry.dependencies = [{ kind: 'narrow', rdd: checkpoint }]
  }
}
