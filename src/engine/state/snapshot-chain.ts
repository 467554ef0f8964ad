import type { BlockHandle } from '../../pool/blocks/handle.js'
import type { BlockManager } from '../storage/block-manager.js'

/** The block with the keys of a snapshot. */
interface SnapshotKeys {
  /** True: all keys. False: the keys that are new since the previous block. */
  readonly full?: boolean
  readonly block: BlockHandle
}

/** A snapshot of one partition of an operator's state. */
export interface Snapshot {
  readonly time: number
  /** True: all values. False: it continues the previous snapshots, back to the last full one. */
  readonly full: boolean
  readonly block: BlockHandle
  readonly name: string | undefined
  /** The name of the previous snapshot, whose key ids it uses; undefined if it contains all keys itself. */
  readonly after: string | undefined
  readonly keys: SnapshotKeys | undefined
}

/** The snapshots that a rebuild starts from. */
export interface SnapshotsUpTo {
  readonly time: number | undefined
  readonly keys: readonly BlockHandle[]
  readonly snapshots: readonly BlockHandle[]
  readonly last: string | undefined
}

export type TimedKeys = SnapshotKeys & { readonly time: number }

/** Snapshots and keys of one partition. Each list starts with a full one. */
export interface SnapshotRows {
  readonly snapshots: readonly Snapshot[]
  readonly keys: readonly TimedKeys[]
}

/**
 * The snapshots of one partition that a rebuild may still need. Keys are kept longer than the values of their snapshot.
 */
export class SnapshotChain {
  readonly #blocks: BlockManager
  /** Ascending by time; the first one is full. */
  #snapshots: Snapshot[] = []
  #keys: TimedKeys[] = []

  constructor(blocks: BlockManager) {
    this.#blocks = blocks
  }

  get newest(): Snapshot | undefined {
    return this.#snapshots.at(-1)
  }

  /** Keys of the newest snapshot. */
  get keys(): number {
    return sinceFull(this.#keys).reduce((sum, { block }) => sum + Math.max(0, block.count), 0)
  }

  get bytes(): number {
    return [...this.#snapshots, ...this.#keys].reduce((sum, { block }) => sum + block.length, 0)
  }

  /** Returns the time of the newest snapshot that is not later than `horizon`. */
  newestUpTo(horizon: number): number | undefined {
    return this.#snapshots.findLast(({ time }) => time <= horizon)?.time
  }

  /** Whether a snapshot continues the newest one. Another thread may have written the same version with other ids. */
  continues({ after, keys }: Snapshot): boolean {
    return keys?.full === true || (this.newest !== undefined && this.newest.name === after)
  }

  /** Adds the newest snapshot, and releases those that no version from `horizon` on needs. */
  add(snapshot: Snapshot, horizon: number): void {
    const { time, keys } = snapshot
    this.#snapshots.push(snapshot)
    if (keys) this.#keys.push({ ...keys, time })
    // Keep the newest full snapshot from which every needed version can be rebuilt, and all later ones.
    const base = this.#snapshots.findLastIndex((older) => older.full && older.time <= horizon)
    for (const { block } of this.#snapshots.splice(0, Math.max(0, base))) this.#blocks.release(block.id)
    const first = this.#snapshots[0]!.time
    const keysBase = this.#keys.findLastIndex((older) => older.full && older.time <= first)
    for (const { block } of this.#keys.splice(0, Math.max(0, keysBase))) this.#blocks.release(block.id)
  }

  /** Removes the newest snapshot if it has this time. */
  takeBack(time: number): boolean {
    if (this.newest?.time !== time) return false
    this.#remove((other) => other.time === time)
    return true
  }

  /**
   * Removes a corrupt block and everything that builds on it, up to the next full one. Returns whether the newest
   * snapshot was removed.
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
    // If only values are lost, the keys stay, because later key blocks continue their ids.
    this.#remove(gone, keys >= 0 ? gone : () => false)
    return this.newest !== newest
  }

  /** Returns values and keys of the newest snapshot that is not later than `version`. */
  upTo(version: number): SnapshotsUpTo {
    const { snapshots, keys } = this.rows(version)
    const blocks = (row: readonly { readonly block: BlockHandle }[]) => row.map(({ block }) => block)
    const last = snapshots.at(-1)
    return { time: last?.time, keys: blocks(keys), snapshots: blocks(snapshots), last: last?.name }
  }

  /** Returns the newest snapshot that is not later than `version`, with everything that it builds on. */
  rows(version: number): SnapshotRows {
    const usable = this.#snapshots.filter(({ time }) => time <= version)
    const last = usable.at(-1)
    if (!last) return { snapshots: [], keys: [] }
    return { snapshots: sinceFull(usable), keys: sinceFull(this.#keys.filter(({ time }) => time <= last.time)) }
  }

  /** Sets the snapshots of an earlier process. The chain must be empty. */
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
