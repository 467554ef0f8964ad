import type { DriverBlocks } from '../engine/storage/driver-blocks.js'
import type { BlockId } from '../ids.js'
import type { Dataset } from '../ops/dataset.js'
import type { BlockHandle } from '../pool/blocks/handle.js'

/** Blocks of the driver that are the partitions of a dataset. They live as long as the dataset. */
export class AttachedBlocks {
  readonly #driver: Pick<DriverBlocks, 'keep' | 'release'>
  readonly #blocks = new Map<number, readonly BlockId[]>()
  /** Frees the blocks of datasets that nothing refers to any more. */
  readonly #unreachable = new FinalizationRegistry<number>((rdd) => this.#free(rdd))

  constructor(driver: Pick<DriverBlocks, 'keep' | 'release'>) {
    this.#driver = driver
  }

  attach(rdd: Dataset, blocks: readonly BlockHandle[]): void {
    for (const block of blocks) this.#driver.keep(block)
    this.#blocks.set(
      rdd.id,
      blocks.map(({ id }) => id),
    )
    this.#unreachable.register(rdd, rdd.id)
  }

  release({ id }: Dataset): void {
    this.#free(id)
  }

  #free(rdd: number): void {
    for (const block of this.#blocks.get(rdd) ?? []) this.#driver.release(block)
    this.#blocks.delete(rdd)
  }
}
