import type { FileId, PartitionIndex } from '../../ids.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import type { LoadedFile } from '../../pool/protocol.js'
import type { Events } from '../events/events.js'
import type { Logger } from '../logger.js'
import type { DiskStore, StoredBlock } from './disk-store.js'
import type { DriverBlocks } from './driver-blocks.js'
import type { MemoryPort } from './memory-port.js'

export interface SpillingOptions {
  readonly store: DiskStore
  readonly events: Events
  readonly logger: Logger
  readonly driver: Pick<DriverBlocks, 'pinBytes'>
  readonly port: MemoryPort
}

/** Writes blocks to files, and reports the outcome. A failure costs at most a recomputation, never a job. */
export class Spilling {
  readonly #options: SpillingOptions
  readonly #warned = new Set<'write' | 'read'>()
  #bytes = 0
  #stopped = false

  constructor(options: SpillingOptions) {
    this.#options = options
  }

  /** Bytes of blocks that are being written. */
  get bytes(): number {
    return this.#bytes
  }

  /** Writes a block. Resolves with undefined if that fails. The caller releases the block. */
  async write(rdd: number, partition: PartitionIndex, block: BlockHandle): Promise<StoredBlock | undefined> {
    const { store, events, driver, port } = this.#options
    const began = performance.now()
    const bytes = block.length
    this.#bytes += bytes
    let release = () => {}
    try {
      const { payload, unpin } = driver.pinBytes(block)
      release = unpin
      const file = await store.write(block, payload)
      events.emit('blockSpilled', { rdd, partition, bytes, ms: performance.now() - began })
      return file
    } catch (error) {
      this.#failed({ operation: 'write', rdd, partition, bytes, error: asError(error) })
      return undefined
    } finally {
      release()
      this.#bytes -= bytes
      // Runs after the caller has released the block.
      setImmediate(() => port.memoryChanged())
    }
  }

  /** From now on failures are not reported, because the engine removes the files. */
  stop(): void {
    this.#stopped = true
  }

  remove(file: FileId): void {
    this.#options.store.remove(file)
  }

  /** Called when a task has read files. */
  loaded(files: readonly LoadedFile[]): void {
    for (const file of files) this.#options.events.emit('blockLoaded', file)
  }

  /** Called when a task could not read a file. */
  unreadable(details: Readonly<Record<string, unknown>>, error: Error): void {
    const { rdd, partition, length } = details as { rdd: number; partition: PartitionIndex; length: number }
    this.#failed({ operation: 'read', rdd, partition, bytes: length, error })
  }

  #failed(failure: {
    readonly operation: 'write' | 'read'
    readonly rdd: number
    readonly partition: PartitionIndex
    readonly bytes: number
    readonly error: Error
  }): void {
    const { store, events, logger } = this.#options
    const { operation, error } = failure
    if (this.#stopped) return
    events.emit('spillFailed', failure)
    if (this.#warned.has(operation)) return
    this.#warned.add(operation)
    const consequence =
      operation === 'write'
        ? 'they stay in memory, and are evicted and recomputed at memoryLimit. Check spillDirectory and spillLimit'
        : 'they are recomputed. Check the disk'
    logger.warn(
      `persisted partitions could not be ${operation === 'write' ? 'written to' : 'read from'} ${store.directory}: ${consequence}. Logged once; the event spillFailed reports each failure`,
      error,
    )
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
