import type { BlockId, FileId } from '../../ids.js'
import type { BlockManager } from './block-manager.js'
import type { Broadcasts } from './broadcasts.js'
import type { DiskStore } from './disk-store.js'

/** The inputs of a task: blocks in shared memory, files of spilled partitions, and broadcast variables. */
export interface TaskInputs {
  readonly blocks: readonly BlockId[]
  readonly files: readonly FileId[]
  readonly broadcasts: readonly number[]
}

/** Pins the inputs of planned and running tasks: pinned memory is not reused, and pinned files are not removed. */
export class InputPins {
  readonly #blocks: BlockManager
  readonly #files: DiskStore
  readonly #broadcasts: Pick<Broadcasts, 'pin' | 'unpin'>

  constructor(blocks: BlockManager, files: DiskStore, broadcasts: Pick<Broadcasts, 'pin' | 'unpin'>) {
    this.#blocks = blocks
    this.#files = files
    this.#broadcasts = broadcasts
  }

  /** Pins the inputs until as many calls of `unpin`. */
  pin({ blocks, files, broadcasts }: TaskInputs): void {
    this.#blocks.pin(blocks)
    this.#files.pin(files)
    this.#broadcasts.pin(broadcasts)
  }

  unpin({ blocks, files, broadcasts }: TaskInputs): void {
    this.#blocks.unpin(blocks)
    this.#files.unpin(files)
    this.#broadcasts.unpin(broadcasts)
  }
}
