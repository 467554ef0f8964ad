import type { BlockHandle } from '../pool/blocks/handle.js'
import type { BlockManager } from './block-manager.js'

/** A block of keys that came with a snapshot. */
interface SnapshotKeys {
  /** All keys; if not, those that are new since the block before. */
  readonly full?: boolean
  readonly block: BlockHandle
}

/** A snapshot of one partition of an operator's state. */
export interface Snapshot {
  readonly time: number
  /** Has all values; if not, it continues the ones before, back to the last full one. */
  readonly full: boolean
  readonly block: BlockHandle
  readonly name: string | undefined
  /** The name of the one before, on whose keys it stands; undefined where it has all keys itself. */
  readonly after: string | undefined
  readonly keys: SnapshotKeys | undefined
}

/** What a rebuild begins with. */
export interface SnapshotsUpTo {
  readonly time: number | undefined
  readonly keys: readonly BlockHandle[]
  readonly snapshots: readonly BlockHandle[]
  readonly last: string | undefined
}

export type TimedKeys = SnapshotKeys & { readonly time: number }

/** Snapshots and keys of one partition, each from one that stands alone on. */
export interface SnapshotRows {
  readonly snapshots: readonly Snapshot[]
  readonly keys: readonly TimedKeys[]
}

/** The snapshots of one partition that can still be asked for. Keys live longer than the values that they came with. */
export class SnapshotChain {
  readonly #blocks: BlockManager
  /** Ascending by time; the first is a full one. */
  #snapshots: Snapshot[] = []
  #keys: TimedKeys[] = []

  constructor(blocks: BlockManager) {
    this.#blocks = blocks
  }

  get newest(): Snapshot | undefined {
    return this.#snapshots.at(-1)
  }

  /** The time of the newest one that is not after `horizon`. */
  newestUpTo(horizon: number): number | undefined {
    return this.#snapshots.findLast(({ time }) => time <= horizon)?.time
  }

  /** Whether a snapshot goes on from the newest one. Another thread may have made the same version, under other ids. */
  continues({ after, keys }: Snapshot): boolean {
    return keys?.full === true || (this.newest !== undefined && this.newest.name === after)
  }

  /** Adds one that is newer than all, and lets those go that no version from `horizon` on needs. */
  add(snapshot: Snapshot, horizon: number): void {
    const { time, keys } = snapshot
    this.#snapshots.push(snapshot)
    if (keys) this.#keys.push({ ...keys, time })
    // The newest full snapshot from which every version still asked for can be made, and what came after it.
    const base = this.#snapshots.findLastIndex((older) => older.full && older.time <= horizon)
    for (const { block } of this.#snapshots.splice(0, Math.max(0, base))) this.#blocks.release(block.id)
    const first = this.#snapshots[0]!.time
    const keysBase = this.#keys.findLastIndex((older) => older.full && older.time <= first)
    for (const { block } of this.#keys.splice(0, Math.max(0, keysBase))) this.#blocks.release(block.id)
  }

  /** Takes the newest one back, if it is of this time. */
  takeBack(time: number): boolean {
    if (this.newest?.time !== time) return false
    this.#remove((other) => other.time === time)
    return true
  }

  /**
   * A block turned out to be wrong: everything up to the next that stands alone stood on it. Answers whether the newest
   * snapshot is among what is gone.
   */
  lose(lost: BlockHandle): boolean {
    const { newest } = this
    const keys = this.#keys.findIndex(({ block }) => block === lost)
    const values = this.#snapshots.findIndex(({ block }) => block === lost)
    const row = keys >= 0 ? this.#keys : this.#snapshots
    const at = keys >= 0 ? keys : values
    if (at < 0) return false
    const from = row[at]!.time
    const to = row.find(({ full }, i) => i > at && full)?.time ?? Number.POSITIVE_INFINITY
    const gone = ({ time }: { time: number }) => time >= from && time < to
    // Keys stay where values are lost: later ones count their ids from them.
    this.#remove(gone, keys >= 0 ? gone : () => false)
    return this.newest !== newest
  }

  /** Values and keys of the newest snapshot that is not after `version`. */
  upTo(version: number): SnapshotsUpTo {
    const { snapshots, keys } = this.rows(version)
    const blocks = (row: readonly { readonly block: BlockHandle }[]) => row.map(({ block }) => block)
    const last = snapshots.at(-1)
    return { time: last?.time, keys: blocks(keys), snapshots: blocks(snapshots), last: last?.name }
  }

  /** The newest snapshot that is not after `version`, with all that it stands on. */
  rows(version: number): SnapshotRows {
    const usable = this.#snapshots.filter(({ time }) => time <= version)
    const last = usable.at(-1)
    if (!last) return { snapshots: [], keys: [] }
    return { snapshots: sinceFull(usable), keys: sinceFull(this.#keys.filter(({ time }) => time <= last.time)) }
  }

  /** Takes over what an earlier process had: there is nothing yet. */
  restore({ snapshots, keys }: SnapshotRows): void {
    this.#snapshots = [...snapshots]
    this.#keys = [...keys]
  }

  #remove(gone: (of: { readonly time: number }) => boolean, keysGone = gone): void {
    for (const { block } of [...this.#snapshots.filter(gone), ...this.#keys.filter(keysGone)])
      this.#blocks.release(block.id)
    this.#snapshots = this.#snapshots.filter((of) => !gone(of))
    this.#keys = this.#keys.filter((of) => !keysGone(of))
  }
}

function sinceFull<S extends { readonly full?: boolean }>(row: readonly S[]): S[] {
  return row.slice(
    Math.max(
      0,
      row.findLastIndex(({ full }) => full),
    ),
  )
}
