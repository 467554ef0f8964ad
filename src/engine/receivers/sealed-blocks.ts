import type { BlockHandle } from '../../pool/blocks/handle.js'
import type { Engine } from '../engine.js'
import type { InputLog, InputLogOwner } from '../write-ahead-log/input-log.js'
import type { LoggedBlock } from '../write-ahead-log/log-content.js'
import type { ReceivedLog } from '../write-ahead-log/received-log.js'
import type { Receipts } from './receipts.js'

/** The write-ahead log of an input. */
export interface LogOfInput {
  readonly uid: string
  readonly received: ReceivedLog
}

export interface SealedBlocksOptions {
  readonly engine: Engine
  readonly receipts: Receipts
  readonly log: LogOfInput | undefined
  readonly listener: { report(message: string, cause?: unknown): void }
}

/**
 * The sealed blocks of a receiver, from their sealing until their batch is complete. They have the driver as their root and their
 * other owners, so no death of threads loses them; with a write-ahead log, no death of the process either.
 */
export class SealedBlocks implements InputLogOwner {
  readonly #options: SealedBlocksOptions
  readonly #log: InputLog | undefined
  /** Blocks that no batch has. */
  #waiting: BlockHandle[] = []
  /** Bytes of blocks whose batch is not complete. */
  #bytes = 0

  constructor(options: SealedBlocksOptions) {
    this.#options = options
    const { log } = options
    this.#log = log?.received.add(log.uid, this)
  }

  /** Bytes of the blocks. */
  get bytes(): number {
    return this.#bytes
  }

  /** Whether all blocks are in the log. */
  get areLogged(): boolean {
    return this.#log?.isComplete === true
  }

  /** Adds blocks, which contain everything that was received before `end`. */
  add(blocks: readonly BlockHandle[], end: number): void {
    for (const block of blocks) this.#register(block)
    this.#waiting.push(...blocks)
    this.#options.receipts.sealed(end)
    if (this.#log) this.#log.sealed(blocks, end)
    else this.logged(end)
  }

  /** Returns all blocks that no batch has: the data of a batch. */
  take(): BlockHandle[] {
    return this.#waiting.splice(0)
  }

  /** The batch of these blocks could not be recorded in the log: the next one has them. */
  putBack(blocks: readonly BlockHandle[]): void {
    const waiting = [...blocks, ...this.#waiting]
    this.#waiting = this.#log?.inOrder(waiting) ?? waiting
  }

  /** Reads blocks that an earlier process has left in the log. */
  async restore(logged: readonly LoggedBlock[]): Promise<BlockHandle[]> {
    const { engine, log } = this.#options
    const blocks: BlockHandle[] = []
    for (const each of logged) {
      const block = engine.driver.writeBytes(await log!.received.read(each), each.codec, each.count)
      this.#log!.restored(block.id, each)
      this.#register(block)
      blocks.push(block)
    }
    return blocks
  }

  /** A batch with these blocks is complete. */
  consumed(blocks: readonly BlockHandle[]): void {
    for (const block of blocks) this.#bytes -= block.length
  }

  logged(end: number): void {
    this.#options.receipts.stored(end)
  }

  notLogged(error: unknown): void {
    this.#options.listener.report(
      'received data is not in the write-ahead log yet, so it is not acknowledged yet',
      error,
    )
  }

  #register(block: BlockHandle): void {
    this.#options.engine.driver.keep(block)
    this.#bytes += block.length
  }
}
