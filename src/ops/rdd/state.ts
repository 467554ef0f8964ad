import type { Partitioner, Planner, StatefulDataset } from '../dataset.js'
import type { Plan, StateOperator, VersionWatermarks } from '../plan.js'
import type { RddContext } from './context.js'
import { Rdd } from './rdd.js'

export interface StateRddOptions {
  /** The number of the stream that keeps the state. */
  readonly operator: number
  readonly time: number
  /** The version before this one; undefined at the start of the stream. */
  readonly previous: number | undefined
  /** The changes since that version: groups of RDDs, all partitioned by `partitioner`. */
  readonly changes: readonly (readonly Rdd<unknown>[])[]
  readonly partitioner: Partitioner
  readonly how: StateOperator
  /** Whether to search for keys whose timeout has passed. */
  readonly scan?: boolean
  /** The watermarks of state by event time. */
  readonly watermarks?: VersionWatermarks
  readonly label: string
}

/** The records of a version: its pairs, the output of its function, its late records, or none. */
type Emit = (Plan & { op: 'state' })['emit']

/**
 * A version of keyed state: the previous version, changed by the batch. It refers to the previous version only by time,
 * so the lineage does not grow with the stream. The engine keeps what a rebuild needs.
 */
export class StateRdd<T> extends Rdd<T> implements StatefulDataset {
  readonly partitions: number
  readonly operator: number
  readonly time: number
  readonly previous: number | undefined
  readonly scan: boolean
  readonly watermarks: VersionWatermarks | undefined
  readonly how: StateOperator
  readonly emit: Emit
  readonly #options: StateRddOptions

  constructor(context: RddContext, options: StateRddOptions, emit: Emit = 'entries') {
    const dependencies = options.changes.flat().map((rdd) => ({ kind: 'narrow', rdd }) as const)
    // Only the entries of the state are partitioned by key; a mapped record may have any key.
    super(context, options.label, dependencies, emit === 'entries' ? options.partitioner : undefined)
    this.#options = options
    this.how = options.how
    this.emit = emit
    this.operator = options.operator
    this.time = options.time
    this.previous = options.previous
    this.scan = options.scan ?? false
    this.watermarks = options.watermarks
    this.partitions = options.partitioner.partitions
  }

  changes(partition: number, planner: Planner): Plan[][] {
    return this.#options.changes.map((group) => group.map((rdd) => planner.of(rdd, partition)))
  }

  protected describe(partition: number, planner: Planner): Plan {
    const input = planner.state({ partition, rdd: this })
    const { how: operator, emit, label } = this
    return { op: 'state', input, operator, changes: this.changes(partition, planner), emit, label }
  }

  /** Returns the same version with the pairs of the state as its records. */
  entries<E>(): StateRdd<E> {
    return new StateRdd<E>(this.context, this.#options, 'entries')
  }

  /** Returns the same version without records, for a job that only computes the state. */
  made(): StateRdd<never> {
    return new StateRdd<never>(this.context, this.#options, 'nothing')
  }

  /** Returns the same version with the late records as its records. */
  late<L>(): StateRdd<L> {
    return new StateRdd<L>(this.context, this.#options, 'late')
  }
}
