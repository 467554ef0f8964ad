import { BlockLostError } from '../errors.js'
import type { StatefulRdd } from '../ops/rdd/rdd.js'
import type { BlockHandle } from '../pool/blocks/handle.js'
import type { BlockManager } from './block-manager.js'
import { type Snapshot, SnapshotChain, type SnapshotRows, type SnapshotsUpTo } from './snapshot-chain.js'

/** One partition of an operator's state, as far as the driver knows. */
interface Partition {
  /** The thread that has it, and at which version. */
  hold: { readonly thread: number; readonly version: number } | undefined
  /** The newest version that was ever made, also when the thread that has it is dead or its batch was skipped. */
  newest: number
  readonly snapshots: SnapshotChain
  /** The thread which holds the state would go on from a snapshot that is not there: the next must stand alone. */
  broken: boolean
  /** Versions made since the last snapshot. */
  since: number
}

interface Operator {
  /** Versions that a rebuild may replay, by time. */
  readonly versions: Map<number, StatefulRdd>
  /** Versions of skipped batches: tasks that still run when the batch is given up go on making them. */
  readonly skipped: Set<number>
  readonly partitions: Map<number, Partition>
}

/** How a task gets the state it starts from. */
export interface StatePlan {
  /** The thread that holds the version before, or this one; undefined where any thread will do. */
  readonly thread: number | undefined
  readonly snapshot: boolean | 'full'
  /** An old version is asked for: it is made aside, the current one stays. */
  readonly detached: boolean
  /** Present if the version before must be rebuilt: snapshots up to it, and the versions since. */
  readonly rebuild: (Omit<SnapshotsUpTo, 'time'> & { readonly replay: readonly StatefulRdd[] }) | undefined
}

/**
 * Which thread holds which version of which partition of kept state, the snapshots, and the versions since: enough to
 * rebuild any partition anywhere. Snapshots are rooted in the driver, so what must be replayed stays bounded.
 */
export class StateTracker {
  readonly #operators = new Map<number, Operator>()
  readonly #blocks: BlockManager
  readonly #interval: number
  readonly #alive: (thread: number) => boolean
  readonly #together: number
  /** How far back, in ms, old versions of an operator may still be asked for. */
  remember: (operator: number) => number = () => 0
  /** While a batch runs that ends in a checkpoint: every version that is made, or made again, gets a snapshot. */
  saving = false

  /** `together`: partitions that write their snapshots in the same batch, each on a thread of its own. */
  constructor(blocks: BlockManager, interval: number, alive: (thread: number) => boolean, together = 1) {
    this.#blocks = blocks
    this.#interval = interval
    this.#alive = alive
    this.#together = together
  }

  /** A new version exists in the graph. */
  register(rdd: StatefulRdd): void {
    this.#operator(rdd.operator).versions.set(rdd.time, rdd)
  }

  /** The batch was skipped: its version never was, wherever it was made already. */
  drop(operator: number, time: number): void {
    const state = this.#operators.get(operator)
    if (!state) return
    state.versions.delete(time)
    state.skipped.add(time)
    for (const known of state.partitions.values()) {
      // Skipped slides count: what a rebuild replays is remembered by time.
      known.since++
      if (known.snapshots.takeBack(time)) known.since = this.#interval
    }
  }

  plan({ operator, time, previous }: StatefulRdd, partition: number): StatePlan {
    const known = this.#partition(operator, partition)
    const hold = known.hold && this.#alive(known.hold.thread) ? known.hold : undefined
    // Not a matter of who holds what: after a loss an old version would take the place of the newest, snapshot and all.
    const detached = time < known.newest
    const current = !detached && hold !== undefined && (hold.version === previous || hold.version === time)
    // Partitions take turns: not all of them write in the same batch, if there are more than threads.
    const unsaved = this.saving && time >= known.newest && (known.snapshots.newest?.time ?? -1) < time
    const due = unsaved || (time > known.newest && known.since + 1 >= this.#interval)
    const rebuild = current || previous === undefined ? undefined : this.#recipe(operator, partition, previous)
    const snapshot = due && known.broken ? 'full' : due
    return { thread: current ? hold.thread : undefined, snapshot, detached, rebuild }
  }

  /** A task made version `time` of a partition on `thread`. */
  made(operator: number, partition: number, thread: number, version: number): void {
    if (this.#operator(operator).skipped.has(version)) return
    const known = this.#partition(operator, partition)
    // Versions of one batch may be made at once, in any order.
    if (version < known.newest) return
    if (version > known.newest) known.since++
    known.newest = version
    known.hold = { thread, version }
  }

  /** The version was made from data that has come out different since: it is made again from the one before. */
  undo(operator: number, partition: number, version: number): void {
    const known = this.#partition(operator, partition)
    if (version < known.newest) return
    known.hold = undefined
    if (known.snapshots.takeBack(version)) known.since = this.#interval
  }

  /** The thread did not have what it was believed to have. */
  absent(operator: number, partition: number): void {
    this.#partition(operator, partition).hold = undefined
  }

  /** A snapshot was written; older ones, and versions that no rebuild needs any more, are let go. */
  snapshotTaken(operator: number, partition: number, partitions: number, snapshot: Snapshot, writer: number): void {
    const { versions, skipped, partitions: all } = this.#operator(operator)
    const known = this.#partition(operator, partition)
    const blocks = snapshot.keys ? [snapshot.keys.block, snapshot.block] : [snapshot.block]
    for (const block of blocks)
      this.#blocks.register(block, writer, { rooted: true, onLost: () => this.#lost(known, block) })
    const newest = known.snapshots.newest?.time ?? Number.NEGATIVE_INFINITY
    const unwanted = skipped.has(snapshot.time) || snapshot.time <= newest
    // What it continues was lost while it was under way, or another thread made it under other ids.
    const cut = !unwanted && !known.snapshots.continues(snapshot)
    if (cut) this.#break(known)
    if (unwanted || cut) {
      for (const { id } of blocks) this.#blocks.release(id)
      return
    }
    known.since = 0
    known.broken = false
    const horizon = snapshot.time - this.remember(operator)
    known.snapshots.add(snapshot, horizon)
    if (all.size < partitions) return
    let needed = Number.POSITIVE_INFINITY
    for (const { snapshots } of all.values()) needed = Math.min(needed, snapshots.newestUpTo(horizon) ?? 0)
    for (const version of versions.keys()) if (version <= needed) versions.delete(version)
    for (const version of skipped) if (version <= needed) skipped.delete(version)
  }

  /** Partitions of the newest version that no task has made yet. */
  unmade(operator: number, version: number, partitions: number): number[] {
    return Array.from({ length: partitions }, (_, p) => p).filter((p) => this.#partition(operator, p).newest < version)
  }

  /** Partitions of a version that have no snapshot. `partitions`: how many there are, where the caller knows. */
  unsaved(operator: number, version: number, partitions = this.#operator(operator).partitions.size): number[] {
    return Array.from({ length: partitions }, (_, p) => p).filter(
      (p) => this.#partition(operator, p).snapshots.newest?.time !== version,
    )
  }

  /** The snapshots that the version of each partition is made from. */
  saved(operator: number, version: number): SnapshotRows[] {
    const { size } = this.#operator(operator).partitions
    return Array.from({ length: size }, (_, p) => this.#partition(operator, p).snapshots.rows(version))
  }

  /** Takes over a version of an earlier process, whose blocks `writer` has written anew. */
  restore(operator: number, partition: number, version: number, rows: SnapshotRows, writer: number): void {
    const known = this.#partition(operator, partition)
    for (const { block } of [...rows.keys, ...rows.snapshots])
      this.#blocks.register(block, writer, { rooted: true, onLost: () => this.#lost(known, block) })
    known.snapshots.restore(rows)
    known.newest = version
  }

  threadLost(thread: number): void {
    for (const { partitions } of this.#operators.values()) {
      for (const known of partitions.values()) if (known.hold?.thread === thread) known.hold = undefined
    }
  }

  /**
   * The bytes of a snapshot were found to be wrong, and there is no copy. Older snapshots and versions take its place, as
   * far as they are still there.
   */
  #lost(known: Partition, block: BlockHandle): void {
    if (known.snapshots.lose(block)) this.#break(known)
  }

  #break(known: Partition): void {
    known.broken = true
    known.since = this.#interval
  }

  #recipe(operator: number, partition: number, previous: number): NonNullable<StatePlan['rebuild']> {
    const { time: from, ...begin } = this.#partition(operator, partition).snapshots.upTo(previous)
    const replay = [...this.#operator(operator).versions.values()]
      .filter((rdd) => rdd.time > (from ?? Number.NEGATIVE_INFINITY) && rdd.time <= previous)
      .sort((a, b) => a.time - b.time)
    const complete = replay.length === 0 ? from === previous : replay[0]!.previous === from
    if (!complete) {
      throw new BlockLostError(
        `Partition ${partition} of the state of stream ${operator} cannot be rebuilt at ${previous} ms: the versions before ${replay[0]?.time ?? previous} ms are gone, or their snapshot was found to be corrupt. With replication: 'copy' a second copy would have taken its place.`,
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

  #partition(operator: number, partition: number): Partition {
    const { partitions } = this.#operator(operator)
    let known = partitions.get(partition)
    if (!known) {
      // Head starts spread the snapshots over the batches, yet no thread waits for one that writes.
      known = {
        hold: undefined,
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
