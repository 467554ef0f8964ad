import type { StateVersions } from '../engine/engine.js'
import type { SnapshotRows } from '../engine/state/snapshot-chain.js'
import type { DriverBlocks } from '../engine/storage/driver-blocks.js'
import type { StatefulDataset } from '../ops/dataset.js'
import type { BlockHandle } from '../pool/blocks/handle.js'
import type { StateSize } from '../pool/protocol.js'

/** Versions that the next one may continue: the newest, and the one before it if the newest is dropped. */
const CONTINUED = 2

/** A version of an operator's state. */
interface Version {
  /** The RDD whose partitions are chains of snapshots; undefined for a version of an earlier process. */
  readonly rdd: number | undefined
  readonly partitions: number
  /** Partitions that a task has computed. */
  readonly made: Set<number>
  /** The blocks of a version of an earlier process, in the driver, by partition. */
  readonly restored: SnapshotRows[]
}

interface Operator {
  /** By batch time, ascending. */
  readonly versions: Map<number, Version>
  /** Versions since the last one that Spark stores durably, skipped ones included. */
  since: number
}

export interface StateBookOptions {
  /** Versions between two that are stored durably. */
  readonly interval: number
  /** Says for how many ms batches may still read old versions of an operator's state. */
  readonly retention: { rememberDuration(operator: number): number }
  /** Keeps blocks of an earlier process. */
  readonly blocks: Pick<DriverBlocks, 'keep' | 'release'>
}

/** The consequences of a new version. */
export interface EnteredVersion {
  /** Whether Spark must store the version durably, which ends its lineage. */
  readonly isCheckpoint: boolean
  /** RDDs of versions that nothing reads any more. */
  readonly unused: readonly number[]
}

/** The versions of keyed state that the cluster has, by stream and batch time. */
export class StateBook implements StateVersions {
  /**
   * Names the state of this application. Numbers of streams and times of versions are the same in other applications, and an executor may
   * have had tasks of several.
   */
  readonly application = crypto.randomUUID()
  saving = false
  readonly #options: StateBookOptions
  readonly #operators = new Map<number, Operator>()
  /** RDDs of dropped versions. */
  #dropped: number[] = []

  constructor(options: StateBookOptions) {
    this.#options = options
  }

  /** Returns the RDD of a version; undefined if there is none. */
  find(operator: number, time: number): number | undefined {
    return this.#operators.get(operator)?.versions.get(time)?.rdd
  }

  /** Returns the blocks of a version of an earlier process, by partition; undefined for other versions. */
  restoredRows(operator: number, time: number): readonly SnapshotRows[] | undefined {
    const version = this.#operators.get(operator)?.versions.get(time)
    return version && version.rdd === undefined ? version.restored : undefined
  }

  enter({ operator: number, time, previous, partitions }: StatefulDataset, rdd: number): EnteredVersion {
    const { interval, retention } = this.#options
    const operator = this.#operator(number)
    const { versions } = operator
    versions.set(time, { rdd, partitions, made: new Set(), restored: [] })
    // Spark must not compute it from blocks of the driver again, which are freed soon.
    const isFirst = previous !== undefined && this.restoredRows(number, previous) !== undefined
    const isCheckpoint = ++operator.since >= interval || isFirst
    if (isCheckpoint) operator.since = 0
    const horizon = time - retention.rememberDuration(number)
    const unused = this.#dropped
    this.#dropped = []
    for (const past of [...versions.keys()].slice(0, -CONTINUED)) {
      if (past > horizon) continue
      const old = versions.get(past)!
      if (old.rdd !== undefined) unused.push(old.rdd)
      for (const block of blocksOf(old)) this.#options.blocks.release(block.id)
      versions.delete(past)
    }
    return { isCheckpoint, unused }
  }

  made({ operator, version, partition }: StateSize): void {
    this.#operators.get(operator)?.versions.get(version)?.made.add(partition)
  }

  /** Drops the version of a skipped batch. */
  drop(operator: number, time: number): void {
    const known = this.#operators.get(operator)
    if (!known) return
    known.since++
    const version = known.versions.get(time)
    if (!version) return
    known.versions.delete(time)
    if (version.rdd !== undefined) this.#dropped.push(version.rdd)
  }

  unmade(operator: number, version: number, partitions: number): number[] {
    const made = this.#operators.get(operator)?.versions.get(version)?.made
    return Array.from({ length: partitions }, (_, partition) => partition).filter((each) => !made?.has(each))
  }

  /** Bytes and snapshots are Spark's: its page shows them. */
  sizes(): ReturnType<StateVersions['sizes']> {
    return [...this.#operators].map(([operator, { versions }]) => {
      const [version, newest] = [...versions].at(-1) ?? []
      return { operator, partitions: newest?.partitions ?? 0, version, snapshot: version, keys: 0, bytes: 0 }
    })
  }

  /** Registers a version of an earlier process. The driver has written its blocks again, and serves them to the tasks of the next version. */
  restore(number: number, partition: number, version: number, rows: SnapshotRows): void {
    const { versions } = this.#operator(number)
    const known = versions.get(version) ?? { rdd: undefined, partitions: 0, made: new Set(), restored: [] }
    const restored = [...known.restored]
    restored[partition] = rows
    versions.set(version, { ...known, partitions: restored.length, restored })
    for (const { block } of [...rows.keys, ...rows.snapshots]) this.#options.blocks.keep(block)
  }

  #operator(number: number): Operator {
    const known = this.#operators.get(number)
    if (known) return known
    // Different start values distribute the writes of several operators over batches.
    const operator = { versions: new Map<number, Version>(), since: number % this.#options.interval }
    this.#operators.set(number, operator)
    return operator
  }
}

function blocksOf({ restored }: Version): BlockHandle[] {
  return restored.flatMap(({ keys, snapshots }) => [...keys, ...snapshots].map(({ block }) => block))
}
