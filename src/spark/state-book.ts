import type { StateVersions } from '../engine/engine.js'
import type { StatefulDataset } from '../ops/dataset.js'
import type { StateSize } from '../pool/protocol.js'
import { unsupported } from './unsupported.js'

/** Versions that the next one may continue: the newest, and the one before it if the newest is dropped. */
const CONTINUED = 2

/** A version of an operator's state: an RDD whose partitions are chains of snapshots. */
interface Version {
  readonly rdd: number
  readonly partitions: number
  /** Partitions that a task has computed. */
  readonly made: Set<number>
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

  enter({ operator: number, time, partitions }: StatefulDataset, rdd: number): EnteredVersion {
    const { interval, retention } = this.#options
    const operator = this.#operator(number)
    const { versions } = operator
    versions.set(time, { rdd, partitions, made: new Set() })
    const isCheckpoint = ++operator.since >= interval
    if (isCheckpoint) operator.since = 0
    const horizon = time - retention.rememberDuration(number)
    const old = [...versions.keys()].slice(0, -CONTINUED).filter((past) => past <= horizon)
    const unused = [...this.#dropped, ...old.map((past) => versions.get(past)!.rdd)]
    for (const past of old) versions.delete(past)
    this.#dropped = []
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
    this.#dropped.push(version.rdd)
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

  restore(): never {
    throw unsupported('a checkpoint')
  }

  saved(): never {
    throw unsupported('a checkpoint')
  }

  unsaved(): never {
    throw unsupported('a checkpoint')
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
