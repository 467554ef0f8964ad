import type { BlockHandle } from '../../pool/blocks/handle.js'
import type { DriverBlocks } from '../storage/driver-blocks.js'
import { lower } from './file-uses.js'
import { type BatchHead, type BlockRange, keysOf, type LoggedEntry, type NeededHead } from './heads.js'
import { InputLog, type InputLogOwner } from './input-log.js'
import { LogContent, type LoggedBlock } from './log-content.js'
import type { LogDamage } from './log-damage.js'
import { readBody } from './log-reader.js'
import { Recovered } from './recovered.js'
import { WriteAheadLog, type WriteAheadLogParts } from './write-ahead-log.js'

export interface ReceivedLogOptions extends WriteAheadLogParts {
  readonly driver: Pick<DriverBlocks, 'pinBytes'>
  /** Longest time that received data without a receipt waits, in ms. */
  readonly flushInterval: number
}

/** The blocks that an input has in a batch. */
export interface AllocatedBlocks {
  readonly uid: string
  readonly blocks: readonly BlockHandle[]
}

/**
 * The log of received data: each block before it is acknowledged, and for each batch which blocks it has, before it runs. So in a
 * restarted process every batch after the checkpoint has its data again, and the first new batch has the unallocated data.
 *
 * ```
 *  received ─> sealed ─> block records ─┬─> acknowledged
 *                                       └─> record of the batch ─> its outputs run ─> checkpoint ─> files removed
 * ```
 */
export class ReceivedLog {
  readonly flushInterval: number
  readonly #options: ReceivedLogOptions
  readonly #log: WriteAheadLog
  readonly #content: LogContent
  readonly #inputs = new Map<string, InputLog>()

  private constructor(options: ReceivedLogOptions, content: LogContent) {
    this.flushInterval = options.flushInterval
    this.#options = options
    this.#log = new WriteAheadLog(options)
    this.#content = content
  }

  /** Reads what earlier owners have left, and continues it. Calls `onDamage` for what cannot be read. */
  static async open(options: ReceivedLogOptions, onDamage: (damage: LogDamage) => void): Promise<ReceivedLog> {
    return new ReceivedLog(options, await LogContent.read(options.folder, onDamage))
  }

  /** Whether earlier owners wrote no log. */
  get isNew(): boolean {
    return this.#content.isEmpty
  }

  /** The records of batches after `time` that earlier owners wrote. */
  entries(time: number): (readonly [time: number, entry: LoggedEntry])[] {
    return [...this.#content.entries].filter(([at]) => at > time).sort(([a], [b]) => a - b)
  }

  /** Divides the received data of earlier owners: see Recovered. */
  recover(time: number, asBatches: boolean, dropped: readonly string[] = []): Recovered {
    return new Recovered(this.#content, time, asBatches, dropped)
  }

  /** Adds an input. Its blocks are logged from now on. */
  add(uid: string, owner: InputLogOwner): InputLog {
    const { driver } = this.#options
    const input = new InputLog({ uid, log: this.#log, driver, files: this.#content.files, owner })
    this.#inputs.set(uid, input)
    return input
  }

  read({ body }: LoggedBlock): Promise<Buffer> {
    return readBody(this.#options.folder, body)
  }

  /** Returns the numbers of blocks for the record of a batch. */
  rangesOf(allocated: readonly AllocatedBlocks[]): BlockRange[] {
    return allocated.flatMap(({ uid, blocks }) => this.#inputs.get(uid)?.rangesOf(blocks) ?? [])
  }

  /** Records a batch, after all blocks that were sealed before. Resolves when the record survives a power failure. */
  async record(time: number, entry: LoggedEntry): Promise<void> {
    for (const input of this.#inputs.values()) input.write()
    const head: BatchHead = { kind: 'batch', time, entry }
    const { file } = await this.#log.write(head).done
    const { files } = this.#content
    files.entry(time, file)
    for (const range of entry.blocks) for (const key of keysOf(range)) files.allocated(key, time)
  }

  /** The record of a batch with these blocks is in the log: nothing refers to them by their ids any more. */
  recorded(allocated: readonly AllocatedBlocks[]): void {
    for (const { uid, blocks } of allocated) this.#inputs.get(uid)?.recorded(blocks)
  }

  /** Removes files that hold nothing of batches after `time`. Later files say so, should a removal fail or be undone. */
  async clean(time: number): Promise<void> {
    const { files } = this.#content
    const names = files.removable(time, this.#log.growing)
    if (names.length === 0) return
    const head: NeededHead = { kind: 'needed', blocks: this.#neededWithout(names) }
    const { file } = await this.#log.write(head).done
    files.file(file)
    for (const name of names) {
      await this.#options.folder.remove(name)
      files.removed(name)
    }
  }

  /** Resolves when nothing waits to be written, whatever became of it. */
  flush(): Promise<void> {
    return this.#log.flush()
  }

  close(): Promise<void> {
    return this.#log.close()
  }

  #neededWithout(names: readonly string[]): NeededHead['blocks'] {
    const first = this.#content.files.firstWithout(names)
    // Blocks that are on their way into the log are in no file yet.
    for (const input of this.#inputs.values()) lower(first, input.first)
    return [...first.values()]
  }
}
