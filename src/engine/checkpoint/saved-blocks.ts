import type { BlockHandle } from '../../pool/blocks/handle.js'
import type { DriverBlocks } from '../storage/driver-blocks.js'
import type { SavedBlock } from './checkpoint.js'
import type { LoadedCheckpoint } from './store.js'

/** The blocks of a checkpoint: as bytes, and copied into memory. */
export class SavedBlocks {
  readonly driver: DriverBlocks
  /** Blocks in memory that are in a file already, by id. */
  readonly inFiles = new Map<number, SavedBlock>()
  readonly #loaded: LoadedCheckpoint

  constructor(loaded: LoadedCheckpoint, driver: DriverBlocks) {
    this.driver = driver
    this.#loaded = loaded
  }

  bytesOf(saved: SavedBlock): Buffer {
    return this.#loaded.bytesOf(saved)
  }

  copy(saved: SavedBlock): BlockHandle {
    const block = this.driver.writeBytes(this.bytesOf(saved), saved.codec, saved.count)
    this.inFiles.set(block.id, saved)
    return block
  }
}
