import type { PartitionIndex } from '../../ids.js'
import type { Dataset } from '../../ops/dataset.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import { DRIVER } from '../../pool/blocks/writers.js'
import type { BlockManager } from './block-manager.js'
import type { ContentVersions } from './content-versions.js'
import type { DriverBlocks } from './driver-blocks.js'
import { type PersistedLocation, PersistedPartitions } from './persisted-partitions.js'

/** Blocks of values that the driver holds, by dataset and partition. They live as long as the dataset. */
export class DriverValues {
  readonly #driver: DriverBlocks
  readonly #partitions: PersistedPartitions

  constructor(driver: DriverBlocks, blocks: BlockManager, versions: ContentVersions) {
    this.#driver = driver
    this.#partitions = new PersistedPartitions(blocks, versions)
  }

  /** Returns the block of a partition, and writes it on the first call; undefined if there are no values. */
  blockOf(rdd: Dataset, partition: PartitionIndex, values: readonly unknown[]): BlockHandle | undefined {
    if (values.length === 0) return undefined
    const known = this.#partitions.get(rdd.id, partition)
    if (known?.in === 'memory') return known.block
    this.#partitions.expect(rdd)
    const block = this.#driver.write('records', values)
    this.#partitions.set(rdd.id, partition, block, DRIVER)
    return block
  }

  locationOf(rdd: Dataset, partition: PartitionIndex): PersistedLocation | undefined {
    return this.#partitions.get(rdd.id, partition)
  }

  /** Registers blocks that `DriverBlocks.writeBytes` returned as the partitions of a dataset. */
  attach(rdd: Dataset, blocks: readonly BlockHandle[]): void {
    this.#partitions.expect(rdd)
    for (const [partition, block] of blocks.entries()) this.#partitions.set(rdd.id, partition, block, DRIVER)
  }

  release(rdd: Dataset): void {
    this.#partitions.release(rdd.id)
  }
}
