import type { BlockHandle } from '../pool/blocks/handle.js'
import type { LoadedFile } from '../pool/protocol.js'
import type { DiskStore, StoredBlock } from './disk-store.js'
import type { Events } from './events.js'
import type { Logger } from './logger.js'

export interface SpillingOptions {
  readonly store: DiskStore
  readonly events: Events
  readonly logger: Logger
  /** The bytes of a block as they are now, which stay there until `done` is called. */
  readonly hold: (block: BlockHandle) => { readonly payload: Uint8Array; readonly done: () => void }
  /** Memory came free, or will not: tasks that waited for it may be looked at again. */
  readonly settled: () => void
}

/** Brings blocks to files and tells how it went. What goes wrong costs a recomputation at most, never a job. */
export class Spilling {
  readonly #options: SpillingOptions
  readonly #warned = new Set<'write' | 'read'>()
  #bytes = 0
  #stopped = false

  constructor(options: SpillingOptions) {
    this.#options = options
  }

  /** Bytes of blocks on their way to files. */
  get bytes(): number {
    return this.#bytes
  }

  /** Writes a block; answers undefined where that failed. The caller releases the block. */
  async write(rdd: number, partition: number, block: BlockHandle): Promise<StoredBlock | undefined> {
    const { store, events, hold, settled } = this.#options
    const began = performance.now()
    const bytes = block.length
    this.#bytes += bytes
    let release = () => {}
    try {
      const { payload, done } = hold(block)
      release = done
      const file = await store.write(block, payload)
      events.emit('blockSpilled', { rdd, partition, bytes, ms: performance.now() - began })
      return file
    } catch (error) {
      this.#failed({ operation: 'write', rdd, partition, bytes, error: asError(error) })
      return undefined
    } finally {
      release()
      this.#bytes -= bytes
      // Once the caller has released the block.
      setImmediate(settled)
    }
  }

  /** What is written from here on fails, and that is no news. */
  stop(): void {
    this.#stopped = true
  }

  remove(file: number): void {
    this.#options.store.remove(file)
  }

  /** What a task read from files. */
  loaded(files: readonly LoadedFile[]): void {
    for (const file of files) this.#options.events.emit('blockLoaded', file)
  }

  /** A task could not read a file. */
  unreadable(details: Readonly<Record<string, unknown>>, error: Error): void {
    const { rdd, partition, length } = details as { rdd: number; partition: number; length: number }
    this.#failed({ operation: 'read', rdd, partition, bytes: length, error })
  }

  #failed(failure: {
    readonly operation: 'write' | 'read'
    readonly rdd: number
    readonly partition: number
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
        ? 'they stay in memory, and are let go and computed again at memoryLimit. Check spillDirectory and spillLimit'
        : 'they are computed again. Check the disk'
    logger.warn(
      `kept partitions could not be ${operation === 'write' ? 'written to' : 'read from'} ${store.directory}: ${consequence}. Said once; the event spillFailed tells of each`,
      error,
    )
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
