import { BlockLostError } from '../../errors.js'
import type { PartitionIndex, ThreadId, WriterId } from '../../ids.js'
import type { StatefulDataset } from '../../ops/dataset.js'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import type { StateStatus } from '../status/streams-status.js'
import type { BlockManager } from '../storage/block-manager.js'
import type { ThreadDirectory } from '../storage/thread-directory.js'
import { type Snapshot, SnapshotChain, type SnapshotRows, type SnapshotsUpTo } from './snapshot-chain.js'

/** One partition of an operator's state, as the driver knows it. */
interface Partition {
  /** The thread with the newest state, and the version that it has. */
  holder: { readonly thread: ThreadId; readonly version: number } | undefined
  /** The newest version that any task has computed, even if its thread is dead or its batch was skipped. */
  newest: number
  readonly snapshots: SnapshotChain
  /**
   * Whether the thread would continue a snapshot that the driver does not have; its next snapshot must then be full.
   */
  broken: boolean
  /** The number of versions computed since the last snapshot. */
  since: number
}

interface Operator {
  /** Versions that a rebuild may replay, by time. */
  readonly versions: Map<number, StatefulDataset>
  /** Versions of skipped batches. Tasks that were running when their batch was skipped may still compute them. */
  readonly skipped: Set<number>
  readonly partitions: Map<number, Partition>
}

/** Says how long batches may still read old versions of an operator's state. */
export interface StateRetention {
  /** Returns ms. */
  rememberDuration(operator: number): number
}

export interface StateTrackerOptions {
  readonly blocks: BlockManager
  readonly threads: ThreadDirectory
  readonly retention: StateRetention
  /** Versions between two snapshots of a partition. */
  readonly interval: number
  /** The number of partitions that write their snapshots in the same batch, each on its own thread. Default 1. */
  readonly together?: number
}

/** How a task obtains the state from which it starts. */
export interface StatePlan {
  /** The thread that has the previous version, or this one; undefined if any thread can run the task. */
  readonly thread: ThreadId | undefined
  readonly snapshot: boolean | 'full'
  /** Whether the task needs an old version: it builds that separately, and the thread's current state stays. */
  readonly detached: boolean
  /** Set if the previous version must be rebuilt: snapshots up to it, and the versions since then. */
  readonly rebuild: (Omit<SnapshotsUpTo, 'time'> & { readonly replay: readonly StatefulDataset[] }) | undefined
}

/**
 * Tracks which thread has which version of each partition of keyed state, with the snapshots and the versions since:
 * enough to rebuild any partition on any thread. The driver owns the snapshots as their root, which bounds the number
 * of versions that a rebuild replays.
 */
export class StateTracker {
  readonly #operators = new Map<number, Operator>()
  readonly #blocks: BlockManager
  readonly #interval: number
  readonly #threads: ThreadDirectory
  readonly #retention: StateRetention
  readonly #together: number
  /** True while a batch runs that ends with a checkpoint: every version computed in it gets a snapshot. */
  saving = false

  constructor({ blocks, threads, retention, interval, together = 1 }: StateTrackerOptions) {
    this.#blocks = blocks
    this.#threads = threads
    this.#retention = retention
    this.#interval = interval
    this.#together = together
  }

  /** Registers a new version of the graph. */
  register(rdd: StatefulDataset): void {
    this.#operator(rdd.operator).versions.set(rdd.time, rdd)
  }

  /** Drops the version of a skipped batch, which tasks may already have computed. */
  drop(operator: number, time: number): void {
    const state = this.#operators.get(operator)
    if (!state) return
    state.versions.delete(time)
    state.skipped.add(time)
    for (const known of state.partitions.values()) {
      // Skipped slides count too: streams remember datasets by time, and a rebuild replays them.
      known.since++
      if (known.snapshots.takeBack(time)) known.since = this.#interval
    }
  }

  plan({ operator, time, previous }: StatefulDataset, partition: PartitionIndex): StatePlan {
    const known = this.#partition(operator, partition)
    const holder = known.holder && this.#threads.owners().includes(known.holder.thread) ? known.holder : undefined
    // Decided by time alone: otherwise, after a loss, an old version would replace the newest one and its snapshot.
    const detached = time < known.newest
    const current = !detached && holder !== undefined && (holder.version === previous || holder.version === time)
    // If there are more partitions than threads, they write their snapshots in different batches.
    const unsaved = this.saving && time >= known.newest && (known.snapshots.newest?.time ?? -1) < time
    const due = unsaved || (time > known.newest && known.since + 1 >= this.#interval)
    const rebuild = current || previous === undefined ? undefined : this.#recipe(operator, partition, previous)
    const snapshot = due && known.broken ? 'full' : due
    return { thread: current ? holder.thread : undefined, snapshot, detached, rebuild }
  }

  /** Registers that a task has computed version `time` of a partition on `thread`. */
  made(operator: number, partition: PartitionIndex, thread: ThreadId, version: number): void {
    if (this.#operator(operator).skipped.has(version)) return
    const known = this.#partition(operator, partition)
    // Tasks may compute versions of one batch at the same time, in any order.
    if (version < known.newest) return
    if (version > known.newest) known.since++
    known.newest = version
    known.holder = { thread, version }
  }

  /** Discards a version whose input has come out different since: a task computes it again from the previous one. */
  undo(operator: number, partition: PartitionIndex, version: number): void {
    const known = this.#partition(operator, partition)
    if (version < known.newest) return
    known.holder = undefined
    if (known.snapshots.takeBack(version)) known.since = this.#interval
  }

  /** Registers that a thread does not have the state that the plan expected. */
  absent(operator: number, partition: PartitionIndex): void {
    this.#partition(operator, partition).holder = undefined
  }

  /** Registers a snapshot. Releases older snapshots and versions that no rebuild needs any more. */
  snapshotTaken(
    operator: number,
    partition: PartitionIndex,
    partitions: number,
    snapshot: Snapshot,
    writer: WriterId,
  ): void {
    const { versions, skipped, partitions: all } = this.#operator(operator)
    const known = this.#partition(operator, partition)
    const blocks = snapshot.keys ? [snapshot.keys.block, snapshot.block] : [snapshot.block]
    for (const block of blocks)
      this.#blocks.register(block, writer, { rooted: true, onLost: () => this.#lost(known, block) })
    const newest = known.snapshots.newest?.time ?? Number.NEGATIVE_INFINITY
    const unwanted = skipped.has(snapshot.time) || snapshot.time <= newest
    // The previous snapshot was lost meanwhile, or another thread wrote it with other ids.
    const cut = !unwanted && !known.snapshots.continues(snapshot)
    if (cut) this.#break(known)
    if (unwanted || cut) {
      for (const { id } of blocks) this.#blocks.release(id)
      return
    }
    known.since = 0
    known.broken = false
    const horizon = snapshot.time - this.#retention.rememberDuration(operator)
    known.snapshots.add(snapshot, horizon)
    if (all.size < partitions) return
    let needed = Number.POSITIVE_INFINITY
    for (const { snapshots } of all.values()) needed = Math.min(needed, snapshots.newestUpTo(horizon) ?? 0)
    for (const version of versions.keys()) if (version <= needed) versions.delete(version)
    for (const version of skipped) if (version <= needed) skipped.delete(version)
  }

  /** Returns the partitions of the newest version that no task has computed yet. */
  unmade(operator: number, version: number, partitions: number): number[] {
    return Array.from({ length: partitions }, (_, p) => p).filter((p) => this.#partition(operator, p).newest < version)
  }

  /** Returns the partitions of a version that have no snapshot. `partitions`: their number, if the caller knows it. */
  unsaved(operator: number, version: number, partitions = this.#operator(operator).partitions.size): number[] {
    return Array.from({ length: partitions }, (_, p) => p).filter(
      (p) => this.#partition(operator, p).snapshots.newest?.time !== version,
    )
  }

  /** Returns the snapshots from which each partition of a version can be rebuilt. */
  saved(operator: number, version: number): SnapshotRows[] {
    const { size } = this.#operator(operator).partitions
    return Array.from({ length: size }, (_, p) => this.#partition(operator, p).snapshots.rows(version))
  }

  /** Restores a version of an earlier process. `writer` has written its blocks again. */
  restore(operator: number, partition: PartitionIndex, version: number, rows: SnapshotRows, writer: WriterId): void {
    const known = this.#partition(operator, partition)
    for (const { block } of [...rows.keys, ...rows.snapshots])
      this.#blocks.register(block, writer, { rooted: true, onLost: () => this.#lost(known, block) })
    known.snapshots.restore(rows)
    known.newest = version
  }

  /** Returns the size of each operator's state. Keys and bytes are those of the newest snapshots. */
  sizes(): (Omit<StateStatus, 'stream' | 'label'> & { readonly operator: number })[] {
    return [...this.#operators].map(([operator, { partitions }]) => {
      const all = [...partitions.values()]
      const chains = all.map(({ snapshots }) => snapshots)
      const times = chains.map(({ newest }) => newest?.time)
      const version = Math.max(...all.map(({ newest }) => newest))
      return {
        operator,
        partitions: all.length,
        version: Number.isFinite(version) ? version : undefined,
        snapshot: times.includes(undefined) ? undefined : Math.min(...(times as number[])),
        keys: chains.reduce((sum, { keys }) => sum + keys, 0),
        bytes: chains.reduce((sum, { bytes }) => sum + bytes, 0),
      }
    })
  }

  /** Called when a thread is dead: another thread must rebuild its state. */
  dropHolder(thread: ThreadId): void {
    for (const { partitions } of this.#operators.values()) {
      for (const known of partitions.values()) if (known.holder?.thread === thread) known.holder = undefined
    }
  }

  /**
   * Handles a corrupt snapshot without a copy. Older snapshots and versions replace it, while they are not released.
   */
  #lost(known: Partition, block: BlockHandle): void {
    if (known.snapshots.lose(block)) this.#break(known)
  }

  #break(known: Partition): void {
    known.broken = true
    known.since = this.#interval
  }

  #recipe(operator: number, partition: PartitionIndex, previous: number): NonNullable<StatePlan['rebuild']> {
    const { time: from, ...begin } = this.#partition(operator, partition).snapshots.upTo(previous)
    const replay = [...this.#operator(operator).versions.values()]
      .filter((rdd) => rdd.time > (from ?? Number.NEGATIVE_INFINITY) && rdd.time <= previous)
      .sort((a, b) => a.time - b.time)
    const complete = replay.length === 0 ? from === previous : replay[0]!.previous === from
    if (!complete) {
      throw new BlockLostError(
        `Partition ${partition} of the state of stream ${operator} cannot be rebuilt at ${previous} ms: the versions before ${replay[0]?.time ?? previous} ms are released, or their snapshot is corrupt. With replication: 'copy' a second copy would have replaced it.`,
        { operator, partition, version: previous },
      )
    }
    return { ...begin, replay }
  }

  #operator(number: number): Operator {
    let operator = this.#operators.get(number)
    if (!operator) {
      operator = { versions: new Map(), skipped: new Set(), partitions: new Map() }
      this.#operators.set(number, operator)
    }
    return operator
  }

  #partition(operator: number, partition: PartitionIndex): Partition {
    const { partitions } = this.#operator(operator)
    let known = partitions.get(partition)
    if (!known) {
      // Different start values distribute the snapshots over batches, so that few tasks of a batch write one.
      known = {
        holder: undefined,
        newest: Number.NEGATIVE_INFINITY,
        snapshots: new SnapshotChain(this.#blocks),
        broken: false,
        since: Math.floor(partition / this.#together) % this.#interval,
      }
      partitions.set(partition, known)
    }
    return known
  }
}
