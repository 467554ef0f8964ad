import { grouped } from '../../values/grouped.js'
import { blockKey, inOrder, keysOf } from './heads.js'
import type { LogContent, LoggedBlock } from './log-content.js'

/** Records of an input that its log should have; 'unknown' if only the number of their blocks is known. */
export type LostCount = number | 'unknown'

/** The received data of earlier owners that a checkpoint does not contain: by batches, and what no batch has. */
export class Recovered {
  /** The last batch whose input was recorded; undefined without one after the checkpoint. */
  readonly last: number | undefined
  /** Lost records by input. */
  readonly lost = new Map<string, LostCount>()
  /** Inputs whose data is dropped. */
  readonly dropped = new Set<string>()
  readonly #allocated: ReadonlyMap<string, LoggedBlock[]>
  readonly #unallocated: Map<string, LoggedBlock[]>

  /**
   * `time`: the batch of the checkpoint. `asBatches`: the batches after it run again as they were; else all of their data belongs
   * to the first new batch. `dropped`: inputs whose data counts as processed.
   */
  constructor(content: LogContent, time: number, asBatches: boolean, dropped: readonly string[] = []) {
    const { blocks, batchOf, entries, files } = content
    const allocated: LoggedBlock[] = []
    const unallocated: LoggedBlock[] = []
    for (const [key, block] of blocks) {
      const batch = batchOf.get(key)
      const isDropped = dropped.includes(block.uid)
      const isDone = isDropped || (batch !== undefined && batch <= time)
      if (isDropped) this.dropped.add(block.uid)
      if (isDropped) files.allocated(key, batch ?? Number.NEGATIVE_INFINITY)
      else if (batch !== undefined && (isDone || asBatches)) files.allocated(key, batch)
      if (isDone) continue
      if (batch === undefined || !asBatches) unallocated.push(block)
      else allocated.push(block)
    }
    const inBatch = (block: LoggedBlock) => `${batchOf.get(blockKey(block))}/${block.uid}`
    this.#allocated = grouped(allocated.sort(inOrder), inBatch)
    this.#unallocated = grouped(unallocated.sort(inOrder), ({ uid }) => uid)
    const times = [...entries.keys()].filter((at) => at > time)
    this.last = times.length > 0 && asBatches ? Math.max(...times) : undefined
    for (const at of times) this.#countLost(content, at)
    this.#findGaps(content)
    for (const uid of dropped) this.lost.delete(uid)
  }

  /** The inputs that have data here. */
  get uids(): Set<string> {
    const all = [...this.#allocated.values(), ...this.#unallocated.values()]
    return new Set(all.flatMap((blocks) => blocks.map(({ uid }) => uid)))
  }

  /** Whether it has blocks that no batch had. */
  get hasUnallocated(): boolean {
    return this.#unallocated.size > 0
  }

  /** The blocks that an input had in a batch. */
  allocated(uid: string, time: number): readonly LoggedBlock[] {
    return this.#allocated.get(`${time}/${uid}`) ?? []
  }

  /** Removes and returns the blocks of an input that no batch had: the first new batch has them. */
  takeUnallocated(uid: string): readonly LoggedBlock[] {
    const blocks = this.#unallocated.get(uid) ?? []
    this.#unallocated.delete(uid)
    return blocks
  }

  /** Compares what a batch had received with the blocks that are there. */
  #countLost({ entries, blocks }: LogContent, time: number): void {
    const entry = entries.get(time)!
    for (const [uid, records] of entry.received) {
      const keys = entry.blocks.filter(([of]) => of === uid).flatMap(keysOf)
      const found = keys.flatMap((key) => blocks.get(key) ?? [])
      // Without blocks, the batch was recorded by a process without a log, or its input replays by itself.
      if (found.length === keys.length) continue
      this.#lose(uid, records - found.reduce((sum, { count }) => sum + count, 0))
    }
  }

  /** Finds numbers that are missing between others: their blocks were written, and no record of a batch names them. */
  #findGaps({ blocks, batchOf, needed }: LogContent): void {
    const next = new Map(needed.map(([uid, term, number]) => [`${term}/${uid}`, number]))
    for (const block of [...blocks.values()].sort(inOrder)) {
      const { uid, term, number } = block
      const series = `${term}/${uid}`
      for (let missing = next.get(series) ?? 0; missing < number; missing++) {
        if (!batchOf.has(blockKey({ uid, term, number: missing }))) this.lost.set(uid, 'unknown')
      }
      next.set(series, number + 1)
    }
  }

  #lose(uid: string, records: number): void {
    const before = this.lost.get(uid) ?? 0
    this.lost.set(uid, before === 'unknown' ? before : before + records)
  }
}
