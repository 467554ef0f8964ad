import type { BlockHandle } from '../../pool/blocks/handle.js'
import type { DriverBlocks } from '../storage/driver-blocks.js'
import type { LogWrite } from './group-commit.js'
import { type BlockHead, type BlockName, type BlockRange, inOrder } from './heads.js'
import type { WriteAheadLog } from './write-ahead-log.js'

/** The buffer whose blocks are logged. */
export interface InputLogOwner {
  /** All that was received before `end` is in the log. */
  logged(end: number): void
  /** Blocks could not be written. They are written again with the next ones. */
  notLogged(error: unknown): void
}

/** Notes which file has a block. */
export interface BlockFiles {
  block(block: BlockName, file: string): void
}

interface Pending {
  readonly block: BlockHandle
  /** Undefined until the block is first written. */
  write: LogWrite | undefined
}

/** Blocks that were sealed together. */
interface Seal {
  readonly end: number
  readonly blocks: readonly Pending[]
}

export interface InputLogOptions {
  readonly uid: string
  readonly log: WriteAheadLog
  readonly driver: Pick<DriverBlocks, 'pinBytes'>
  readonly files: BlockFiles
  readonly owner: InputLogOwner
}

/** The received blocks of one input on their way into the log, and their numbers there until a batch has them. */
export class InputLog {
  readonly #options: InputLogOptions
  /** Seals with blocks that are not in the log, in order. */
  readonly #seals: Seal[] = []
  /** Numbers of the blocks that no record of a batch has, by the ids of blocks. */
  readonly #numbers = new Map<number, { readonly term: number; readonly number: number }>()
  /** The number of the next block. */
  #next = 0

  constructor(options: InputLogOptions) {
    this.#options = options
  }

  /** Writes blocks that were sealed when the input had received up to `end`. */
  sealed(blocks: readonly BlockHandle[], end: number): void {
    for (const { id } of blocks) this.#numbers.set(id, { term: this.#options.log.term, number: this.#next++ })
    this.#seals.push({ end, blocks: blocks.map((block) => ({ block, write: undefined })) })
    this.write()
  }

  /** Writes the blocks that are new, and those whose write has failed, in order. */
  write(): void {
    const missing = this.#seals.flatMap(({ blocks }) => blocks).filter(({ write }) => isMissing(write))
    for (const pending of missing) pending.write = this.#write(pending.block)
    Promise.all(missing.map(({ write }) => write!.done)).then(
      () => this.#advance(),
      (error: unknown) => this.#options.owner.notLogged(error),
    )
  }

  /** A block of an earlier owner was read into this one. */
  restored(id: number, { term, number }: BlockName): void {
    this.#numbers.set(id, { term, number })
  }

  /** Whether all blocks are in the log. */
  get isComplete(): boolean {
    return this.#seals.length === 0
  }

  /** The first block of this owner that no record of a batch in the log has; the next one if there is none. */
  get first(): BlockName {
    const { uid, log } = this.#options
    let first = this.#next
    for (const { term, number } of this.#numbers.values()) if (term === log.term) first = Math.min(first, number)
    return { uid, term: log.term, number: first }
  }

  /** Returns the numbers of blocks that no record of a batch has yet, as ranges. */
  rangesOf(blocks: readonly BlockHandle[]): BlockRange[] {
    const ranges: [string, number, number, number][] = []
    for (const { term, number } of blocks.map(({ id }) => this.#numbers.get(id)!).sort(inOrder)) {
      const last = ranges.at(-1)
      if (last?.[1] === term && last[3] === number - 1) last[3] = number
      else ranges.push([this.#options.uid, term, number, number])
    }
    return ranges
  }

  /** The blocks in the order in which they were received. */
  inOrder(blocks: readonly BlockHandle[]): BlockHandle[] {
    return [...blocks].sort((a, b) => inOrder(this.#numbers.get(a.id)!, this.#numbers.get(b.id)!))
  }

  /** The record of a batch with these blocks is in the log. */
  recorded(blocks: readonly BlockHandle[]): void {
    for (const { id } of blocks) this.#numbers.delete(id)
  }

  #write(block: BlockHandle): LogWrite {
    const { uid, log, driver, files } = this.#options
    const { codec, count, crc, id } = block
    const { term, number } = this.#numbers.get(id)!
    const { payload: bytes, unpin } = driver.pinBytes(block)
    const head: BlockHead = { kind: 'block', uid, number, codec, count }
    const write = log.write(head, { bytes, crc })
    write.done.then(
      ({ file }) => {
        files.block({ uid, term, number }, file)
        unpin()
      },
      () => unpin(),
    )
    return write
  }

  /** Reports how far everything is in the log. */
  #advance(): void {
    let end: number | undefined
    while (this.#seals[0]?.blocks.every(({ write }) => write?.state === 'written')) end = this.#seals.shift()!.end
    if (end !== undefined) this.#options.owner.logged(end)
  }
}

function isMissing(write: LogWrite | undefined): boolean {
  return write === undefined || write.state === 'failed'
}
