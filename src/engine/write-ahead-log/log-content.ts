import type { BlockCodec } from '../../pool/blocks/handle.js'
import { messageOf } from '../../values/message-of.js'
import type { CheckpointFolder } from '../checkpoint/folder.js'
import { FileUses } from './file-uses.js'
import {
  type BlockName,
  blockKey,
  checkHead,
  keysOf,
  type LoggedEntry,
  type LogHead,
  type NeededBlock,
  type NeededHead,
} from './heads.js'
import type { LogDamage } from './log-damage.js'
import { type LogPosition, type LogRecord, logFiles, readLog } from './log-reader.js'

/** A received block in the log. */
export interface LoggedBlock extends BlockName {
  readonly codec: BlockCodec
  readonly count: number
  readonly body: LogPosition
}

/** The content of the log of earlier owners: blocks, the batches that they belong to, and the files. */
export class LogContent {
  readonly files = new FileUses()
  /** Blocks by key, in the order in which they were received. */
  readonly blocks = new Map<string, LoggedBlock>()
  /** Records of batches. */
  readonly entries = new Map<number, LoggedEntry>()
  /** The batch of each block that has one. */
  readonly batchOf = new Map<string, number>()
  /** The least number of each input and term that must be there, by the last record that says so. */
  needed: readonly NeededBlock[] = []
  /** Whether an earlier owner wrote a log. */
  get isEmpty(): boolean {
    return this.blocks.size === 0 && this.entries.size === 0 && this.needed.length === 0
  }

  /** Reads the log of a directory. Calls `onDamage` for what is skipped. */
  static async read(folder: CheckpointFolder, onDamage: (damage: LogDamage) => void): Promise<LogContent> {
    const content = new LogContent()
    for (const { name } of await logFiles(folder)) content.files.file(name)
    for await (const record of readLog(folder, onDamage)) {
      try {
        content.#add(checkHead(record.head), record)
      } catch (error) {
        onDamage({ file: record.file.name, records: 0, offset: record.body.offset, message: messageOf(error) })
      }
    }
    return content
  }

  #add(head: LogHead, { file, body }: LogRecord): void {
    if (head.kind === 'needed') this.#drop(head)
    else if (head.kind === 'batch') {
      const { time, entry } = head
      this.entries.set(time, entry)
      this.files.entry(time, file.name)
      for (const range of entry.blocks) for (const key of keysOf(range)) this.batchOf.set(key, time)
    } else {
      const { uid, number, codec, count } = head
      const block = { uid, term: file.term, number, codec, count, body }
      this.blocks.set(blockKey(block), block)
      this.files.block(block, file.name)
    }
  }

  /** Drops the blocks so far that nothing needs, although their files are there. */
  #drop({ blocks }: NeededHead): void {
    this.needed = blocks
    const first = new Map(blocks.map(([uid, term, number]) => [`${term}/${uid}`, number]))
    for (const [key, { uid, term, number }] of this.blocks) {
      if (number >= (first.get(`${term}/${uid}`) ?? Number.POSITIVE_INFINITY)) continue
      this.blocks.delete(key)
      this.files.allocated(key, Number.NEGATIVE_INFINITY)
    }
  }
}
