import { BlockLostError } from '../errors.js'
import type { StatefulRdd, StateRequest } from '../ops/rdd/rdd.js'
import type { BlockHandle } from '../pool/blocks/handle.js'
import type { BlockManager } from './block-manager.js'

/** Where a partition of state is, as far as the driver knows. */
interface Hold {
  readonly thread: number
  readonly version: number
}

interface Snapshot {
  readonly time: number
  readonly block: BlockHandle
}

interface Operator {
  /** Versions since the oldest snapshot that a rebuild may need, ascending by time. */
  readonly versions: Map<number, StatefulRdd>
  readonly holds: Map<number, Hold>
  readonly snapshots: Map<number, Snapshot[]>
  lastSnapshotAt: number | undefined
}

/** How a task gets the state it starts from. */
export interface StatePlan {
  /** The thread that holds the version before; undefined where any thread will do. */
  readonly thread: number | undefined
  readonly snapshot: boolean
  readonly detached: boolean
  /** Present if the version before must be rebuilt: the newest snapshot before it, and the versions since. */
  readonly rebuild: { readonly snapshot: BlockHandle | undefined; readonly replay: readonly StatefulRdd[] } | undefined
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
  /** How far back, in ms, old versions of an operator may still be asked for. */
  remember: (operator: number) => number = () => 0

  constructor(blocks: BlockManager, interval: number, alive: (thread: number) => boolean) {
    this.#blocks = blocks
    this.#interval = interval
    this.#alive = alive
  }

  /** A new version exists in the graph. */
  register(rdd: StatefulRdd): void {
    this.#of(rdd.operator).versions.set(rdd.time, rdd)
  }

  plan({ operator, partition, time, previous }: StateRequest): StatePlan {
    const state = this.#of(operator)
    const hold = state.holds.get(partition)
    const held = hold && this.#alive(hold.thread) ? hold : undefined
    const snapshot = this.#snapshotDue(state, time)
    if (held && (held.version === previous || held.version === time)) {
      return { thread: held.thread, snapshot, detached: false, rebuild: undefined }
    }
    // A version that has passed is made aside, so that the current one stays where it is.
    const detached = held !== undefined && held.version > time
    if (previous === undefined) return { thread: undefined, snapshot: snapshot && !detached, detached, rebuild: undefined }
    return { thread: undefined, snapshot: snapshot && !detached, detached, rebuild: this.#recipe(state, operator, partition, previous) }
  }

  /** A task made version `time` of a partition on `thread`. */
  made(operator: number, partition: number, thread: number, version: number): void {
    this.#of(operator).holds.set(partition, { thread, version })
  }

  /** The thread did not have what it was believed to have. */
  absent(operator: number, partition: number): void {
    this.#of(operator).holds.delete(partition)
  }

  /** A snapshot was written; older ones, and versions that no rebuild needs any more, are let go. */
  snapshotTaken(operator: number, partition: number, partitions: number, time: number, block: BlockHandle, writer: number): void {
    const state = this.#of(operator)
    this.#blocks.register(block, writer, { rooted: true })
    const all = [...(state.snapshots.get(partition) ?? []), { time, block }]
    // The newest snapshot from which every version still asked for can be made, and those after it.
    const base = Math.max(0, all.findLastIndex((older) => older.time <= time - this.remember(operator)))
    for (const older of all.slice(0, base)) this.#blocks.release(older.block.id)
    state.snapshots.set(partition, all.slice(base))
    state.lastSnapshotAt = Math.max(state.lastSnapshotAt ?? 0, time)
    if (state.snapshots.size < partitions) return
    const oldest = Math.min(...[...state.snapshots.values()].map((list) => list[0]!.time))
    const horizon = Math.min(oldest, time - this.remember(operator))
    for (const version of state.versions.keys()) if (version <= horizon) state.versions.delete(version)
  }

  threadLost(thread: number): void {
    for (const { holds } of this.#operators.values()) {
      for (const [partition, hold] of holds) if (hold.thread === thread) holds.delete(partition)
    }
  }

  #snapshotDue(state: Operator, time: number): boolean {
    let since = 0
    for (const version of state.versions.keys()) if (version > (state.lastSnapshotAt ?? 0) && version <= time) since++
    return since >= this.#interval || state.lastSnapshotAt === time
  }

  #recipe(state: Operator, operator: number, partition: number, previous: number): StatePlan['rebuild'] {
    const snapshot = state.snapshots.get(partition)?.findLast(({ time }) => time <= previous)
    const replay = [...state.versions.values()]
      .filter((rdd) => rdd.time > (snapshot?.time ?? Number.NEGATIVE_INFINITY) && rdd.time <= previous)
      .sort((a, b) => a.time - b.time)
    const first = replay[0]
    const reachesBack = first === undefined ? snapshot?.time === previous : first.previous === snapshot?.time
    if (!reachesBack) {
      throw new BlockLostError(`State partition ${partition} of stream ${operator} cannot be rebuilt at ${previous} ms: versions before ${first?.time ?? previous} ms are gone.`, {
        operator,
        partition,
        version: previous,
      })
    }
    return { snapshot: snapshot?.block, replay }
  }

  #of(operator: number): Operator {
    let state = this.#operators.get(operator)
    if (!state) {
      state = { versions: new Map(), holds: new Map(), snapshots: new Map(), lastSnapshotAt: undefined }
      this.#operators.set(operator, state)
    }
    return state
  }
}
